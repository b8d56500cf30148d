"""The page where a person types a device's code: what it says, and to whom."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from azuread_connections.models import Application, Identity, Revocation
from azuread_connections.provider.models import API, Authorization, ClientConsent, ClientGrant
from tests.company import Company, error_code, query_of
from tests.factories import UserFactory
from tests.provider.devices import (
    ACTIVATE,
    GRANT_TYPE,
    Device,
    answer,
    ask,
    pass_time,
    sealed_of,
    type_code,
)
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def assert_no_other_site_can_use(response: Any) -> None:
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]


# --- The code -------------------------------------------------------------------------------------


def test_the_page_asks_for_the_code(client: Client, db: None) -> None:
    response = client.get(ACTIVATE)
    assert response.status_code == 200
    assert_no_other_site_can_use(response)
    page = response.content.decode()
    assert 'name="user_code"' in page
    assert "csrfmiddlewaretoken" in page
    assert "If somebody sent you the code" in page


def test_case_spaces_and_dashes_do_not_matter(television: RelyingParty, viewer: Client) -> None:
    code = Device.ask(television).user_code
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert television.application.name in text_of(type_code(viewer, typed))


@pytest.mark.parametrize("typed", ["BBBB-BBBB", "x", "", "\x00", "<script>", "é" * 500])
def test_an_unknown_code_is_said_to_be_so(viewer: Client, typed: str) -> None:
    response = type_code(viewer, typed)
    assert response.status_code == 400
    assert error_code(response) == "unknown"
    assert_no_other_site_can_use(response)
    if len(typed) > 1:
        assert typed not in response.content.decode()


@pytest.mark.parametrize("is_late", [False, True])
def test_a_code_that_is_answered_or_late_is_unknown(
    television: RelyingParty, viewer: Client, is_late: bool
) -> None:
    device = Device.ask(television)
    if is_late:
        pass_time(minutes=15)
    else:
        answer(viewer, device.user_code)
    assert error_code(type_code(viewer, device.user_code)) == "unknown"


# --- Who is asked ---------------------------------------------------------------------------------


def test_who_is_not_signed_in_goes_to_the_applications_page_and_comes_back(
    contoso: Company, television: RelyingParty
) -> None:
    device, browser = Device.ask(television), Client()
    response = type_code(browser, device.user_code)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?")
    query = query_of(response["Location"])
    assert query["application"] == television.application.slug
    assert device.user_code.replace("-", "") not in response["Location"]

    response = contoso.sign_in(browser, application=query["application"], next=query["next"])
    assert response["Location"] == query["next"]
    page = browser.get(response["Location"])
    assert device.user_code in text_of(page)
    assert not [
        name for name in browser.cookies if "authorize" in name and browser.cookies[name].value
    ]

    done = browser.post(ACTIVATE, {"request": sealed_of(page), "allow": "1"})
    assert "You can close this page" in text_of(done)
    assert device.poll().status_code == 200


def test_a_session_without_a_sign_in_by_a_connection_is_not_enough(
    television: RelyingParty,
) -> None:
    browser = Client()
    browser.force_login(UserFactory.create())
    response = type_code(browser, Device.ask(television).user_code)
    assert response["Location"].startswith("/login/?")


def test_a_person_of_a_connection_that_is_not_enabled_is_refused_with_a_sentence(
    contoso: Company, fabrikam: Company, television: RelyingParty
) -> None:
    browser, device = Client(), Device.ask(television)
    fabrikam.sign_in(browser)  # to the default application
    response = type_code(browser, device.user_code)
    assert response.status_code == 403
    assert error_code(response) == "not_enabled"
    assert f"whose people cannot use {television.application.name}" in text_of(response)
    assert 'name="request"' not in response.content.decode()
    assert_no_other_site_can_use(response)

    # The link leads to the application's sign-in page, and back.
    (url,) = re.findall(r'href="(/login/\?[^"]+)"', response.content.decode())
    query = query_of(unescape(url))
    assert query["application"] == television.application.slug
    response = browser.get(query["next"])  # without a sign-in
    assert error_code(response) == "not_enabled"


def test_a_sign_in_that_is_over_is_no_reason_to_refuse_anybody(
    contoso: Company, television: RelyingParty, viewer: Client, settings: Any
) -> None:
    Revocation.of_identity(contoso.connection, Identity.objects.get().pk)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    response = type_code(viewer, Device.ask(television).user_code)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


def test_only_the_browser_that_was_sent_to_sign_in_can_go_on(
    television: RelyingParty, viewer: Client
) -> None:
    location = type_code(Client(), Device.ask(television).user_code)["Location"]
    response = viewer.get(query_of(location)["next"])
    assert television.application.name not in text_of(response)
    assert 'name="user_code"' in response.content.decode()


def test_an_application_for_devices_alone_has_a_sign_in_page(
    contoso: Company, television: RelyingParty
) -> None:
    page = Client().get(
        reverse("azuread_connections:sign_in"), {"application": television.application.slug}
    )
    assert "Continue with" in page.content.decode()


# --- The confirmation -----------------------------------------------------------------------------


def test_the_page_says_what_asks_for_it_and_from_where(
    television: RelyingParty, viewer: Client
) -> None:
    response = Client(REMOTE_ADDR="192.0.2.7").post(
        "/id/oauth/device/code",
        {**television.credentials(), "scope": "openid email"},
        headers={"User-Agent": "curl/8.14.1"},
    )
    device = Device(television, response.json())
    page = type_code(viewer, device.user_code)
    assert_no_other_site_can_use(page)
    text = text_of(page)
    assert f"Sign in to {television.application.name} on a device?" in text
    assert device.user_code in text
    assert f"Time {device.row().created_at:%H:%M} UTC" in text
    assert "IP address 192.0.2.7 (yours is 127.0.0.1)" in text
    assert "Program curl" in text
    assert "who you are" in text
    assert "your email address" in text
    assert "your name" not in text
    assert "Did somebody send you this code" in text
    assert "adele.vance" in text


def test_what_the_device_says_of_itself_is_not_on_the_page(
    television: RelyingParty, viewer: Client
) -> None:
    response = Client().post(
        "/id/oauth/device/code",
        television.credentials(),
        headers={"User-Agent": "Approved by the help desk of Contoso"},
    )
    text = text_of(type_code(viewer, response.json()["user_code"]))
    assert "help desk" not in text
    assert "Program unknown" in text
    assert "IP address 127.0.0.1 (yours)" in text


def test_an_apis_scopes_are_told_by_their_meaning(television: RelyingParty, viewer: Client) -> None:
    api = API.objects.create(
        name="Orders", identifier="https://o.example/", scopes={"read": "see your <orders>"}
    )
    television.client.is_first_party = False
    television.client.save()
    ClientGrant.objects.create(client=television.client, api=api, scope="read")
    device = Device.ask(television, scope="read", audience=api.identifier)
    page = type_code(viewer, device.user_code)
    assert "use Orders for you:" in text_of(page)
    assert "see your &lt;orders&gt;" in page.content.decode()
    api.scopes = {}
    api.save()
    assert "read" in text_of(type_code(viewer, device.user_code))  # its meaning is gone


@pytest.mark.parametrize("is_first_party", [True, False])
def test_a_link_with_the_code_does_not_skip_the_question(
    television: RelyingParty, viewer: Client, is_first_party: bool
) -> None:
    television.client.is_first_party = is_first_party
    television.client.save()
    device = Device.ask(television)
    for _ in range(2):
        page = viewer.get(device.answer["verification_uri_complete"])
        assert device.user_code in text_of(page)
        assert sealed_of(page)
    assert device.error() == "authorization_pending"
    assert not Authorization.objects.exists()


def test_a_device_that_was_allowed_before_asks_again(
    television: RelyingParty, viewer: Client
) -> None:
    answer(viewer, Device.ask(television).user_code)
    device = Device.ask(television)
    assert sealed_of(type_code(viewer, device.user_code))
    assert device.error() == "authorization_pending"


@pytest.mark.parametrize(
    ("choice", "says"),
    [("allow", "The device is signed in"), ("deny", "The device is not signed in")],
)
def test_the_last_page_can_be_closed(
    television: RelyingParty, viewer: Client, choice: str, says: str
) -> None:
    response = answer(viewer, Device.ask(television).user_code, choice)
    assert response.status_code == 200
    assert says in text_of(response)
    assert "You can close this page." in text_of(response)
    assert_no_other_site_can_use(response)


@pytest.mark.parametrize("first", ["allow", "deny"])
@pytest.mark.parametrize("second", ["allow", "deny"])
def test_a_code_is_answered_once(
    television: RelyingParty, viewer: Client, first: str, second: str
) -> None:
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    viewer.post(ACTIVATE, {"request": sealed, first: "1"})
    response = viewer.post(ACTIVATE, {"request": sealed, second: "1"})
    assert response.status_code == 400
    assert error_code(response) == "answered"
    assert Authorization.objects.count() == (first == "allow")


def test_the_answer_of_a_page_left_open_is_too_late(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    pass_time(minutes=15)
    response = viewer.post(ACTIVATE, {"request": sealed, "allow": "1"})
    assert error_code(response) == "answered"
    assert not Authorization.objects.exists()


def test_no_answer_but_allow_allows(television: RelyingParty, viewer: Client) -> None:
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    viewer.post(ACTIVATE, {"request": sealed})
    assert device.error() == "access_denied"


# --- Forged answers -------------------------------------------------------------------------------


@pytest.mark.parametrize("has_middleware", [True, False])
def test_a_form_of_another_site_confirms_nothing(
    contoso: Company, television: RelyingParty, settings: Any, has_middleware: bool
) -> None:
    if not has_middleware:
        settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "csrf" not in each]
    browser = Client(enforce_csrf_checks=True)
    contoso.sign_in(browser, application=television.application.slug)
    device = Device.ask(television)
    page = browser.get(device.answer["verification_uri_complete"])
    sealed = sealed_of(page)
    for form in ({"request": sealed, "allow": "1"}, {"user_code": device.user_code}):
        assert browser.post(ACTIVATE, form).status_code == 403
    assert device.error() == "authorization_pending"
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    form = {"request": sealed, "allow": "1", "csrfmiddlewaretoken": token}
    assert browser.post(ACTIVATE, form).status_code == 200


def test_a_page_shown_to_another_person_confirms_nothing(
    contoso: Company, television: RelyingParty, viewer: Client
) -> None:
    other = Client()
    person = contoso.directory.add_person("Alex Wilber")
    contoso.sign_in(other, person, application=television.application.slug)
    device = Device.ask(television)
    sealed = sealed_of(type_code(other, device.user_code))
    for browser in (viewer, Client()):
        response = browser.post(ACTIVATE, {"request": sealed, "allow": "1"})
        assert response.status_code == 400
    assert device.error() == "authorization_pending"


@pytest.mark.parametrize("sealed", ["x", "\x00", "A" * 5000, "é"])
def test_a_made_up_answer_confirms_nothing(
    television: RelyingParty, viewer: Client, sealed: str
) -> None:
    device = Device.ask(television)
    response = viewer.post(ACTIVATE, {"request": sealed, "allow": "1"})
    assert response.status_code == 400
    assert device.error() == "authorization_pending"


def test_a_consent_to_a_request_is_no_answer_to_a_device(
    contoso: Company, viewer: Client, television: RelyingParty, portal: RelyingParty
) -> None:
    portal.client.is_first_party = False
    portal.client.save()
    contoso.sign_in(viewer, application=portal.application.slug)
    sealed = sealed_of(portal.authorize(viewer))
    assert viewer.post(ACTIVATE, {"request": sealed, "allow": "1"}).status_code == 400


def test_who_signed_out_meanwhile_confirms_nothing(
    television: RelyingParty, viewer: Client
) -> None:
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    viewer.post("/login/logout")
    assert viewer.post(ACTIVATE, {"request": sealed, "allow": "1"}).status_code == 400
    assert device.error() == "authorization_pending"


def test_whose_connection_was_disabled_meanwhile_confirms_nothing(
    contoso: Company,
    television: RelyingParty,
    portal: RelyingParty,
    viewer: Client,
    settings: Any,
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    contoso.sign_in(viewer, application=portal.application.slug)  # and stays signed in there
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    television.application.enabledconnection_set.all().delete()
    response = viewer.post(ACTIVATE, {"request": sealed, "allow": "1"})
    assert response.status_code == 403
    assert error_code(response) == "not_enabled"
    assert device.error() == "authorization_pending"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deleted", ["identity", "connection"])
def test_who_was_deleted_meanwhile_signs_in_first(
    contoso: Company, television: RelyingParty, viewer: Client, deleted: str
) -> None:
    """Though the session is looked at every half minute only."""
    device = Device.ask(television)
    sealed = sealed_of(type_code(viewer, device.user_code))
    row = Identity.objects.get() if deleted == "identity" else contoso.connection
    row.delete()
    response = viewer.post(ACTIVATE, {"request": sealed, "allow": "1"})
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?application=")
    assert device.error() == "authorization_pending"
    assert not ClientConsent.objects.exists()


@pytest.mark.parametrize("method", ["head", "put", "delete", "options"])
def test_other_methods_do_nothing(client: Client, db: None, method: str) -> None:
    assert getattr(client, method)(ACTIVATE).status_code == 405


def test_a_machine_has_no_devices(machine: RelyingParty) -> None:
    machine.application.grant_types.append(GRANT_TYPE)
    machine.application.save()
    assert ask(machine).status_code == 400
    assert machine.application.application_type == Application.Type.MACHINE_TO_MACHINE
