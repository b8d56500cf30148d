"""The user of a sign-in: names, addresses, and what no directory can take from another."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections import signals
from azuread_connections.login.users import identities
from azuread_connections.models import Connection, Credential, Identity
from azuread_connections.testing import StandIn
from tests.company import Company, error_code
from tests.factories import EnabledConnectionFactory, IdentityFactory, UserFactory
from tests.field_cases import case

pytestmark = pytest.mark.django_db


def signed_in(company: Company, client: Client, **person: Any) -> User:
    """Sign in a person with these claims; return their Django user."""
    claims = person.pop("claims", {})
    who = company.directory.add_person(person.pop("name", "Megan Bowen"), claims=claims, **person)
    response = company.sign_in(client, who)
    assert response.status_code == 302, error_code(response)
    identity = Identity.objects.get(object_id=who.object_id)
    assert isinstance(identity.user, User)
    return identity.user


@pytest.fixture
def linking(contoso: Company) -> Company:
    Connection.objects.update(link_by_email=True)
    return contoso


def assert_refused(response: Any) -> None:
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert not Identity.objects.exists()


F19 = case("F19")


def test_the_same_person_is_the_same_user_whatever_their_names(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    first = User.objects.get()
    contoso.person.claims.update(
        {"name": "Adele Wilber", "preferred_username": "adele.wilber@contoso.com", "email": None}
    )
    contoso.sign_in(Client())
    assert User.objects.get() == first
    assert Identity.objects.get().login_name == "adele.wilber@contoso.com"


@pytest.mark.parametrize("creates", [True, False])
def test_who_is_untied_while_they_sign_in_is_somebody_new(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch, creates: bool
) -> None:
    contoso.sign_in(client)
    find, stale = identities.find, [Identity.objects.select_related("user").get()]
    Identity.objects.all().delete()
    Connection.objects.update(create_users=creates)
    monkeypatch.setattr(identities, "find", lambda who: stale.pop() if stale else find(who))
    answer = contoso.sign_in(Client())
    assert answer.status_code == (302 if creates else 403)
    assert Identity.objects.count() == User.objects.count() - 1 == int(creates)


def test_switching_the_identity_api_keeps_every_user(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    Connection.objects.update(identity_api="v1.0")
    assert contoso.sign_in(Client()).status_code == 302
    assert User.objects.count() == 1


def test_a_recycled_name_is_another_user(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    successor = contoso.directory.add_person("Adele Vance", upn="adele.vance2@contoso.com")
    successor.claims["preferred_username"] = "adele.vance@contoso.com"
    assert contoso.sign_in(Client(), successor).status_code == 302
    assert User.objects.count() == 2
    names = set(User.objects.values_list("username", flat=True))
    assert names == {
        "adele.vance@contoso.com",
        f"{successor.object_id}@{contoso.directory.tenant_id}",
    }


def test_a_username_that_somebody_has_is_left_to_them(contoso: Company, client: Client) -> None:
    """A local account of the same name, in another case, is not taken over."""
    local = UserFactory.create(username="Megan.Bowen@contoso.com", is_superuser=True)
    user = signed_in(contoso, client)
    assert user != local
    assert user.username.endswith(contoso.directory.tenant_id)
    assert not user.is_superuser


@pytest.mark.parametrize("claim", ["upn", "preferred_username", "email"])
def test_a_directory_cannot_give_names_and_addresses_of_another_domain(
    contoso: Company, client: Client, claim: str
) -> None:
    """nOAuth: the attacker's directory says that its person is the victim."""
    victim = UserFactory.create(username="victim@fabrikam.com", email="victim@fabrikam.com")
    user = signed_in(contoso, client, mail=None, claims={claim: "victim@fabrikam.com"})
    assert user != victim
    assert user.email != "victim@fabrikam.com"
    assert user.username != "victim@fabrikam.com"
    profile = Identity.objects.get().profile
    if profile["email"] == "victim@fabrikam.com":
        assert profile["email_verified"] is False


@pytest.mark.parametrize("verified", [True, 1, "1"])
def test_an_address_that_microsoft_vouches_for_is_written(
    contoso: Company, client: Client, verified: object
) -> None:
    claims = {"email": "megan@bowen.example", "xms_edov": verified}
    assert signed_in(contoso, client, claims=claims).email == "megan@bowen.example"


@pytest.mark.parametrize("verified", [False, 0, "0", None, "yes", [], {}])
def test_an_address_that_microsoft_does_not_vouch_for_is_not_written(
    contoso: Company, client: Client, verified: object
) -> None:
    claims = {"email": "megan@bowen.example", "xms_edov": verified}
    assert signed_in(contoso, client, claims=claims).email == ""


def test_vouching_for_the_email_vouches_for_no_other_claim(
    contoso: Company, client: Client
) -> None:
    claims = {"email": "no address", "preferred_username": "a@fabrikam.com", "xms_edov": True}
    assert signed_in(contoso, client, mail=None, claims=claims).email == ""


