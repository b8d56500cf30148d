"""Somebody on the site's staff who wants more than they may, or who does not look closely."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core import signing
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.db.models import ProtectedError
from django.test import Client
from django.urls import resolve, reverse

from azuread_connections.admin import ConnectionAdmin
from azuread_connections.checks import check_deployment
from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.login.lookup.frontchannel import frontchannel_token
from azuread_connections.microsoft import client as microsofts_side
from azuread_connections.models import Connection, Directory, Event, Identity, Revocation
from azuread_connections.models.validators import RESERVED_NAMES
from azuread_connections.testing import StandIn, next_address
from azuread_connections.transfer.importer import ImportRefused
from tests.admin.pages import ADD, LIST, filled_in, mappings
from tests.company import Company, query_of
from tests.factories import FederatedFactory
from tests.transfer.entries import entry, run

from .catalogue import Attacker, Standing, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.COLLEAGUE)]

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"
FORGED = "xyz8Q~forged-0123456789"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def colleague(*permissions: str) -> Client:
    """A staff member who holds exactly these permissions of this app, or of another, if named."""
    user = User.objects.create_user("colleague", is_staff=True)
    for permission in permissions:
        app, _, codename = permission.rpartition(".")
        user.user_permissions.add(
            Permission.objects.get(
                codename=codename, content_type__app_label=app or "azuread_connections"
            )
        )
    client = Client()
    client.force_login(user, BACKEND)
    return client


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"), BACKEND)
    return client


def page_of(company: Company, word: str) -> str:
    return reverse(f"admin:azuread_connections_connection_{word}", args=[company.connection.pk])


def form_of(company: Company, **changes: Any) -> dict[str, Any]:
    """The POST of the connection's form, with nothing changed but what is named."""
    company.connection.refresh_from_db()
    return filled_in(company.connection, client_id=company.app.client_id, **changes)


# --- Directories ----------------------------------------------------------------------------------


@attack(
    wants="a refused directory let in again, by deleting its row",
    stopped_by="a refused directory's row cannot be deleted",
)
@pytest.mark.parametrize("how", ["its page", "the list", "code"])
def test_a_refused_directorys_row(boss: Client, contoso: Company, how: str) -> None:
    contoso.app.multi_tenant = True
    Connection.objects.update(use_common_endpoint=True, new_directories="accept")
    row = contoso.connection.directories.create(tenant_id=GUID, status="refused")
    listing = reverse("admin:azuread_connections_directory_changelist")
    before = Standing.now()
    if how == "its page":
        page = reverse("admin:azuread_connections_directory_delete", args=[row.pk])
        before.assert_stopped(boss.post(page, {"post": "yes"}), 302, logged="")
    elif how == "the list":
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        before.assert_stopped(boss.post(listing, chosen), 302, logged="")
    else:
        with pytest.raises(ProtectedError):
            row.delete()
        with pytest.raises(ProtectedError):
            contoso.connection.directories.all().delete()
    assert contoso.connection.directories.get(tenant_id=GUID).status == "refused"


@attack(
    wants="a single-directory connection that anybody with a personal account can use",
    stopped_by="no connection is pinned to the directory of personal accounts",
)
@pytest.mark.parametrize("how", ["a file", "code"])
def test_a_connection_of_personal_accounts(contoso: Company, how: str) -> None:
    before = Standing.now()
    if how == "a file":
        with pytest.raises(ImportRefused):
            run(entry(name="mine", tenantId=PERSONAL_TENANT_ID))
    else:
        contoso.connection.tenant_id = PERSONAL_TENANT_ID
        with pytest.raises(ValidationError):
            contoso.connection.save()
        with pytest.raises(ValidationError):
            contoso.connection.pin(PERSONAL_TENANT_ID)
    assert before.gained() == {}
    assert before.lost() == {}


# --- A view permission and nothing more -----------------------------------------------------------

OWN_RIGHTS = "Try, consent, export, secrets, signing out: each takes a permission of its own"
WRITE_ONLY = "secrets are stored encrypted, and no page shows, searches or filters by one"

