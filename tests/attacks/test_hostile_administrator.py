"""The administrator of a directory, who can write into it whatever they like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.models import (
    Connection,
    DomainAlias,
    EnabledConnection,
    Event,
    Identity,
)
from azuread_connections.models import Directory as OurDirectory
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Directory
from azuread_connections.testing.directory.directories import Person as TheirPerson
from tests.company import Company, move_to
from tests.factories import (
    ApplicationFactory,
    ConnectionFactory,
    EnabledConnectionFactory,
    IdentityFactory,
    UserFactory,
)

from .catalogue import Attacker, Standing, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.ADMINISTRATOR)]

VICTIM = "victim@fabrikam.com"
MEMBER = "victim@contoso.com"
GUID = "11112222-bbbb-3333-cccc-4444dddd5555"

BY_KEY = "a person is the triple of cloud, directory ID and object ID, never a name"
OWN_DOMAIN = "names and addresses are believed in the connection's own, proven domain only"
MEMBERS_ONLY = "a guest gets no name or address of the domain, and is linked to nobody"
UNPRIVILEGED = "linking takes one active user without rights of their own, whom nobody has"


def user(name: str, **fields: Any) -> User:
    """Somebody who was here before, with a right that is worth having."""
    made: User = UserFactory.create(username=name, email=name if "@" in name else "", **fields)
    made.groups.add(Group.objects.get_or_create(name="powers")[0])
    made.groups.get().permissions.add(Permission.objects.get(codename="delete_user"))
    return made


# --- nOAuth: an address as a claim to somebody's account ------------------------------------------


@attack(
    wants="the account of somebody of another company, by giving a person their address (nOAuth)",
    stopped_by=f"{BY_KEY}; {OWN_DOMAIN}",
)
@pytest.mark.parametrize("linking", [False, True], ids=["linking off", "linking on"])
@pytest.mark.parametrize("which", ["contoso", "fabrikam"], ids=["v2.0", "v1.0"])
@pytest.mark.parametrize("claim", ["email", "upn", "preferred_username", "unique_name", "all"])
def test_noauth(
    request: pytest.FixtureRequest, client: Client, claim: str, which: str, linking: bool
) -> None:
    company: Company = request.getfixturevalue(which)
    Connection.objects.update(link_by_email=linking)
    address = "victim@northwindtraders.com"
    user(address)
    names = ["email", "upn", "preferred_username"] if claim == "all" else [claim]
    attacker = company.directory.add_person(
        "Megan Bowen", mail=None, claims=dict.fromkeys(names, address)
    )
    before = Standing.now()
    own = before.assert_only_own_account(company.sign_in(client, attacker))
    assert address not in (own.username, own.email)


@attack(
    wants="an address vouched for that Microsoft vouched for in no claim, or in another one",
    stopped_by="`xms_edov` vouches for the claim `email` alone",
)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email": VICTIM, "xms_edov": "yes"}, id="another word"),
        pytest.param({"email": VICTIM, "xms_edov": [1]}, id="a list"),
        pytest.param({"email": VICTIM, "xms_edov": {}}, id="an object"),
        pytest.param({"email": VICTIM, "email_verified": True}, id="another claim"),
        pytest.param({"preferred_username": VICTIM, "xms_edov": True}, id="no email"),
        pytest.param(
            {"email": "x", "preferred_username": VICTIM, "xms_edov": True},
            id="email is no address",
        ),
    ],
)
def test_an_address_that_nobody_vouched_for(
    contoso: Company, client: Client, claims: dict[str, Any]
) -> None:
    user(VICTIM)
    attacker = contoso.directory.add_person("Megan Bowen", mail=None, claims=claims)
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker))
    assert VICTIM not in (own.username, own.email)


@attack(
    wants="somebody's address, by one of theirs that becomes it where the column cuts it off",
    stopped_by="an address that does not fit its column is not written",
)
def test_an_address_that_is_another_one_when_cut(contoso: Company, client: Client) -> None:
    column = User._meta.get_field("email").max_length
    victims = f"{'v' * (column - len('@fabrikam.com'))}@fabrikam.com"
    claims = {"email": f"{victims}.northwindtraders.com", "xms_edov": True}
    attacker = contoso.directory.add_person("Megan Bowen", mail=None, claims=claims)
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker))
    assert own.email == ""


# --- Guests and successors ------------------------------------------------------------------------


@pytest.fixture
def guest(contoso: Company, microsoft: StandIn) -> TheirPerson:
    home = microsoft.add_directory("fabrikam.com")
    return contoso.directory.add_person("Diego Siciliani", guest=True, home=home)


@attack(wants="a member's account, as a guest with the member's name", stopped_by=MEMBERS_ONLY)
@pytest.mark.parametrize("linking", [False, True], ids=["linking off", "linking on"])
@pytest.mark.parametrize("claim", ["email", "upn", "preferred_username"])
def test_a_guest_with_a_members_name(
    contoso: Company, guest: TheirPerson, client: Client, claim: str, linking: bool
) -> None:
    Connection.objects.update(link_by_email=linking)
    UserFactory.create(username="member", email=MEMBER)
    guest.claims[claim] = MEMBER
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, guest))
    assert MEMBER not in (own.username, own.email)


@attack(
    wants="to come in as a guest where guests are kept out",
    stopped_by="a guest is known by `acct`, by a foreign `idp` and by the name, each alone",
)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"acct": 1}, id="acct 1"),
        pytest.param({"acct": "1"}, id="acct as text"),
        pytest.param({"acct": 0, "idp": f"https://sts.windows.net/{GUID}/"}, id="idp elsewhere"),
        pytest.param({"acct": 0, "idp": "mail"}, id="idp mail"),
        pytest.param({"acct": 0, "idp": ["x"]}, id="idp a list"),
        pytest.param({"preferred_username": "d_x.com#ext#@contoso.com"}, id="name"),
        pytest.param({"upn": "d_x.com#EXT#@contoso.com"}, id="upn"),
    ],
)
def test_a_guest_who_looks_like_a_member(
    contoso: Company, client: Client, claims: dict[str, Any]
) -> None:
    Connection.objects.update(allow_guests=False)
    contoso.person.claims.update(claims)
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 403, "user_refused")


@attack(wants="a leaver's account and rights, with the leaver's UPN", stopped_by=BY_KEY)
@pytest.mark.parametrize("linking", [False, True], ids=["linking off", "linking on"])
def test_a_recycled_upn(contoso: Company, client: Client, linking: bool) -> None:
    contoso.sign_in(Client())
    leaver = User.objects.get()
    leaver.groups.add(Group.objects.create(name="powers"))
    contoso.directory.people.remove(contoso.person)
    successor = contoso.directory.add_person("Adele Vance", upn=contoso.person.upn)
    Connection.objects.update(link_by_email=linking)
    before = Standing.now()
    response = contoso.sign_in(client, successor)
    if linking:  # two people with one address: a human has to look
        before.assert_stopped(response, 403, "user_refused")
    else:
        assert before.assert_only_own_account(response).username != leaver.username


@attack(wants="somebody's account, with their object ID in another directory", stopped_by=BY_KEY)
def test_the_same_object_id_in_another_directory(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    contoso.sign_in(Client())
    twin = fabrikam.directory.add_person("Adele Vance", object_id=contoso.person.object_id)
    before = Standing.now()
    before.assert_only_own_account(fabrikam.sign_in(client, twin))


@attack(wants="somebody's account, with their IDs in another cloud", stopped_by=BY_KEY)
def test_the_same_ids_in_another_cloud(contoso: Company, client: Client) -> None:
    IdentityFactory.create(
        user=user(MEMBER),
        cloud="usgov",
        tenant_id=contoso.directory.tenant_id,
        object_id=contoso.person.object_id,
    )
    before = Standing.now()
    before.assert_only_own_account(contoso.sign_in(client))


# --- Squatting ------------------------------------------------------------------------------------


@attack(
    wants="a name or an address that belongs to another directory, before its owner comes",
    stopped_by=OWN_DOMAIN,
)
@pytest.mark.parametrize("claim", ["email", "upn", "preferred_username"])
@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param("boss@contoso.com", id="the connection's own domain"),
        pytest.param(VICTIM, id="another company's domain"),
        pytest.param("root", id="no address"),
    ],
)
def test_squatting_from_a_foreign_directory(
    everybody: Company, northwind: Directory, client: Client, claim: str, wanted: str
) -> None:
    squatter = northwind.add_person("Patti Fernandez", mail=None, claims={claim: wanted})
    before = Standing.now()
    own = before.assert_only_own_account(everybody.sign_in(client, squatter))
    assert own.username == f"{squatter.object_id}@{northwind.tenant_id}"
    assert own.email == ""


@attack(
    wants="the account of a local user whose name they give to one of their people",
    stopped_by="a name that somebody has is left to them, however it is written",
)
@pytest.mark.parametrize("taken", ["boss@contoso.com", "BOSS@Contoso.com"])
def test_a_name_that_somebody_has(contoso: Company, client: Client, taken: str) -> None:
    user(taken, is_superuser=True, is_staff=True)
    attacker = contoso.directory.add_person("Boss", upn="boss@contoso.com")
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker))
    assert own.username == f"{attacker.object_id}@{contoso.directory.tenant_id}"


@attack(
    wants="a name that nobody can tell from a colleague's, by characters that nobody sees",
    stopped_by="invisible characters are removed before a name is compared or stored",
)
@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u2060", "\ufeff", "\u202e", "\u00ad", "\u200d"], ids=ascii
)
@pytest.mark.parametrize("claim", ["upn", "preferred_username", "email"])
def test_a_name_that_looks_like_somebodys(
    contoso: Company, client: Client, claim: str, hidden: str
) -> None:
    user("boss@contoso.com", is_superuser=True, is_staff=True)
    claims = dict.fromkeys(("upn", "preferred_username", "email"))
    attacker = contoso.directory.add_person(
        "Boss",
        mail=None,
        claims=claims | {claim: f"bo{hidden}ss@contoso.com", "name": f"Bo{hidden}ss"},
    )
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker))
    assert own.username == f"{attacker.object_id}@{contoso.directory.tenant_id}"
    stored = Identity.objects.get(object_id=attacker.object_id)
    assert hidden not in f"{stored.login_name}{stored.profile}{own.get_full_name()}{own.email}"


@attack(
    wants="names of a domain that the connection's form merely claims",
    stopped_by="a domain is believed when Microsoft has answered that it is the directory's",
)
@pytest.mark.parametrize("leads", ["elsewhere", "nowhere", "unreachable"])
def test_a_domain_that_is_not_the_directorys(
    contoso: Company, microsoft: StandIn, client: Client, leads: str
) -> None:
    if leads == "elsewhere":
        microsoft.add_directory("fabrikam.com")
    if leads == "unreachable":
        microsoft.fault("discovery", status=503)
    Connection.objects.update(link_by_email=True)
    move_to(Connection.objects.get(), "fabrikam.com")
    user(VICTIM)
    names = dict.fromkeys(["email", "upn", "preferred_username"], VICTIM)
    attacker = contoso.directory.add_person("Megan Bowen", mail=None, claims=names)
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker))
    assert VICTIM not in (own.username, own.email)


# --- Domains that are no longer theirs, or never were ---------------------------------------------

PROOF_ENDS = "Microsoft is asked again: at linking, each day, at a save and a check"
NOT_PROVEN = "an alias is a signpost until Microsoft has answered that it is the directory's"
ONE_OWNER = "a domain that a connection of another directory has verified is not relied on"


def age_proofs() -> None:
    DomainAlias.objects.update(checked_at=timezone.now() - timedelta(days=2))


@attack(
    wants="an account by its address, in a domain that has moved to another directory",
    stopped_by=PROOF_ENDS,
)
@pytest.mark.parametrize("known_for", ["a moment", "days"])
def test_a_former_directory_takes_an_account_by_email(
    contoso: Company, microsoft: StandIn, client: Client, known_for: str
) -> None:
    Connection.objects.update(link_by_email=True)
    UserFactory.create(username="local", email=MEMBER)
    microsoft.move_domain("contoso.com", microsoft.add_directory("fabrikam.com"))
    if known_for == "days":
        age_proofs()
    attacker = contoso.directory.add_person("Megan Bowen", mail=MEMBER)
    before = Standing.now()
    before.assert_only_own_account(contoso.sign_in(client, attacker), withdrawn=1)


@attack(
    wants="an account by its address while nobody can find out that the domain has moved",
    stopped_by="where Microsoft cannot be asked, nobody is linked",
)
def test_a_former_directory_while_microsoft_cannot_be_asked(
    contoso: Company, microsoft: StandIn, client: Client
) -> None:
    Connection.objects.update(link_by_email=True)
    UserFactory.create(username="local", email=MEMBER)
    microsoft.fault("discovery", status=503, times=None)
    attacker = contoso.directory.add_person("Megan Bowen", mail=MEMBER)
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client, attacker), 503, "microsoft_unreachable")


@attack(
    wants="names and addresses in a domain that has moved to another directory",
    stopped_by=PROOF_ENDS,
)
@pytest.mark.parametrize("claim", ["email", "upn", "preferred_username"])
def test_a_former_directory_gives_names(
    contoso: Company, microsoft: StandIn, client: Client, claim: str
) -> None:
    microsoft.move_domain("contoso.com", microsoft.add_directory("fabrikam.com"))
    age_proofs()
    attacker = contoso.directory.add_person(
        "Megan Bowen", upn="megan@example.com", mail=None, claims={claim: MEMBER}
    )
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker), withdrawn=1)
    assert MEMBER not in (own.username, own.email)


@attack(
    wants="an account, a name or an address by an alias that is not the directory's",
    stopped_by=NOT_PROVEN,
)
@pytest.mark.parametrize("leads", ["elsewhere", "nowhere", "unreachable"])
@pytest.mark.parametrize("claim", ["email", "upn", "preferred_username"])
def test_an_alias_that_is_not_verified(
    contoso: Company, microsoft: StandIn, client: Client, claim: str, leads: str
) -> None:
    Connection.objects.update(link_by_email=True)
    contoso.connection.aliases.create(domain="fabrikam.com")
    if leads == "elsewhere":
        microsoft.add_directory("fabrikam.com")
    if leads == "unreachable":
        microsoft.fault("discovery", status=503)
    UserFactory.create(username="local", email=VICTIM)
    attacker = contoso.directory.add_person("Megan Bowen", mail=None, claims={claim: VICTIM})
    before = Standing.now()
    own = before.assert_only_own_account(contoso.sign_in(client, attacker))
    assert VICTIM not in (own.username, own.email)


@attack(
    wants="an account of another customer, by a connection of their own with that domain",
    stopped_by=f"{NOT_PROVEN}; {ONE_OWNER}",
)
@pytest.mark.parametrize("proof", ["none", "stale", "both"])
def test_the_domain_at_a_second_connection(
    contoso: Company, fabrikam: Company, client: Client, proof: str
) -> None:
    Connection.objects.update(link_by_email=True)
    UserFactory.create(username="local", email=MEMBER)
    alias = fabrikam.connection.aliases.create(domain="contoso.com")
    if proof != "none":
        fabrikam.connection.aliases.mark_verified(fabrikam.directory.tenant_id)
    if proof == "stale":
        contoso.connection.aliases.forget_proofs()
    attacker = fabrikam.directory.add_person("Diego Siciliani", claims={"email": MEMBER})
    before = Standing.now()
    fabrikam.connection.refresh_from_db()
    response = fabrikam.sign_in(client, attacker)
    own = before.assert_only_own_account(response, withdrawn=int(proof == "stale"))
    assert MEMBER not in (own.username, own.email)
    alias.refresh_from_db()
    assert not DomainAlias.objects.trusted().filter(pk=alias.pk).exists()


# --- Linking by email, switched on ----------------------------------------------------------------


@pytest.fixture
def linking(contoso: Company) -> Company:
    Connection.objects.update(link_by_email=True)
    return contoso


@attack(wants="a powerful user of the site, by linking to their address", stopped_by=UNPRIVILEGED)
@pytest.mark.parametrize(
    "why", ["staff", "superuser", "permission", "group", "inactive", "tied", "two"]
)
def test_users_who_must_not_be_linked(linking: Company, client: Client, why: str) -> None:
    local = UserFactory.create(
        username="local",
        email=linking.person.mail,
        is_staff=why == "staff",
        is_superuser=why == "superuser",
        is_active=why != "inactive",
    )
    if why == "permission":
        local.user_permissions.add(Permission.objects.get(codename="delete_user"))
    if why == "group":
        powers = Group.objects.create(name="powers")
        powers.permissions.add(Permission.objects.get(codename="delete_user"))
        local.groups.add(powers)
    if why == "tied":
        IdentityFactory.create(user=local)
    if why == "two":
        UserFactory.create(username="other", email=linking.person.mail)
    before = Standing.now()
    before.assert_stopped(linking.sign_in(client), 403, "user_refused")


@attack(
    wants="a user with an address that is not the directory's, by linking",
    stopped_by="the claim `email`, its domain the connection's or an alias, the directory pinned",
)
@pytest.mark.parametrize(
    ("victims", "claims"),
    [
        pytest.param(VICTIM, {"email": VICTIM}, id="another domain"),
        pytest.param(MEMBER, {"upn": MEMBER}, id="the UPN"),
        pytest.param(MEMBER, {"preferred_username": MEMBER}, id="the sign-in name"),
        pytest.param("a@x.contoso.com", {"email": "a@x.contoso.com"}, id="a subdomain"),
        pytest.param("a@evilcontoso.com", {"email": "a@evilcontoso.com"}, id="a longer domain"),
        pytest.param("víctim@contoso.com", {"email": MEMBER}, id="another letter"),
        pytest.param("", {"email": ""}, id="no address"),
    ],
)
def test_addresses_that_link_to_nobody(
    linking: Company, client: Client, victims: str, claims: dict[str, str]
) -> None:
    UserFactory.create(username="local", email=victims)
    attacker = linking.directory.add_person("Megan Bowen", mail=None, claims=claims)
    before = Standing.now()
    before.assert_only_own_account(linking.sign_in(client, attacker))


@attack(
    wants="a user of the connection's own directory, by linking from a foreign one",
    stopped_by="the claim `email`, its domain the connection's or an alias, the directory pinned",
)
def test_linking_from_a_foreign_directory(
    everybody: Company, northwind: Directory, client: Client
) -> None:
    Connection.objects.update(link_by_email=True)
    UserFactory.create(username="local", email=MEMBER)
    attacker = northwind.add_person("Patti Fernandez", mail=MEMBER, claims={"xms_edov": False})
    before = Standing.now()
    before.assert_only_own_account(everybody.sign_in(client, attacker))


@attack(
    wants="to go on with the old password in an account that was linked",
    stopped_by="linking ends the password and every session of before",
)
def test_a_password_set_before_the_link(linking: Company, client: Client) -> None:
    local = User.objects.create_user("adele", email=linking.person.mail, password="planted")
    planted = Client()
    assert planted.login(username="adele", password="planted")
    assert linking.sign_in(client).status_code == 302
    assert Identity.objects.get().user == local
    before = Standing.now()
    response = planted.get("/login/profile")
    before.assert_stopped(response, 401, logged="")
    assert not planted.login(username="adele", password="planted")


# --- The common endpoint as the way around a stricter connection ----------------------------------


@attack(wants="to come in by the common endpoint, around a stricter connection")
@pytest.mark.parametrize("policy", ["accept", "hold", "listed"])
@pytest.mark.parametrize("strict", [{"allow_guests": False}, {"create_users": False}, {}])
@attack(stopped_by="a directory that another connection has pinned is refused unless it is listed")
def test_a_directory_of_another_connection(
    everybody: Company, northwind: Directory, client: Client, policy: str, strict: dict[str, bool]
) -> None:
    Connection.objects.update(new_directories=policy)
    ConnectionFactory.create(name="northwind", tenant_id=northwind.tenant_id, **strict)
    before = Standing.now()
    response = everybody.sign_in(client, northwind.add_person("Patti Fernandez"))
    before.assert_stopped(response, 403, "directory_refused")


@attack(
    wants="to stay inside by the common endpoint, around a stricter connection made later",
    stopped_by="what came in by itself is judged by today's pins, also in open sessions",
)
@pytest.mark.parametrize("stored", ["by saving", "by the database"])
def test_a_directory_that_came_before_its_own_connection(
    everybody: Company, northwind: Directory, client: Client, settings: Any, stored: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    patti = northwind.add_person("Patti Fernandez")
    assert everybody.sign_in(client, patti).status_code == 302
    strict = ConnectionFactory.create(name="northwind", create_users=False)
    if stored == "by saving":
        strict.tenant_id = northwind.tenant_id
        strict.save()
    else:
        Connection.objects.filter(pk=strict.pk).update(tenant_id=northwind.tenant_id)
    before = Standing.now()
    before.assert_stopped(client.get("/login/profile"), 401, logged="")
    code = "directory_waiting" if stored == "by saving" else "directory_refused"
    before.assert_stopped(everybody.sign_in(client, patti), 403, code)


@attack(
    wants="to stay inside after the connection's policy has become stricter",
    stopped_by="what came in by itself is judged by today's policy, also in open sessions",
)
@pytest.mark.parametrize(
    ("policy", "code"), [("hold", "directory_waiting"), ("listed", "directory_refused")]
)
def test_a_directory_that_came_under_another_policy(
    everybody: Company, northwind: Directory, client: Client, settings: Any, policy: str, code: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    patti = northwind.add_person("Patti Fernandez")
    assert everybody.sign_in(client, patti).status_code == 302
    Connection.objects.update(new_directories=policy)
    before = Standing.now()
    before.assert_stopped(client.get("/login/profile"), 401, logged="")
    response = everybody.sign_in(client, patti)
    # Only what it had is gone: it waits, or is not let in.
    OurDirectory.objects.filter(tenant_id=northwind.tenant_id).update(status="allowed")
    before.assert_stopped(response, 403, code)


@attack(
    wants="to stay inside after the connection has come to trust another directory",
    stopped_by="people and sessions of the former directory end with the trust",
)
def test_a_directory_that_was_trusted_before(
    everybody: Company, northwind: Directory, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    assert everybody.sign_in(client).status_code == 302
    everybody.connection.tenant_id = northwind.tenant_id
    everybody.connection.save()
    before = Standing.now()
    before.assert_stopped(client.get("/login/profile"), 401, logged="")
    before.assert_stopped(everybody.sign_in(client), 403, "directory_refused")
    # Nor do old sessions begin again with a trust that comes back.
    everybody.connection.tenant_id = everybody.directory.tenant_id
    everybody.connection.save()
    before = Standing.now()
    before.assert_stopped(client.get("/login/profile"), 401, logged="")


@attack(
    wants="to come in by way of DoD, around a stricter connection of US Government",
    stopped_by="pins go by the login host, which the two share",
)
@pytest.mark.parametrize(("pinned", "common"), [("usgov", "dod"), ("dod", "usgov")])
def test_the_twin_of_a_cloud(
    everybody: Company,
    northwind: Directory,
    client: Client,
    governments_cloud: None,
    pinned: str,
    common: str,
) -> None:
    Connection.objects.update(cloud=common)
    ConnectionFactory.create(name="northwind", cloud=pinned, tenant_id=northwind.tenant_id)
    patti = northwind.add_person("Patti Fernandez")
    before = Standing.now()
    before.assert_stopped(everybody.sign_in(client, patti), 403, "directory_refused")


@attack(
    wants="a second account by way of a cloud's twin, after the first one was deactivated",
    stopped_by="a person's key goes by the login host, which US Government and DoD share",
)
def test_one_person_by_both_twins(
    contoso: Company, client: Client, governments_cloud: None
) -> None:
    Connection.objects.update(cloud="usgov")
    assert contoso.sign_in(client).status_code == 302
    User.objects.update(is_active=False)
    Connection.objects.update(cloud="dod")
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(Client()), 403, "user_refused")


@attack(
    wants="to come in from a directory that nobody has let in",
    stopped_by="new directories come in, wait or stay out as the connection says; refused is final",
)
@pytest.mark.parametrize(
    ("policy", "row", "code"),
    [
        pytest.param("hold", "", "directory_waiting", id="held"),
        pytest.param("listed", "", "directory_refused", id="not listed"),
        *(
            pytest.param(policy, "refused", "directory_refused", id=f"refused, {policy}")
            for policy in ("accept", "hold", "listed")
        ),
        *(
            pytest.param(policy, "waiting", "directory_waiting", id=f"waiting, {policy}")
            for policy in ("accept", "hold", "listed")
        ),
    ],
)
def test_a_directory_that_is_not_allowed(
    everybody: Company, northwind: Directory, client: Client, policy: str, row: str, code: str
) -> None:
    Connection.objects.update(new_directories=policy)
    if row:
        everybody.connection.directories.create(tenant_id=northwind.tenant_id, status=row)
    before = Standing.now()
    response = everybody.sign_in(client, northwind.add_person("Patti Fernandez"))
    before.assert_stopped(response, 403, code, waiting=int(policy == "hold" and not row))


@attack(
    wants="to come in with a personal account, which anybody can make",
    stopped_by="personal accounts are let in only where their directory is listed",
)
@pytest.mark.parametrize("policy", ["accept", "hold", "listed"])
def test_a_personal_account(
    everybody: Company, microsoft: StandIn, client: Client, policy: str
) -> None:
    Connection.objects.update(new_directories=policy)
    person = microsoft.add_personal_account("Megan Bowen", mail="megan@outlook.com")
    assert person.directory.tenant_id == PERSONAL_TENANT_ID
    before = Standing.now()
    before.assert_stopped(everybody.sign_in(client, person), 403, "directory_refused")


# --- Whom the connection does not let in ----------------------------------------------------------


def admit_members_only(company: Company) -> None:
    Connection.objects.update(security_groups=True)
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    company.connection.group_mappings.create(directory_group_id=GUID, admits=True)


@attack(wants="to come in where only known people, members of a group or active users may")
@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(
            "known people",
            marks=attack(stopped_by="a connection that creates no users knows who may come"),
        ),
        pytest.param(
            "group",
            marks=attack(stopped_by="membership is decided on the complete list of groups"),
        ),
        pytest.param(
            "deactivated",
            marks=attack(stopped_by="a deactivated user is refused, and gets no second account"),
        ),
        pytest.param(
            "deactivated and renamed",
            marks=attack(stopped_by="a deactivated user is refused, and gets no second account"),
        ),
    ],
)
def test_people_whom_the_policy_refuses(contoso: Company, client: Client, policy: str) -> None:
    if policy == "known people":
        Connection.objects.update(create_users=False)
    elif policy == "group":
        admit_members_only(contoso)
        contoso.directory.add_group("Admitted by name", members=[contoso.person])
    else:
        contoso.sign_in(Client())
        User.objects.update(is_active=False)
        if policy == "deactivated and renamed":
            contoso.person.claims["preferred_username"] = "new.name@contoso.com"
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 403, "user_refused")


@attack(
    wants="to keep rights after the group was taken away, by a list that breaks off",
    stopped_by="the list is complete, or it changes nobody's rights and admits nobody",
)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 403, "body": "{}"}, id="Graph is forbidden"),
        pytest.param({"status": 200, "body": '{"value": [{"id": 1}]}'}, id="a group without ID"),
        pytest.param({"status": 200, "body": '{"value": {}}'}, id="no list"),
        pytest.param({"close": True}, id="broken off"),
    ],
)
def test_groups_that_cannot_be_read_admit_nobody(
    contoso: Company, client: Client, fault: dict[str, Any]
) -> None:
    admit_members_only(contoso)
    contoso.microsoft.fault("groups", times=None, **fault)
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 503, "microsoft_unreachable")
    assert Event.objects.get(kind="groups_incomplete").count == 1


@attack(
    wants="to come in to an application that their connection is not enabled for",
    stopped_by="start and callback both check that the pair of application and connection stands",
)
@pytest.mark.parametrize("when", ["at the start", "meanwhile"])
def test_an_application_that_the_connection_is_not_for(
    contoso: Company, fabrikam: Company, client: Client, when: str
) -> None:
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(application=portal, connection=fabrikam.connection)
    if when == "at the start":
        before = Standing.now()
        response = client.get("/login/contoso/", {"application": "portal"})
    else:
        pair = EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
        url = contoso.start(client, application="portal")
        EnabledConnection.objects.filter(pk=pair.pk).delete()
        before = Standing.now()
        response = contoso.come_back(client, url)
    before.assert_stopped(response, 403, "connection_disabled")