def test_a_person_without_any_address_can_sign_in(contoso: Company, client: Client) -> None:
    claims = {"email": None, "preferred_username": None, "upn": None}
    user = signed_in(contoso, client, mail=None, claims=claims)
    assert user.email == ""
    assert user.last_name == "Bowen"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"name": "Megan Bowen"}, ("Megan", "Bowen")),
        ({"name": "Megan"}, ("Megan", "")),
        ({"name": "Megan van der Bowen"}, ("Megan", "van der Bowen")),
        ({"name": ""}, ("", "")),
        ({"name": None}, ("", "")),
        ({"name": ["a list"]}, ("", "")),
        ({"name": "Megan\x00 Bowen"}, ("Megan", "Bowen")),
        ({"name": "<b>Megan</b> O'Bowen 🌷"}, ("<b>Megan</b> O'Bowen", "🌷")),
        ({"name": "محمد علي"}, ("محمد", "علي")),
        ({"given_name": "Megan", "family_name": "B" * 400}, ("Megan", "B" * 150)),
    ],
)
def test_names_arrive_whole_or_cut_to_the_column(
    contoso: Company, client: Client, claims: dict[str, Any], expected: tuple[str, str]
) -> None:
    user = signed_in(contoso, client, claims=claims)
    assert (user.first_name, user.last_name) == expected


@pytest.mark.parametrize(
    ("sync", "at_first", "later"),
    [
        ("each_login", ("Megan", "Bowen"), ("Meg", "Bowen-Vance")),
        ("first_login", ("Megan", "Bowen"), ("Megan", "Bowen")),
        ("never", ("", ""), ("", "")),
    ],
)
def test_the_profile_is_synced_when_the_connection_says(
    contoso: Company, client: Client, sync: str, at_first: object, later: object
) -> None:
    Connection.objects.update(sync_profile=sync)
    contoso.person.claims.update(given_name="Megan", family_name="Bowen")
    contoso.sign_in(client)
    user = User.objects.get()
    assert (user.first_name, user.last_name) == at_first
    contoso.person.claims.update(given_name="Meg", family_name="Bowen-Vance")
    contoso.sign_in(Client())
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == later


def test_a_sync_writes_and_reports_only_what_differs(contoso: Company, client: Client) -> None:
    told: list[list[str]] = []

    def listen(changed: list[str], **kwargs: Any) -> None:
        told.append(changed)

    contoso.sign_in(client)
    User.objects.update(is_staff=True)
    contoso.person.claims.update(given_name="Adele", family_name="Wilber")
    signals.profile_synced.connect(listen)
    try:
        contoso.sign_in(Client())
        contoso.sign_in(Client())
    finally:
        signals.profile_synced.disconnect(listen)
    assert told == [["last_name"]]
    assert User.objects.get().is_staff


def test_a_deactivated_user_is_refused_and_not_created_again(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    User.objects.update(is_active=False)
    response = contoso.sign_in(Client())
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert User.objects.count() == 1


def test_a_person_of_two_connections_to_one_directory_is_one_user(
    contoso: Company, client: Client, application: Any
) -> None:
    second_app = contoso.directory.add_app(redirect_uris=["http://testserver/login/callback"])
    second = Connection.objects.create(
        name="contoso-second",
        domain="contoso.com",
        tenant_id=contoso.directory.tenant_id,
        client_id=second_app.client_id,
    )
    Credential.objects.create(connection=second, value=second_app.secrets[0].value)
    EnabledConnectionFactory.create(application=application, connection=second)
    contoso.sign_in(client)
    contoso.connection = second
    contoso.sign_in(Client())
    assert Identity.objects.get().connection == second
    assert User.objects.count() == 1


def test_the_same_object_id_in_another_directory_or_cloud_is_another_person(
    contoso: Company, client: Client
) -> None:
    key = {"tenant_id": contoso.directory.tenant_id, "object_id": contoso.person.object_id}
    IdentityFactory.create(object_id=contoso.person.object_id)
    IdentityFactory.create(cloud=Connection.Cloud.CHINA, **key)
    contoso.sign_in(client)
    assert Identity.objects.count() == 3
    assert User.objects.count() == 3


@pytest.mark.parametrize("clouds", [("usgov", "dod"), ("dod", "usgov")])
def test_us_government_and_dod_know_the_same_people(
    contoso: Company, client: Client, governments_cloud: None, clouds: tuple[str, str]
) -> None:
    """They share one login host, and so their directories."""
    for cloud in clouds:
        Connection.objects.update(cloud=cloud)
        assert contoso.sign_in(Client()).status_code == 302
    assert Identity.objects.get().cloud == "usgov"
    assert User.objects.count() == 1


def test_an_identity_tied_by_hand_signs_in_as_that_user(contoso: Company, client: Client) -> None:
    staff = UserFactory.create(username="staff", is_staff=True)
    IdentityFactory.create(
        user=staff, tenant_id=contoso.directory.tenant_id, object_id=contoso.person.object_id
    )
    contoso.sign_in(client)
    assert client.session["_auth_user_id"] == str(staff.pk)
    assert User.objects.count() == 1


def test_a_receiver_that_refuses_a_new_user_leaves_nothing_behind(
    contoso: Company, client: Client
) -> None:
    def refuse(**kwargs: Any) -> None:
        raise RuntimeError("no more seats")

    signals.user_created.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            contoso.sign_in(client)
    finally:
        signals.user_created.disconnect(refuse)
    assert not User.objects.exists()
    assert not Identity.objects.exists()


def username_from_claims(claims: Any, connection: Connection) -> str:
    return f"{connection.name}-{claims.object_id[:8]}"


def test_the_site_may_make_usernames_itself(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {
        "USERNAME_FUNCTION": "tests.login.users.test_resolution.username_from_claims"
    }
    contoso.sign_in(client)
    assert User.objects.get().username == f"contoso-{contoso.person.object_id[:8]}"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["email", "preferred_username", "upn"], "mail@contoso.com"),
        (["upn", "email"], "upn@contoso.com"),
        (["preferred_username"], "preferred@contoso.com"),
        (["nothing"], ""),
        ([], ""),
    ],
)
def test_the_address_is_looked_for_in_the_order_of_the_setting(
    contoso: Company, client: Client, settings: Any, order: list[str], expected: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"EMAIL_CLAIMS": order}
    claims = {
        "email": "mail@contoso.com",
        "preferred_username": "preferred@contoso.com",
        "upn": "upn@contoso.com",
    }
    assert signed_in(contoso, client, claims=claims).email == expected
    assert Identity.objects.get().profile["email"] == expected