#: What is tried, by which method, with which form.
ACTIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "look at Try": ("get", "try", {}),
    "Try": ("post", "try", {}),
    "look at Check now": ("get", "check", {}),
    "Check now": ("post", "check", {}),
    "ask for consent": ("get", "consent", {}),
    "look at sign-out": ("get", "sign_out", {}),
    "sign everyone out": ("post", "sign_out", {}),
    "search the directory": ("get", "users", {}),
    "approve a directory": ("post", "directories", {"approve": GUID}),
    "change": ("post", "change", {"display_name": "Mine"}),
    "add a secret": ("post", "change", {"new_secret": FORGED}),
    "delete": ("post", "delete", {"post": "yes"}),
}


@attack(
    wants="to Try, check, consent, approve, change or delete without the permission",
    stopped_by=OWN_RIGHTS,
)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("holds", "status"),
    [
        pytest.param(["view_connection", "view_event", "view_identity"], 403, id="may look"),
        pytest.param([], 403, id="no permission"),
        pytest.param(None, 302, id="a stranger"),
    ],
)
def test_actions_that_need_a_permission(
    contoso: Company, action: str, holds: list[str] | None, status: int
) -> None:
    Connection.objects.update(enable_users_api=True)
    client = Client() if holds is None else colleague(*holds)
    method, page, data = ACTIONS[action]
    form = form_of(contoso, **data) if page == "change" else data
    before = Standing.now()
    response = getattr(client, method)(page_of(contoso, page), form)
    before.assert_stopped(response, status, logged="")
    assert contoso.microsoft.count() == 0
    assert not Revocation.objects.exists()


@attack(wants="to export connections without the permission", stopped_by=OWN_RIGHTS)
@pytest.mark.parametrize("holds", ["view_connection", "change_connection", "try_connection"])
def test_an_export_takes_its_permission(contoso: Company, holds: str) -> None:
    client = colleague("view_connection", holds)
    before = Standing.now()
    action = {"action": "export_selected", "_selected_action": [contoso.connection.pk]}
    response = client.post(LIST, action)
    before.assert_stopped(response, response.status_code, logged="")
    assert response.status_code in {200, 302}
    assert not response.streaming
    assert "Content-Disposition" not in response


@attack(wants="to read a client secret in the admin", stopped_by=WRITE_ONLY)
@pytest.mark.parametrize("who", ["may look", "superuser"])
@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        pytest.param("{change}", {200}, id="the form"),
        pytest.param("{change}../history/", {200}, id="the history"),
        pytest.param("{change}../delete/", {200, 403}, id="the question before deleting"),
        pytest.param(LIST, {200}, id="the list"),
        pytest.param(f"{LIST}?q={{start}}", {200}, id="a search"),
        pytest.param(f"{LIST}?credentials__value__startswith={{start}}", {400}, id="a filter"),
        pytest.param(f"{LIST}?credentials__hint={{hint}}", {400}, id="a filter by the hint"),
        pytest.param("/admin/azuread_connections/credential/", {404}, id="a list of secrets"),
        pytest.param("/admin/azuread_connections/event/", {200, 403}, id="the log"),
    ],
)
def test_reading_a_secret(
    contoso: Company, boss: Client, who: str, path: str, statuses: set[int]
) -> None:
    secret = contoso.app.secrets[0].value
    stored = contoso.connection.credentials.get().value.ciphertext
    boss.post(page_of(contoso, "change"), form_of(contoso, display_name="Contoso Ltd"))
    client = boss if who == "superuser" else colleague("view_connection", "manage_secret")
    url = path.format(change=page_of(contoso, "change"), start=secret[:8], hint=secret[:3])
    before = Standing.now()
    response = client.get(url, follow=True)
    assert response.status_code in statuses
    before.assert_stopped(response, response.status_code, logged="")
    assert secret.encode() not in response.content
    assert stored.encode() not in response.content


