from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.admin.application import NAMED_CONNECTIONS
from azuread_connections.admin.widgets.choices import MOST_CHECKBOXES
from azuread_connections.admin.widgets.lines import is_host
from azuread_connections.models import Application, Connection
from tests.admin.conftest import CLIENT_ID
from tests.admin.pages import field_errors, text

LIST = "/admin/azuread_connections/application/"
ADD = f"{LIST}add/"


def change_page(application: Application) -> str:
    return f"{LIST}{application.pk}/change/"


def filled_in(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": "Portal",
        "slug": "portal",
        "description": "",
        "application_type": "regular_web",
        "hosts": "",
        "allowed_callback_urls": "",
        "allowed_logout_urls": "",
        "external_id": "",
    }
    return data | changes


def make_connections(number: int) -> list[Connection]:
    return [
        Connection.objects.create(name=f"c{n:03}", domain="contoso.com", client_id=CLIENT_ID)
        for n in range(number)
    ]


def test_an_application_is_created(boss: Client, connection: Connection) -> None:
    data = filled_in(
        hosts="Portal.Example.com\n\n localhost:8000 \nportal.example.com",
        enabled_connections=[connection.pk],
    )
    assert boss.post(ADD, data).status_code == 302
    portal = Application.objects.get(slug="portal")
    assert portal.hosts == ["localhost:8000", "portal.example.com"]
    assert list(portal.connections.all()) == [connection]
    assert "localhost:8000\nportal.example.com" in boss.get(change_page(portal)).content.decode()


@pytest.mark.parametrize(
    "line",
    ["https://portal.example.com", "portal example", "a/b", "host:99999", "-a.com", "*.a.com"],
)
def test_an_invalid_host_is_reported(boss: Client, line: str) -> None:
    errors = field_errors(boss.post(ADD, filled_in(hosts=f"good.example.com\n{line}")))
    assert list(errors) == ["hosts"]
    assert len(errors["hosts"]) == 1
    assert errors["hosts"][0].startswith(f"“{line}” is not a host.")
    assert not Application.objects.filter(slug="portal").exists()


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("example.com", True),
        ("localhost", True),
        ("127.0.0.1:8000", True),
        ("xn--bcher-kva.example", True),
        ("", False),
        ("example.com:", False),
        ("example.com:0", False),
        ("user@example.com", False),
        ("a" * 64 + ".com", False),
        ("a." * 127 + "com", False),
        ("example.com\nb", False),
    ],
)
def test_what_a_host_is(value: str, good: bool) -> None:
    assert is_host(value) is good


def test_the_slug_stays(boss: Client, application: Application) -> None:
    boss.post(change_page(application), filled_in(name="Intranet", slug="other"))
    application.refresh_from_db()
    assert (application.name, application.slug) == ("Intranet", "default")


def test_connections_are_enabled_and_disabled(
    boss: Client, application: Application, connection: Connection
) -> None:
    boss.post(change_page(application), filled_in())
    assert not application.connections.exists()
    boss.post(change_page(application), filled_in(enabled_connections=[connection.pk]))
    assert list(application.connections.all()) == [connection]


def test_enabling_needs_the_permission_to_change_connections(
    staff: Callable[..., Client], application: Application, connection: Connection
) -> None:
    client = staff("change_application", "view_connection")
    assert "contoso" in text(client.get(change_page(application)))
    assert 'name="enabled_connections"' not in client.get(change_page(application)).content.decode()
    assert client.post(change_page(application), filled_in()).status_code == 302
    assert list(application.connections.all()) == [connection]
    application.refresh_from_db()
    assert application.name == "Portal"


def test_connections_stay_hidden_from_those_who_may_not_see_them(
    staff: Callable[..., Client], application: Application, connection: Connection
) -> None:
    client = staff("change_application")
    for url in (LIST, change_page(application)):
        assert "contoso" not in text(client.get(url))


def test_looking_changes_nothing(
    staff: Callable[..., Client], application: Application, connection: Connection
) -> None:
    client = staff("view_application", "change_connection")
    assert "contoso" in text(client.get(change_page(application)))
    assert client.post(change_page(application), filled_in()).status_code == 403


def test_very_many_connections_are_searched_instead_of_ticked(
    boss: Client, application: Application
) -> None:
    first, *_ = make_connections(MOST_CHECKBOXES + 1)
    html = boss.get(change_page(application)).content.decode()
    assert "admin-autocomplete" in html
    assert "c099" not in html
    boss.post(change_page(application), filled_in(enabled_connections=[first.pk]))
    assert list(application.connections.all()) == [first]


@pytest.mark.parametrize("rows", [2, 40])
def test_the_list_takes_the_same_queries_at_any_number_of_rows(boss: Client, rows: int) -> None:
    Application.objects.all().delete()
    connections = make_connections(NAMED_CONNECTIONS + 2)
    for number in range(rows):
        Application.objects.create(name=f"A{number}", slug=f"a{number}").connections.set(
            connections
        )
    with CaptureQueriesContext(database) as queries:
        page = text(boss.get(LIST))
    assert page.count("c000, c001, c002, c003, c004 and 2 more") == rows
    # Session, user, count, rows, connections.
    assert len(queries) == 5


