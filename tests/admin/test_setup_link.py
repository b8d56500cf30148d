"""The list of set-up links, and the page of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.models import Application, Connection, Event, SetupLink
from tests.admin.pages import text
from tests.factories import (
    ConnectionFactory,
    CredentialFactory,
    SetupLinkFactory,
    SetupSessionFactory,
)

pytestmark = pytest.mark.django_db
LINKS = "/admin/azuread_connections/setuplink/"


@pytest.fixture
def link(connection: Connection, application: Application) -> SetupLink:
    """A finished link of Contoso's."""
    CredentialFactory.create(connection=connection, last_success_at=timezone.now())
    return SetupLinkFactory.create(
        connection=connection,
        applications=[application],
        created_by_name="Robin Sales",
        openings_used=2,
        finished_at=timezone.now(),
        step="done",
    )


def shown(client: Client, query: str = "") -> list[SetupLink]:
    response = client.get(f"{LINKS}?{query}")
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_a_row_says_what_matters(boss: Client, link: SetupLink) -> None:
    page = text(boss.get(LINKS))
    for words in (
        *("Contoso", "set up", "Default App", "finished, waits for approval"),
        *("opened 2 of 10 times", "Robin Sales", f"{link.expires_at:%Y-%m-%d}"),
    ):
        assert words in page


def test_a_link_can_be_revoked_from_the_list(
    boss: Client, link: SetupLink, staff: Callable[..., Client]
) -> None:
    address = f'href="{LINKS}{link.pk}/revoke/"'
    assert address in boss.get(LINKS).content.decode()
    may_see = staff("view_setuplink", "view_connection")
    page = may_see.get(LINKS)
    assert page.status_code == 200
    assert address not in page.content.decode()
    SetupLink.objects.update(revoked_at=timezone.now())
    assert address not in boss.get(LINKS).content.decode()


def test_the_newest_comes_first(boss: Client, link: SetupLink) -> None:
    newest = SetupLinkFactory.create(connection=link.connection)
    assert shown(boss) == [newest, link]


def test_filters(boss: Client, link: SetupLink, application: Application) -> None:
    other = SetupLinkFactory.create(connection=ConnectionFactory.create(), purpose="renew")
    assert shown(boss, "state=finished") == [link]
    assert shown(boss, "state=sent") == [other]
    assert shown(boss, "state=nonsense") == [other, link]
    assert shown(boss, "purpose__exact=renew") == [other]
    assert shown(boss, f"application={application.pk}") == [link]
    assert shown(boss, "application=x") == []
    assert shown(boss, f"connection={other.connection_id}") == [other]


@pytest.mark.parametrize("words", ["contoso", "Robin", "reference"])
def test_the_search_finds_connection_maker_and_reference(
    boss: Client, link: SetupLink, words: str
) -> None:
    SetupLinkFactory.create(connection=ConnectionFactory.create(name="fabrikam"))
    words = link.reference if words == "reference" else words
    assert shown(boss, f"q={words}") == [link]


@pytest.mark.parametrize("rows", [2, 15])
def test_the_list_takes_the_same_statements_at_any_number_of_rows(
    boss: Client, application: Application, rows: int
) -> None:
    portal = Application.objects.create(name="Portal", slug="portal")
    for _number in range(rows):
        SetupLinkFactory.create(
            connection=ConnectionFactory.create(),
            applications=[application, portal],
            openings_used=1,
            step="try",
        )
    with CaptureQueriesContext(database) as queries:
        assert len(shown(boss)) == rows
    # Session, user, count, rows, their applications, the filters' applications and connections.
    assert len(queries) == 7, "\n".join(query["sql"] for query in queries)


def test_the_page_shows_the_link_and_what_was_entered(boss: Client, link: SetupLink) -> None:
    connection = link.connection
    assert connection is not None
    SetupSessionFactory.create(link=link, address="192.0.2.7")
    Event.objects.create(
        created_at=timezone.now(),
        kind=Event.Kind.SETUP_STEP,
        connection=connection,
        person="megan@contoso.com",
        message="Set-up link. Tried: it works.",
    )
    page = text(boss.get(f"{LINKS}{link.pk}/change/"))
    for words in (
        *("contoso.com", connection.tenant_id, connection.client_id, "client secret Abc…"),
        *("verified by Microsoft's answer", "by megan@contoso.com worked", "192.0.2.7"),
        *("finished, waits for approval", "by Robin Sales", link.reference, "2 of 10"),
        "Is it ready?",
    ):
        assert words in page