@attack(
    wants="the front-channel logout URL, which ends sessions without any sign-in",
    stopped_by="the page shows it to those who may change this connection",
)
@pytest.mark.parametrize("page", ["change", "history"])
def test_reading_the_front_channel_url(contoso: Company, boss: Client, page: str) -> None:
    viewer = colleague("view_connection", "view_event", "try_connection", "consent_connection")
    token = frontchannel_token(contoso.connection)
    for client, sees_it in ((viewer, False), (boss, page == "change")):
        response = client.get(page_of(contoso, page))
        assert response.status_code == 200
        assert (token[:12] in response.content.decode()) is sees_it


@attack(
    wants="a directory let in by a connection that is not theirs to change",
    stopped_by="rights to some connections are rights to what belongs to them, and to no more",
)
@pytest.mark.parametrize("word", ["add", "change", "delete", "approve"])
def test_a_directory_of_a_connection_that_is_not_theirs(
    contoso: Company, fabrikam: Company, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """They hold every permission for directories, and may change Fabrikam's connection only."""
    monkeypatch.setattr(
        ConnectionAdmin,
        "has_change_permission",
        lambda self, request, obj=None: obj is None or obj.name == "fabrikam",
    )
    models = ("connection", "directory")
    actions = ("view", "add", "change", "delete")
    client = colleague(*(f"{action}_{model}" for action in actions for model in models))
    directory = contoso.connection.directories.get()
    Directory.objects.filter(pk=directory.pk).update(status="waiting")
    own = "/admin/azuread_connections/directory"
    add = {"connection": contoso.connection.pk, "tenant_id": GUID, "status": "allowed"}
    url, data, status = {
        "add": (f"{own}/add/", add, 200),
        "change": (f"{own}/{directory.pk}/change/", {"domain": "", "status": "allowed"}, 403),
        "delete": (f"{own}/{directory.pk}/delete/", {"post": "yes"}, 403),
        "approve": (f"{own}/", {"action": "approve", "_selected_action": [directory.pk]}, 403),
    }[word]
    before = Standing.now()
    response = client.post(url, data)
    before.assert_stopped(response, status, logged="")


@attack(wants="to plant or remove a client secret without the permission", stopped_by=OWN_RIGHTS)
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"new_secret": FORGED, "new_secret_expires": "2030-01-01"}, id="plant"),
        pytest.param({"credentials-0-DELETE": "on"}, id="remove"),
        pytest.param({"credentials-0-value": FORGED, "credentials-0-hint": "xyz"}, id="rewrite"),
    ],
)
def test_secrets_without_their_permission(contoso: Company, forged: dict[str, str]) -> None:
    client = colleague("change_connection")
    before = Standing.now()
    response = client.post(page_of(contoso, "change"), form_of(contoso, **forged))
    before.assert_stopped(response, 302, logged="")


@attack(
    wants="to read a file of the server, or have it sent away, as a federated credential's token",
    stopped_by="only a token (JWT) is sent, to Microsoft alone; no content is shown",
)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("root:$6$unseen$content:20000:0:::", id="passwords"),
        pytest.param("DATABASE_PASSWORD=unseen.and.content", id="dots"),
        pytest.param("eyJoaWRkZW4iOjF9.unseen.content", id="half a token"),
    ],
)
def test_a_file_of_the_server_as_a_token(contoso: Company, tmp_path: Path, content: str) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    client = colleague("change_connection", "manage_secret", "try_connection")
    asked = {"source": "file", "token_file": str(file), "client_id": "", "add": "1"}
    before = Standing.now()
    response = client.post(page_of(contoso, "federated"), asked)
    before.assert_stopped(response, 200, logged="")
    assert "unseen" not in response.content.decode()
    # One that was added while the file was a token.
    FederatedFactory.create(connection=contoso.connection, token_file=str(file))
    shown = b"".join(client.post(page_of(contoso, "check")))  # type: ignore[arg-type]
    assert b"holds no token" in shown
    assert b"unseen" not in shown
    sent = [seen.form for seen in contoso.microsoft.requests if seen.endpoint == "token"]
    assert not any("client_assertion" in form for form in sent)


