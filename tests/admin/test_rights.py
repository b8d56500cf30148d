"""A site's own ModelAdmin can give somebody permissions for only some connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import path, reverse
from django.utils import timezone

from azuread_connections.admin import ConnectionAdmin
from azuread_connections.models import (
    Application,
    Connection,
    Directory,
    Event,
    Identity,
    Revocation,
    SetupLink,
)
from project.urls import urlpatterns
from tests.admin.pages import change_page, field_errors, filled_in
from tests.factories import (
    ConnectionFactory,
    CredentialFactory,
    IdentityFactory,
    SetupLinkFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DIRECTORIES = "/admin/azuread_connections/directory/"


@pytest.fixture
def fabrikam(db: None) -> Connection:
    return ConnectionFactory.create(
        name="fabrikam", domain="fabrikam.com", tenant_id="bbbbcccc-0000-dddd-1111-eeee2222ffff"
    )


@pytest.fixture
def client(
    connection: Connection,
    fabrikam: Connection,
    staff: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> Client:
    """A staff member who may see every connection, and change Contoso's only."""

    def only_contoso(self: Any, request: Any, obj: Any = None) -> bool:
        return obj is None or obj.pk == connection.pk

    monkeypatch.setattr(ConnectionAdmin, "has_change_permission", only_contoso)
    return staff("view_connection", "change_connection", "change_application")


def page_of(connection: Connection, name: str) -> str:
    return reverse(f"admin:azuread_connections_connection_{name}", args=[connection.pk])


def test_signing_out_everyone(client: Client, connection: Connection, fabrikam: Connection) -> None:
    assert client.post(page_of(fabrikam, "sign_out")).status_code == 403
    assert not Revocation.objects.exists()
    assert client.post(page_of(connection, "sign_out")).status_code == 302