def test_a_long_name_is_cut_for_the_log(contoso, client):
    contoso.person.claims.update(preferred_username="a" * 300 + "@contoso.com")
    contoso.sign_in(client)
    assert len(Identity.objects.get().login_name) == 254


def test_without_creation_only_known_people_come_in(contoso: Company, client: Client) -> None:
    Connection.objects.update(create_users=False)
    assert_refused(contoso.sign_in(client))
    assert not User.objects.exists()
    IdentityFactory.create(
        tenant_id=contoso.directory.tenant_id, object_id=contoso.person.object_id
    )
    assert contoso.sign_in(client).status_code == 302


@pytest.mark.parametrize("allowed", [True, False])
def test_guests_come_in_only_where_they_are_let(
    contoso: Company, microsoft: StandIn, client: Client, allowed: bool
) -> None:
    Connection.objects.update(allow_guests=allowed)
    fabrikam = microsoft.add_directory("fabrikam.com")
    guest = contoso.directory.add_person("Diego Siciliani", guest=True, home=fabrikam)
    response = contoso.sign_in(client, guest)
    if allowed:
        assert response.status_code == 302
        assert "@fabrikam.com" not in User.objects.get().username
    else:
        assert_refused(response)


@pytest.mark.parametrize("acct", [1, "1"])
def test_a_guest_is_known_by_the_acct_claim_too(
    contoso: Company, client: Client, acct: object
) -> None:
    Connection.objects.update(allow_guests=False)
    contoso.person.claims["acct"] = acct
    assert_refused(contoso.sign_in(client))
    contoso.person.claims["acct"] = 0
    assert contoso.sign_in(client).status_code == 302


def test_a_guest_with_a_members_name_gets_no_account_of_theirs(
    linking: Company, microsoft: StandIn, client: Client
) -> None:
    victim = UserFactory.create(username="victim", email="victim@contoso.com")
    fabrikam = microsoft.add_directory("fabrikam.com")
    guest = linking.directory.add_person("Diego Siciliani", guest=True, home=fabrikam)
    guest.claims["email"] = "victim@contoso.com"
    assert linking.sign_in(client, guest).status_code == 302
    assert Identity.objects.get().user != victim


@pytest.mark.parametrize("idp", [*F19["v2 token with idp"], *F19["v1 token with idp"]])
@pytest.mark.parametrize("api", ["v1.0", "v2.0"])
def test_an_idp_that_is_the_own_directory_does_not_make_a_guest(
    contoso: Company, client: Client, api: str, idp: str | None
) -> None:
    Connection.objects.update(allow_guests=False, identity_api=api)
    # In the stand-in's place: its directory, and its host for v2.0's issuer.
    if idp:
        idp = idp.replace(F19["tid"], contoso.directory.tenant_id)
        idp = idp.replace("https://login.microsoftonline.com", contoso.microsoft.url)
    user = signed_in(contoso, client, claims={"idp": idp})
    assert user.email == "megan.bowen@contoso.com"