@attack(
    wants="to see what another colleague's Try came to",
    stopped_by="the outcome is in the session of who began, and nowhere else",
)
def test_the_outcome_of_somebody_elses_trial(contoso: Company, boss: Client) -> None:
    url = next_address(boss.post(page_of(contoso, "try")))
    boss.get(contoso.microsoft.sign_in(url, contoso.person))
    assert contoso.person.object_id.encode() in boss.get(page_of(contoso, "try")).content
    other = colleague("view_connection", "try_connection")
    before = Standing.now()
    response = other.get(page_of(contoso, "try"))
    before.assert_stopped(response, 200, logged="")
    assert contoso.person.object_id.encode() not in response.content


@attack(
    wants="to take one connection's Try for another's",
    stopped_by="the outcome is in the session of who began, and nowhere else",
)
def test_the_outcome_of_another_connections_trial(
    contoso: Company, fabrikam: Company, boss: Client
) -> None:
    url = next_address(boss.post(page_of(contoso, "try")))
    boss.get(contoso.microsoft.sign_in(url, contoso.person))
    before = Standing.now()
    response = boss.get(page_of(fabrikam, "try"))
    before.assert_stopped(response, 200, logged="")
    assert contoso.person.object_id.encode() not in response.content


@attack(
    wants="to be signed in, or to make a user, by a Try",
    stopped_by="a trial signs nobody in and creates nobody",
)
def test_a_trial_by_somebody_who_may_try(contoso: Company) -> None:
    client = colleague("view_connection", "try_connection")
    url = next_address(client.post(page_of(contoso, "try")))
    before = Standing.now()
    response = client.get(contoso.microsoft.sign_in(url, contoso.person))
    before.assert_stopped(response, 302, logged="tried")


@attack(
    wants="to write the log, or to take a line out of it",
    stopped_by="no permission writes the log in the admin",
)
@pytest.mark.parametrize(
    ("page", "data"),
    [("add/", {}), ("{pk}/change/", {"message": "x"}), ("{pk}/delete/", {"post": "yes"})],
)
def test_the_log_is_not_written_by_hand(
    contoso: Company, boss: Client, page: str, data: dict[str, str]
) -> None:
    Client().get("/login/nobody/")
    written = list(Event.objects.values())
    before = Standing.now()
    page = page.format(pk=written[0]["id"])
    response = boss.post(f"/admin/azuread_connections/event/{page}", data)
    before.assert_stopped(response, 403, logged="")
    assert list(Event.objects.values()) == written


# --- Rights that they do not have -----------------------------------------------------------------

ONLY_OWN_RIGHTS = "a mapping takes *Can change group* and gives what the editor holds, no more"


@attack(
    wants="rights that they do not hold, by mapping a group to them", stopped_by=ONLY_OWN_RIGHTS
)
@pytest.mark.parametrize(
    ("holds", "status"),
    [
        pytest.param(["change_connection"], 302, id="may not change groups"),
        pytest.param(["change_connection", "auth.change_group"], 200, id="holds no such right"),
        pytest.param(
            ["change_connection", "auth.change_group", "auth.change_user"],
            200,
            id="holds one of two",
        ),
    ],
)
@pytest.mark.parametrize(
    "how",
    [
        "a new mapping",
        "a mapping that is there, to others",
        "a new role",
        "a role that is there, to others",
    ],
)
def test_mapping_a_group_to_rights(
    contoso: Company, holds: list[str], status: int, how: str
) -> None:
    powers = Group.objects.create(name="powers")
    powers.permissions.set(Permission.objects.filter(codename__in=["change_user", "delete_user"]))
    own = contoso.directory.add_group("Friends", members=[contoso.person])
    Connection.objects.update(security_groups=True)
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    contoso.connection.refresh_from_db()
    if how == "a new mapping":
        # Closed to those who may not change groups: the row is kept, and gives nothing.
        change = mappings(
            contoso.connection, {"directory_group_id": own.object_id, "group": powers.pk}
        )
    else:
        contoso.connection.group_mappings.create(directory_group_id=GUID, group=powers)
        change = {"group_mappings-0-directory_group_id": own.object_id}
    if "role" in how:
        Connection.objects.update(app_roles=True)
        contoso.connection.refresh_from_db()
        contoso.app.assign_roles(contoso.person, "Friends")
        contoso.connection.group_mappings.all().delete()
        if how == "a new role":
            change = mappings(contoso.connection, {"role": "Friends", "group": powers.pk})
        else:
            contoso.connection.group_mappings.create(role="Admins", group=powers)
            change = {"group_mappings-0-role": "Friends"}
    client = colleague(*holds)
    response = client.post(page_of(contoso, "change"), form_of(contoso) | change)
    assert response.status_code == status
    before = Standing.now()
    friend = before.assert_only_own_account(contoso.sign_in(Client()))
    assert not friend.groups.exists()


