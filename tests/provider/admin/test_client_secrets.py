"""A client's secrets on its page: shown once, and never again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.models.expiry import day_of
from azuread_connections.provider.models import OAuthClientSecret
from tests.admin.pages import text
from tests.provider.admin.pages import page_of
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def in_days(number: int) -> str:
    return day_of(timezone.now() + timedelta(days=number)).isoformat()


def test_a_secret_is_shown_once(admin_client: Client, portal: RelyingParty) -> None:
    address = page_of(portal.application, "add-secret")
    # Opening the page adds nothing.
    assert admin_client.get(address).status_code == 200
    assert OAuthClientSecret.objects.count() == 1
    response = admin_client.post(address)
    assert "no-store" in response["Cache-Control"]
    (value,) = re.findall(r'id="azuread-client-secret">([^<]+)<', response.content.decode())
    # The old one stays valid, so that the client can change over.
    assert OAuthClientSecret.objects.accepts(portal.client, value)
    assert OAuthClientSecret.objects.accepts(portal.client, portal.secret)
    for name in ("change", "history", "add-secret"):
        page = admin_client.get(page_of(portal.application, name))
        assert value not in page.content.decode()
    assert f"Added client secret “{value[:3]}…”" in text(
        admin_client.get(page_of(portal.application, "history"))
    )


def test_loading_the_page_of_a_secret_again_adds_no_other(
    admin_client: Client, portal: RelyingParty
) -> None:
    address = page_of(portal.application, "add-secret")
    (newest,) = re.findall(
        r'name="newest" value="([^"]+)"', admin_client.get(address).content.decode()
    )
    assert admin_client.post(address, {"newest": newest}).status_code == 200
    response = admin_client.post(address, {"newest": newest}, follow=True)
    assert "A client secret was added meanwhile." in text(response)
    assert OAuthClientSecret.objects.count() == 2


def test_a_secret_can_have_an_end(admin_client: Client, portal: RelyingParty) -> None:
    address = page_of(portal.application, "add-secret")
    for bad, message in (
        (in_days(0), "Enter a day in the future."),
        (in_days(-3), "Enter a day in the future."),
        ("soon", "Enter a date"),
    ):
        assert message in text(admin_client.post(address, {"expires_at": bad}))
    assert OAuthClientSecret.objects.count() == 1
    page = text(admin_client.post(address, {"expires_at": in_days(10)}))
    assert f"It is refused from {in_days(10)} on" in page
    stored = OAuthClientSecret.objects.first()
    assert stored is not None
    assert stored.expires_at is not None
    assert day_of(stored.expires_at).isoformat() == in_days(10)
    page = text(admin_client.get(page_of(portal.application)))
    assert f"{stored} " in page
    for words in (in_days(10), "expires soon", "never", "valid"):
        assert words in page


def test_an_expired_secret_is_marked(admin_client: Client, portal: RelyingParty) -> None:
    OAuthClientSecret.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "expired" in text(admin_client.get(page_of(portal.application)))


def test_further_secrets_are_warned_of(admin_client: Client, portal: RelyingParty) -> None:
    address = page_of(portal.application, "add-secret")
    assert "Delete those that nothing uses" not in text(admin_client.get(address))
    OAuthClientSecret.objects.add(portal.client)
    assert "has 2 valid client secrets already" in text(admin_client.get(address))


def test_a_foreign_site_adds_and_deletes_none(admin_client: Client, portal: RelyingParty) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = admin_client.cookies
    secret = OAuthClientSecret.objects.get()
    for address in ("add-secret/", f"delete-secret/?secret={secret.pk}"):
        page = page_of(portal.application, address.removesuffix("/"))
        assert strict.post(page).status_code == 403
    assert OAuthClientSecret.objects.count() == 1


def test_a_public_client_is_given_none(admin_client: Client, spa: RelyingParty) -> None:
    assert "Add a client secret" not in text(admin_client.get(page_of(spa.application)))
    assert admin_client.get(page_of(spa.application, "add-secret")).status_code == 403
    assert admin_client.post(page_of(spa.application, "add-secret")).status_code == 403
    assert not OAuthClientSecret.objects.exists()


def test_adding_and_deleting_need_permissions_of_their_own(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    secret = OAuthClientSecret.objects.get()
    addresses = {
        "add_oauthclientsecret": page_of(portal.application, "add-secret"),
        "delete_oauthclientsecret": f"{page_of(portal.application, 'delete-secret')}"
        f"?secret={secret.pk}",
    }
    for held in (None, *addresses):
        others = [held] if held else []
        client = staff("change_application", "change_oauthclient", *others)
        html = client.get(page_of(portal.application)).content.decode()
        for permission, address in addresses.items():
            assert client.get(address).status_code == (200 if permission == held else 403)
            if permission != held:
                assert client.post(address).status_code == 403
            assert (address in html) is (permission == held)


def test_a_secret_is_deleted_after_a_question(admin_client: Client, portal: RelyingParty) -> None:
    (secret,) = OAuthClientSecret.objects.all()
    address = f"{page_of(portal.application, 'delete-secret')}?secret={secret.pk}"
    assert "It is the last one that is valid" in text(admin_client.get(address))
    OAuthClientSecret.objects.add(portal.client)
    assert "It is the last one that is valid" not in text(admin_client.get(address))
    assert OAuthClientSecret.objects.count() == 2
    response = admin_client.post(address, follow=True)
    assert f"The client secret {secret} is deleted." in text(response)
    assert not OAuthClientSecret.objects.accepts(portal.client, portal.secret)
    history = text(admin_client.get(page_of(portal.application, "history")))
    assert f"Deleted client secret “{secret}”" in history


def test_a_secret_of_another_client_is_not_deleted(
    admin_client: Client, portal: RelyingParty, machine: RelyingParty
) -> None:
    other = machine.client.secrets.get()
    page = page_of(portal.application, "delete-secret")
    for key in (other.pk, "", "x", "9" * 30, 0):
        assert admin_client.post(f"{page}?secret={key}").status_code == 404
    assert OAuthClientSecret.objects.count() == 2
