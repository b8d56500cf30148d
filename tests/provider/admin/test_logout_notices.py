"""The list of clients that have still to be told of a sign-out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.provider.models import LogoutNotice
from tests.admin.pages import text
from tests.provider.admin.pages import APPLICATIONS
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

NOTICES = "/admin/azuread_provider/logoutnotice/"


def notice_for(party: RelyingParty, **values: object) -> LogoutNotice:
    found: LogoutNotice = LogoutNotice.objects.create(
        client=party.client,
        **{"subject": "azuread|x", "session_id": "a", "due_at": timezone.now(), **values},
    )
    return found


def test_each_notice_is_listed_with_its_state(admin_client: Client, portal: RelyingParty) -> None:
    notice_for(portal)
    tried = notice_for(portal, session_id="b", attempts=3)
    page = text(admin_client.get(NOTICES))
    assert portal.application.name in page
    assert "not sent yet" in page
    assert "not confirmed" in page
    assert "azuread|x" in text(admin_client.get(f"{NOTICES}{tried.pk}/change/"))


def test_the_whole_session_id_finds_it(admin_client: Client, portal: RelyingParty) -> None:
    notice_for(portal, session_id="first")
    notice_for(portal, session_id="second")
    assert "1 logout notice" in text(admin_client.get(NOTICES, {"q": "second"}))


def test_nobody_adds_changes_or_deletes_one(admin_client: Client, portal: RelyingParty) -> None:
    notice = notice_for(portal)
    assert admin_client.get(f"{NOTICES}add/").status_code == 403
    assert admin_client.post(f"{NOTICES}{notice.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{NOTICES}{notice.pk}/change/", {"attempts": 9}).status_code == 403
    notice.refresh_from_db()
    assert notice.attempts == 0


def test_it_needs_its_own_permission(staff: Callable[..., Client], portal: RelyingParty) -> None:
    notice_for(portal)
    assert staff("view_oauthclient").get(NOTICES).status_code == 403
    assert staff("view_logoutnotice").get(NOTICES).status_code == 200


def test_an_application_is_deleted_with_the_notices_that_wait(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    notice_for(portal)
    browser = staff(
        *("view_application", "delete_application", "delete_oauthclient", "view_oauthclient")
    )
    page = f"{APPLICATIONS}{portal.application.pk}/delete/"
    assert browser.post(page, {"post": "yes"}).status_code == 302
    assert not LogoutNotice.objects.exists()