@attack(
    wants="to become somebody powerful, by tying their own identity to that user",
    stopped_by="only a superuser ties to staff, superusers and users with more permissions",
)
@pytest.mark.parametrize(
    "power", ["is_staff", "is_superuser", "permission", "group", "deactivated"]
)
def test_tying_to_somebody_powerful(contoso: Company, power: str) -> None:
    contoso.sign_in(Client())
    powerful = User.objects.create_user("powerful")
    delete_user = Permission.objects.get(codename="delete_user")
    if power.startswith("is_"):
        User.objects.filter(pk=powerful.pk).update(**{power: True})
    elif power == "group":
        powers = Group.objects.create(name="powers")
        powers.permissions.add(delete_user)
        powerful.groups.add(powers)
    else:
        powerful.user_permissions.add(delete_user)
        User.objects.filter(pk=powerful.pk).update(is_active=power != "deactivated")
    client = colleague("change_identity")
    page = f"/admin/azuread_connections/identity/{Identity.objects.get().pk}/change/"
    before = Standing.now()
    before.assert_stopped(client.post(page, {"user": powerful.pk}), 200, logged="")


# --- What a connection trusts ---------------------------------------------------------------------

PINNED = "another directory is trusted only after a tick beside its ID, and never by a file"


@attack(wants="a connection to trust another directory", stopped_by=PINNED)
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"domain": "fabrikam.com"}, id="another domain"),
        pytest.param({"domain": "fabrikam.com", "trust_directory": "on"}, id="a tick too early"),
        pytest.param({"domain": "fabrikam.com", "trust_directory": GUID}, id="a tick for a third"),
    ],
)
def test_another_directory_by_the_form(
    contoso: Company, fabrikam: Company, boss: Client, forged: dict[str, str]
) -> None:
    before = Standing.now()
    response = boss.post(page_of(contoso, "change"), form_of(contoso, **forged))
    before.assert_stopped(response, 200, logged="")


@attack(wants="a connection to trust another directory", stopped_by=PINNED)
@pytest.mark.parametrize("member", ["tenant_id", "verified_at", "name"])
def test_fields_that_no_form_has(contoso: Company, boss: Client, member: str) -> None:
    forged = {"tenant_id": GUID, "verified_at": "", "name": "mine"}[member]
    before = Standing.now()
    response = boss.post(page_of(contoso, "change"), form_of(contoso, **{member: forged}))
    assert response.status_code in {200, 302}
    before.assert_stopped(response, response.status_code, logged="")


def is_refused_as_file(*entries: dict[str, Any]) -> bool:
    try:
        run(*entries)
    except ImportRefused:
        return True
    return False


# --- A name that shadows an address ---------------------------------------------------------------

NAMES = [
    *sorted(RESERVED_NAMES),
    *("Callback", "CALLBACK", "LogOut", "Frontchannel-Logout"),
    *("frontchannel-logout/x", "../admin", "a/b", "a b", "a%2fb", ".", "..", "-", "a-", "-a"),
    *("callback/", "/callback", "callback?x", "callback#x", "a\nb", "a\x00", "ｃallback", "é", ""),
]
WORDS = "names are letters, digits and hyphens, and none of the words of our own addresses"