# --- Where a sign-in may end ----------------------------------------------------------------


@pytest.mark.parametrize("field", ["allowed_callback_urls", "allowed_logout_urls"])
def test_addresses_are_stored_to_the_letter(
    boss: Client, application: Application, field: str
) -> None:
    typed = "https://Portal.example.com/cb?a=B, https://other.example/\nhttp://localhost:3000/"
    boss.post(change_page(application), filled_in(**{field: typed}))
    application.refresh_from_db()
    assert getattr(application, field) == [
        "https://Portal.example.com/cb?a=B",
        "https://other.example/",
        "http://localhost:3000/",
    ]
    assert "https://other.example/\n" in boss.get(change_page(application)).content.decode()


def test_a_bad_address_is_named(boss: Client, application: Application) -> None:
    typed = "https://good.example/\nhttps://*.example.com/"
    response = boss.post(change_page(application), filled_in(allowed_callback_urls=typed))
    assert field_errors(response) == {
        "allowed_callback_urls": [
            "“https://*.example.com/”: a wildcard is not allowed: enter each address in full."
        ]
    }


def test_only_a_native_application_can_have_a_custom_scheme(boss: Client) -> None:
    data = filled_in(allowed_callback_urls="com.example.app://callback")
    assert "allowed_callback_urls" in field_errors(boss.post(ADD, data))
    assert boss.post(ADD, data | {"application_type": "native"}).status_code == 302


def test_a_host_belongs_to_one_application(boss: Client, application: Application) -> None:
    application.set_hosts(["portal.example.com"])
    errors = field_errors(boss.post(ADD, filled_in(hosts="portal.example.com")))
    assert errors == {
        "hosts": ["The host portal.example.com belongs to the application “Default App”."]
    }
    data = filled_in(hosts="portal.example.com")
    assert boss.post(change_page(application), data).status_code == 302
    boss.post(change_page(application), filled_in(hosts=""))
    assert application.host_rows.count() == 0


# --- Whether people can sign in to it -------------------------------------------------------


def test_the_type_is_stored(boss: Client, application: Application) -> None:
    data = filled_in(application_type="native", allow_password_sessions="on")
    boss.post(change_page(application), data)
    application.refresh_from_db()
    assert application.application_type == "native"
    assert application.allow_password_sessions


def types_offered(response: HttpResponse) -> list[str]:
    form = response.context["adminform"].form
    return [value for value, _card in form.fields["application_type"].choices]


def test_only_types_that_mean_something_are_offered(boss: Client, application: Application) -> None:
    """Without OAuth clients, a single-page application is the same as a regular web application."""
    offered = ["regular_web", "native", "machine_to_machine"]
    assert types_offered(boss.get(ADD)) == offered
    refused = boss.post(ADD, filled_in(application_type="spa"))
    assert list(field_errors(refused)) == ["application_type"]

    Application.objects.update(application_type="spa")
    assert types_offered(boss.get(change_page(application))) == [*offered, "spa"]
    data = filled_in(application_type="spa", name="Intranet")
    assert boss.post(change_page(application), data).status_code == 302
    application.refresh_from_db()
    assert (application.name, application.application_type) == ("Intranet", "spa")


def test_grant_types_are_neither_shown_nor_changed(boss: Client, application: Application) -> None:
    """They mean nothing without OAuth clients."""
    Application.objects.update(grant_types=["implicit"])
    assert "Grant types" not in text(boss.get(change_page(application)))
    boss.post(change_page(application), filled_in(grant_types=["client_credentials"]))
    application.refresh_from_db()
    assert application.grant_types == ["implicit"]
    assert application.why_no_sign_in == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"application_type": "machine_to_machine"},
            "People cannot sign in to a machine-to-machine",
        ),
        ({}, ""),
    ],
)
def test_an_application_that_offers_no_sign_in_says_why(
    boss: Client,
    application: Application,
    connection: Connection,
    changes: dict[str, Any],
    why: str,
) -> None:
    data = filled_in(enabled_connections=[connection.pk], **changes)
    boss.post(change_page(application), data)
    page = text(boss.get(change_page(application)))
    assert ("No connection can be used for this application" in page) is bool(why)
    assert why in page


def test_an_application_without_connections_shows_a_warning(
    boss: Client, application: Application
) -> None:
    warning = "No connection is enabled for this application"
    assert warning in text(boss.get(change_page(application)))
    assert warning not in text(boss.get(ADD))


def test_who_may_only_look_sees_all_of_it(
    staff: Callable[..., Client], application: Application
) -> None:
    application.allowed_callback_urls = ["https://other.example/"]
    application.save()
    application.set_hosts(["portal.example.com"])
    page = text(staff("view_application").get(change_page(application)))
    for words in ("https://other.example/", "portal.example.com", "Regular"):
        assert words in page