def test_deciding_on_the_connections_page(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    for each, status in ((fabrikam, 403), (connection, 302)):
        directory = Directory.objects.get(connection=each)
        page = page_of(each, "directories")
        assert client.post(page, {"refuse": str(directory.pk)}).status_code == status
    refused = Directory.objects.get(status=Directory.Status.REFUSED)
    assert refused.connection == connection


def test_deciding_in_the_list_of_directories(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    keys = list(Directory.objects.values_list("pk", flat=True))
    assert (
        client.post(DIRECTORIES, {"action": "refuse", "_selected_action": keys}).status_code == 403
    )
    assert not Directory.objects.filter(status=Directory.Status.REFUSED).exists()


def test_a_directorys_own_page(client: Client, fabrikam: Connection) -> None:
    directory = Directory.objects.get(connection=fabrikam)
    page = f"{DIRECTORIES}{directory.pk}/change/"
    assert client.post(page, {"domain": "x.com", "status": "refused"}).status_code == 403


def test_buttons_of_refused_actions_are_not_shown(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    buttons = (page_of(fabrikam, "sign_out"), 'form="azuread-decide"')
    html = client.get(change_page(fabrikam)).content.decode()
    assert not [button for button in buttons if button in html]
    html = client.get(change_page(connection)).content.decode()
    assert page_of(connection, "sign_out") in html


def test_enabling_on_an_applications_page(
    client: Client, connection: Connection, fabrikam: Connection, application: Application
) -> None:
    page = f"/admin/azuread_connections/application/{application.pk}/change/"
    data = {
        "name": application.name,
        "application_type": application.application_type,
    }
    for chosen, status in (([connection, fabrikam], 403), ([connection], 302), ([], 302)):
        keys = [each.pk for each in chosen]
        assert client.post(page, data | {"enabled_connections": keys}).status_code == status
    application.connections.set([fabrikam])
    assert client.post(page, data).status_code == 403
    assert list(application.connections.all()) == [fabrikam]


@pytest.mark.parametrize("word", ["approve", "revoke"])
def test_deciding_on_set_up_links(
    client: Client,
    connection: Connection,
    fabrikam: Connection,
    application: Application,
    word: str,
) -> None:
    for each, status in ((fabrikam, 403), (connection, 200)):
        link = SetupLinkFactory.create(
            connection=each, applications=[application], finished_at=timezone.now()
        )
        page = f"/admin/azuread_connections/setuplink/{link.pk}/{word}/"
        assert client.get(page).status_code == status
        assert client.post(page, {"seen": "x"}).status_code in (
            {403} if status == 403 else {302, 409}
        )
    hidden = SetupLink.objects.get(connection=fabrikam)
    assert hidden.revoked_at is hidden.approved_at is None


def test_inviting_for_some_connections(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    add_permission(client, "add_setuplink", "manage_secret", "add_connection")
    data = {"purpose": "renew", "days": "5", "openings": "10", "reference": "2345678abc"}
    Connection.objects.update(tenant_id="aaaabbbb-0000-cccc-1111-dddd2222eeee")
    for each, status in ((fabrikam, 403), (connection, 200)):
        assert client.get(page_of(each, "invite")).status_code == status
        assert client.post(page_of(each, "invite"), data).status_code == status
    assert SetupLink.objects.get().connection == connection


# What is not theirs to see


@pytest.fixture
def contosos_own(
    connection: Connection,
    fabrikam: Connection,
    staff: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    narrowed_by: str,
) -> Client:
    """A staff member with all permissions, for Contoso's connection only.

    A site restricts connections by ``get_queryset``, or by the permission methods for each of them.
    """
    if narrowed_by == "get_queryset":
        whole = ConnectionAdmin.get_queryset
        monkeypatch.setattr(
            ConnectionAdmin,
            "get_queryset",
            lambda self, request: whole(self, request).filter(pk=connection.pk),
        )
    else:
        monkeypatch.setattr(
            ConnectionAdmin,
            "has_view_permission",
            lambda self, request, obj=None: obj is None or obj.pk == connection.pk,
        )
    monkeypatch.setattr(
        ConnectionAdmin,
        "has_change_permission",
        lambda self, request, obj=None: obj is None or obj.pk == connection.pk,
    )
    models = ("connection", "directory", "identity", "application", "event", "setuplink")
    actions = ("view", "add", "change", "delete")
    names = {f"{action}_{model}" for model in models for action in actions}
    return staff(*sorted(names - {"add_identity", "add_event"}))


narrowed = pytest.mark.parametrize("narrowed_by", ["get_queryset", "has_view_permission"])
LISTS = ["connection", "directory", "identity", "event", "application", "setuplink"]


@pytest.fixture
def rows(connection: Connection, fabrikam: Connection, application: Application) -> None:
    """A directory, a person, an event, an application and a finished set-up link of each
    connection."""
    application.connections.set([connection, fabrikam])
    for each in (connection, fabrikam):
        CredentialFactory.create(connection=each, expires_at=timezone.now())
        SetupLinkFactory.create(
            connection=each, applications=[application], finished_at=timezone.now()
        )
        IdentityFactory.create(connection=each, login_name=f"adele@{each.domain}")
        Event.objects.create(
            created_at=timezone.now(),
            kind=Event.Kind.SIGN_IN_FAILED,
            reference=f"REF{each.pk}",
            connection=each,
            connection_name=each.name,
        )


@narrowed
@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("query", ["", "?q=fabrik", "?q=contoso"])
def test_no_list_filter_or_search_names_it(
    contosos_own: Client, rows: None, model: str, query: str
) -> None:
    page = contosos_own.get(f"/admin/azuread_connections/{model}/{query}")
    assert page.status_code == 200
    assert "fabrikam" not in page.content.decode()
    if not query:
        assert "contoso" in page.content.decode()


@narrowed
def test_no_field_lets_it_be_chosen(
    contosos_own: Client, rows: None, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = contosos_own.get(
        "/admin/autocomplete/",
        {
            "term": "",
            "app_label": "azuread_connections",
            "model_name": "directory",
            "field_name": "connection",
        },
    ).json()
    assert [row["id"] for row in found["results"]] == [str(connection.pk)]
    application = Application.objects.get()
    page = f"/admin/azuread_connections/application/{application.pk}/change/"
    for most in (100, 0):
        monkeypatch.setattr("azuread_connections.admin.widgets.choices.MOST_CHECKBOXES", most)
        for address in (page, "/admin/azuread_connections/application/add/"):
            html = contosos_own.get(address).content.decode()
            assert "fabrikam" not in html
    assert "fabrikam" not in contosos_own.get(f"{DIRECTORIES}add/").content.decode()


@narrowed
def test_the_admins_front_page_names_it_not(
    contosos_own: Client, rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "azuread_connections/admin_index.html"
    monkeypatch.setattr(admin.site, "index_template", template, raising=False)
    html = contosos_own.get("/admin/").content.decode()
    assert "contoso" in html
    assert "fabrikam" not in html


@narrowed
def test_its_rows_have_no_page(contosos_own: Client, rows: None, fabrikam: Connection) -> None:
    for row in (
        Directory.objects.get(connection=fabrikam),
        Identity.objects.get(connection=fabrikam),
        Event.objects.get(connection=fabrikam),
        SetupLink.objects.get(connection=fabrikam),
    ):
        page = f"/admin/azuread_connections/{row._meta.model_name}/{row.pk}"
        for word in ("change", "delete", "history", "approve", "revoke"):
            assert contosos_own.get(f"{page}/{word}/").status_code in {302, 403, 404}
            contosos_own.post(f"{page}/{word}/", {"post": "yes", "status": "refused"})
        row.refresh_from_db()
    assert not Directory.objects.filter(status=Directory.Status.REFUSED).exists()
    assert not SetupLink.objects.exclude(revoked_at=None, approved_at=None).exists()


@narrowed
def test_a_link_of_a_deleted_connection_is_not_shown(
    contosos_own: Client, rows: None, fabrikam: Connection
) -> None:
    """Nobody knows any more whose it was."""
    key = SetupLink.objects.get(connection=fabrikam).pk
    fabrikam.delete()
    page = contosos_own.get("/admin/azuread_connections/setuplink/")
    assert "fabrikam" not in page.content.decode()
    gone = contosos_own.get(f"/admin/azuread_connections/setuplink/{key}/change/")
    assert gone.status_code in {302, 403, 404}


@narrowed
def test_saving_an_application_leaves_it_enabled(
    contosos_own: Client, rows: None, connection: Connection, fabrikam: Connection
) -> None:
    application = Application.objects.get()
    page = f"/admin/azuread_connections/application/{application.pk}/change/"
    data = {
        "name": application.name,
        "application_type": application.application_type,
    }
    for chosen in ([connection], []):
        keys = [each.pk for each in chosen]
        assert contosos_own.post(page, data | {"enabled_connections": keys}).status_code == 302
        assert set(application.connections.all()) == {fabrikam, *chosen}
    refused = contosos_own.post(page, data | {"enabled_connections": [fabrikam.pk]})
    assert refused.status_code == 200
    assert "enabled_connections" in field_errors(refused)


@narrowed
def test_a_hidden_connection_that_shares_a_domain_is_not_named(
    contosos_own: Client, connection: Connection, fabrikam: Connection, microsoft: Any
) -> None:
    data = filled_in(connection, domain_aliases="fabrikam.com")
    page = contosos_own.post(change_page(connection), data, follow=True).content.decode()
    assert "The domain fabrikam.com also leads to another connection" in page


# What belongs to a connection


def test_adding_a_directory(client: Client, connection: Connection, fabrikam: Connection) -> None:
    """Also for users with every permission for directories."""
    add_permission(client, "add_directory", "change_directory", "delete_directory")
    tenant = "ccccdddd-2222-eeee-3333-ffff4444aaaa"
    for each, status in ((fabrikam, 200), (connection, 302)):
        answer = client.post(
            f"{DIRECTORIES}add/", {"connection": each.pk, "tenant_id": tenant, "status": "allowed"}
        )
        assert answer.status_code == status
    assert Directory.objects.get(tenant_id=tenant).connection == connection


def test_permissions_for_directories_and_people_end_at_rights_to_some_connections(
    client: Client, connection: Connection, fabrikam: Connection
) -> None:
    add_permission(
        client,
        *("change_directory", "delete_directory"),
        *("view_identity", "change_identity", "delete_identity"),
    )
    user = UserFactory.create()
    for each, is_theirs in ((fabrikam, False), (connection, True)):
        directory = Directory.objects.get(connection=each)
        page = f"{DIRECTORIES}{directory.pk}"
        data = {"domain": "x.com", "status": "allowed"}
        changed = client.post(f"{page}/change/", data)
        assert changed.status_code == (302 if is_theirs else 403)
        deleted = client.post(f"{page}/delete/", {"post": "yes"})
        assert deleted.status_code == (302 if is_theirs else 403)
        person = IdentityFactory.create(connection=each)
        page = f"/admin/azuread_connections/identity/{person.pk}"
        assert client.post(f"{page}/change/", {"user": user.pk}).status_code == (
            302 if is_theirs else 403
        )
        assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == (
            302 if is_theirs else 403
        )
    assert Directory.objects.get().connection == fabrikam
    assert Identity.objects.get().user != user


def test_a_permission_for_directories_alone_is_a_role_for_all_connections(
    connection: Connection, fabrikam: Connection, staff: Callable[..., Client]
) -> None:
    """It permits approving and refusing, but not adding, which needs the connection's
    permission."""
    approver = staff("view_directory", "add_directory", "change_directory")
    for each in (connection, fabrikam):
        directory = Directory.objects.get(connection=each)
        page = f"{DIRECTORIES}{directory.pk}/change/"
        assert approver.post(page, {"domain": "", "status": "refused"}).status_code == 302
    assert approver.get(f"{DIRECTORIES}add/").status_code == 403


@pytest.mark.parametrize("codename", ["view_event", "view_identity", "view_directory"])
def test_who_may_see_no_connection_finds_none_in_a_filter(
    connection: Connection, staff: Callable[..., Client], rows: None, codename: str
) -> None:
    """They may read the rows, but not the list of customers."""
    reader = staff(codename)
    model = codename.removeprefix("view_")
    Connection.objects.create(name="northwind", domain="northwindtraders.com", client_id="x")
    url = f"/admin/azuread_connections/{model}/"
    page = reader.get(url)
    assert len(page.context["cl"].result_list) >= 2
    assert "northwind" not in page.content.decode()
    assert "By connection" not in page.content.decode()
    page = reader.get(f"{url}?connection={connection.pk}")
    assert {row.connection_id for row in page.context["cl"].result_list} == {connection.pk}


@pytest.fixture
def subclass_of_the_docs(settings: Any) -> Iterator[None]:
    """The admin page of docs/settings.md, as pasted."""
    docs = (Path(__file__).parents[2] / "docs/settings.md").read_text(encoding="utf-8")
    section = docs.partition("### Permissions for some connections only")[2]
    code = section.partition("```python\n")[2].partition("```")[0]
    exec(code, {"__name__": __name__})
    # Addresses that lead to what is registered now.
    urls: Any = ModuleType("urls_with_the_page_of_the_docs")
    urls.urlpatterns = [path("admin/", admin.site.urls), *urlpatterns]
    settings.ROOT_URLCONF = urls
    yield
    admin.site.unregister(Connection)
    admin.site.register(Connection, ConnectionAdmin)


@pytest.mark.usefixtures("subclass_of_the_docs")
def test_the_page_of_the_docs(
    connection: Connection, fabrikam: Connection, rows: None, staff: Callable[..., Client]
) -> None:
    client = staff("change_connection", "view_event", "change_directory")
    get_user_model().objects.update(email="support@contoso.com")
    Connection.objects.filter(pk=connection.pk).update(contact_email="support@contoso.com")
    for model in ("connection", "event", "directory"):
        html = client.get(f"/admin/azuread_connections/{model}/").content.decode()
        assert "contoso" in html
        assert "fabrikam" not in html
    assert client.get(change_page(connection)).status_code == 200
    assert client.post(page_of(fabrikam, "sign_out")).status_code in {403, 404}


def add_permission(client: Client, *codenames: str) -> None:
    user = get_user_model().objects.get(username="staff")
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