@attack(wants="an address of this site answered by a connection of its name", stopped_by=WORDS)
@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("by", ["form", "file"])
def test_a_name_that_shadows_an_address(
    microsoft: StandIn, boss: Client, name: str, by: str
) -> None:
    microsoft.add_directory("contoso.com")
    before = Standing.now()
    if by == "file":
        assert is_refused_as_file(entry(name, client_secret=FORGED))
        response = boss.get(LIST)
    else:
        response = boss.post(ADD, filled_in(name=name))
    before.assert_stopped(response, 200, logged="")
    assert resolve("/login/callback").url_name == "callback"


# --- Server-side request forgery ------------------------------------------------------------------


@pytest.fixture
def asked_hosts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts whose addresses this process looks up, to connect to them."""
    hosts: list[str] = []
    look_up = socket.getaddrinfo

    def note(host: Any, *arguments: Any, **options: Any) -> Any:
        hosts.append(str(host))
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", note)
    return hosts


OWN_HOSTS = "requests go to the cloud's hosts; a domain is one segment of their paths, no more"


@attack(wants="a request from our server to where they like (SSRF)", stopped_by=OWN_HOSTS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("domain", value)
            for value in (
                *(
                    "169.254.169.254",
                    "localhost",
                    "127.0.0.1:6379",
                    "[::1]",
                    "0x7f.1",
                    "2130706433",
                ),
                *(
                    "https://169.254.169.254/latest",
                    "evil.example.net/../../x",
                    "evil.example.net?x",
                ),
                *(
                    "evil.example.net#x",
                    "a@evil.example.net",
                    "evil.example.net:80",
                    "..",
                    "%2e%2e",
                ),
                *("contoso.com/oauth2/v2.0/token?", "contoso.com\\@evil", "contoso.com\r\nHost: x"),
                *("login.microsoftonline.com", "common", "organizations", "consumers", GUID),
            )
        ),
        *(
            ("cloud", value)
            for value in ("http://evil.example.net", "evil", "GLOBAL", "", "../usgov")
        ),
        *(
            ("logo_url", value)
            for value in (
                *("http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "//evil/x.png"),
                *("javascript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", "gopher://x"),
                *("https://user:secret@evil.example.net/x.png", "https://", "ftp://x/logo.png"),
            )
        ),
        *(("client_id", value) for value in (f"{GUID}/../x", f"{GUID}&x=y", "x", "')/evil")),
        *(("identity_api", value) for value in ("v3.0", "../x", "")),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("by", ["form", "file"])
def test_addresses_of_their_own(
    contoso: Company,
    boss: Client,
    asked_hosts: list[str],
    field: str,
    value: str,
    by: str,
) -> None:
    before = Standing.now()
    asked = contoso.microsoft.count()
    if by == "form":
        data = form_of(contoso) | {field: value}
        if field == "domain":
            data["discover_domain"] = "on"
        response = boss.post(page_of(contoso, "change"), data)
    else:
        own = {"cloud": {"azuread_connections": {"cloud": value}}}
        names = {"domain": "tenant_domain", "logo_url": "icon_url"}
        changes = own.get(field, {names.get(field, field): value})
        assert is_refused_as_file(entry("another", **changes))
        response = boss.get(LIST)
    before.assert_stopped(response, 200, logged="")
    assert set(asked_hosts) <= {"127.0.0.1", "localhost"}
    # At most the domain that stood there before is asked about, of Microsoft.
    assert contoso.microsoft.count() - asked <= 1


@attack(
    wants="a request from our server to where they like (SSRF)",
    stopped_by="a logo is shown by the browser, and never fetched by the server",
)
@pytest.mark.parametrize("logo", ["https://169.254.169.254/logo.png", "https://localhost/x.png"])
def test_a_logo_is_never_fetched(
    contoso: Company, boss: Client, asked_hosts: list[str], logo: str
) -> None:
    response = boss.post(page_of(contoso, "change"), form_of(contoso, logo_url=logo))
    assert response.status_code == 302
    before = Standing.now()
    for page in (page_of(contoso, "change"), "/login/"):
        response = boss.get(page)
        assert logo.encode() in response.content
    before.assert_stopped(response, 200, logged="")
    assert set(asked_hosts) <= {"127.0.0.1", "localhost"}


@attack(
    wants="the app's own token sent to where they like, by the next page of a directory's users",
    stopped_by="the link is signed for its connection, and even then leads to Graph alone",
)
@pytest.mark.parametrize("forged", ["unsigned", "another connection's", "signed"])
def test_a_next_page_of_users(
    contoso: Company, boss: Client, asked_hosts: list[str], forged: str
) -> None:
    contoso.app.application = ["User.Read.All"]
    contoso.app.grant(contoso.directory, application=["User.Read.All"])
    Connection.objects.update(enable_users_api=True)
    evil = "https://evil.example.net/v1.0/users"
    pk = contoso.connection.pk + (forged == "another connection's")
    signed = signing.dumps([pk, evil], salt="azuread_connections.admin.connection.users")
    boss.get(page_of(contoso, "users"))
    before = Standing.now()
    response = boss.get(
        page_of(contoso, "users"), {"page": evil if forged == "unsigned" else signed}
    )
    assert response.status_code in {200, 400, 404}
    before.assert_stopped(response, response.status_code, logged="")
    assert "evil.example.net" not in asked_hosts
    assert not [each for each in contoso.microsoft.requests if "evil" in each.path]


# --- The stand-in's addresses left in production --------------------------------------------------

DEVELOPMENT = "other login hosts work in development only, and a deployment's check stops at them"


@attack(wants="sign-ins by somebody who imitates Microsoft", stopped_by=DEVELOPMENT)
@pytest.mark.parametrize(
    ("left", "check"),
    [
        pytest.param({"ALLOW_STANDIN": False}, "E006", id="left behind"),
        pytest.param(
            {"LOGIN_URL": "http://login.example.net", "ALLOW_STANDIN": True},
            "E006",
            id="plain http on another host",
        ),
        pytest.param(
            {"LOGIN_URL": "http://localhost.example.net", "ALLOW_STANDIN": True},
            "E006",
            id="looks like loopback",
        ),
        pytest.param(
            {"LOGIN_URL": "ftp://localhost", "ALLOW_STANDIN": True}, "E006", id="another scheme"
        ),
    ],
)
@pytest.mark.parametrize("when", ["at the start", "at the callback"])
def test_the_stand_ins_addresses_in_production(
    contoso: Company, settings: Any, left: dict[str, Any], check: str, when: str
) -> None:
    client = Client()
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "", **left}
    client.raise_request_exception = False
    before = Standing.now()
    response = client.get("/login/contoso/" if when == "at the start" else callback_url)
    before.assert_stopped(response, 500, logged="")
    assert contoso.microsoft.count("token") == 0
    with pytest.raises(ImproperlyConfigured):
        microsofts_side.authority("global", "common", "v2.0")
    found = {str(message.id).rpartition(".")[2] for message in check_deployment()}
    assert check in found


@attack(wants="the imitation itself running in production", stopped_by=DEVELOPMENT)
def test_the_stand_in_itself_in_production(db: None, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ALLOW_STANDIN": False}
    with pytest.raises(CommandError, match="for development"):
        call_command("azuread_standin", "--port", "0")
    before = Standing.now()
    before.assert_stopped(Client().get("/login/nobody/"), 403, "connection_disabled")


@attack(
    wants="other clouds' sign-ins by somebody who imitates Microsoft",
    stopped_by="the stand-in's addresses replace the global cloud's only",
)
@pytest.mark.parametrize("cloud", ["usgov", "dod", "china"])
def test_other_clouds_are_not_replaced(contoso: Company, client: Client, cloud: str) -> None:
    Connection.objects.update(cloud=cloud)
    before = Standing.now()
    response = client.get("/login/contoso/")
    before.assert_stopped(response, 302, logged="")
    assert not response["Location"].startswith(contoso.microsoft.url)
    assert query_of(response["Location"])["client_id"] == contoso.app.client_id