def test_a_step_without_a_person_is_not_the_last_trial(boss: Client, link: SetupLink) -> None:
    Event.objects.create(
        created_at=timezone.now(), kind=Event.Kind.SETUP_STEP, connection=link.connection
    )
    assert "Last test sign-in never" in text(boss.get(f"{LINKS}{link.pk}/change/"))


def test_a_link_of_a_deleted_connection_says_so(boss: Client, link: SetupLink) -> None:
    assert link.connection is not None
    link.connection.delete()
    assert "contoso (deleted)" in text(boss.get(LINKS))
    page = boss.get(f"{LINKS}{link.pk}/change/")
    assert "The connection contoso was deleted, so the link opens nothing." in text(page)
    assert "approve/" not in page.content.decode()
    for word in ("approve", "revoke"):
        assert boss.post(f"{LINKS}{link.pk}/{word}/").status_code == 403


def test_links_are_not_added_changed_or_deleted_by_hand(boss: Client, link: SetupLink) -> None:
    assert boss.get(f"{LINKS}add/").status_code == 403
    assert boss.post(f"{LINKS}{link.pk}/delete/", {"post": "yes"}).status_code == 403
    assert boss.post(f"{LINKS}{link.pk}/change/", {"reference": "x"}).status_code == 403
    assert boss.post(
        LINKS, {"action": "delete_selected", "_selected_action": [link.pk], "post": "yes"}
    ).status_code in {200, 302}
    assert SetupLink.objects.get().reference == link.reference


@pytest.mark.parametrize("key", ["x", "0", "9" * 30, "%00", "-1"])
def test_an_odd_key_has_no_page(boss: Client, link: SetupLink, key: str) -> None:
    for word in ("change", "approve", "revoke"):
        assert boss.get(f"{LINKS}{key}/{word}/").status_code in {302, 404}


def test_what_waits_is_named_on_the_front_page(
    boss: Client, link: SetupLink, staff: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    template = "azuread_connections/admin_index.html"
    monkeypatch.setattr(admin.site, "index_template", template, raising=False)
    page = boss.get("/admin/")
    assert "Set-ups that wait for approval Contoso finished" in text(page)
    assert f"{LINKS}{link.pk}/change/" in page.content.decode()
    assert "Set-ups that wait" not in text(staff("view_event").get("/admin/"))
    SetupLink.objects.update(approved_at=timezone.now())
    assert "Set-ups that wait" not in text(boss.get("/admin/"))


def test_a_permission_for_links_alone_shows_no_connection(
    link: SetupLink, staff: Callable[..., Client]
) -> None:
    reader = staff("view_setuplink")
    page = reader.get(f"{LINKS}{link.pk}/change/")
    assert page.status_code == 200
    assert link.connection is not None
    assert link.connection.client_id not in page.content.decode()
    assert "Is it ready?" not in text(page)
    for word in ("approve", "revoke"):
        assert f"{word}/" not in page.content.decode()


def test_who_may_change_connections_sees_their_links(
    link: SetupLink, staff: Callable[..., Client]
) -> None:
    assert shown(staff("change_connection")) == [link]


def test_who_may_only_view_connections_sees_no_links(
    link: SetupLink, staff: Callable[..., Client]
) -> None:
    client = staff("view_connection")
    assert client.get(LINKS).status_code == 403
    assert client.get(f"{LINKS}{link.pk}/change/").status_code == 403


def test_an_expired_link_is_over(boss: Client, link: SetupLink) -> None:
    past = timezone.now() - timedelta(days=1)
    SetupLink.objects.update(finished_at=None, expires_at=past)
    assert shown(boss, "state=over") == [link]
    page: Any = boss.get(f"{LINKS}{link.pk}/change/")
    assert f"{LINKS}{link.pk}/revoke/" not in page.content.decode()
