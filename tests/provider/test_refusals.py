"""What the token endpoint refuses, with the standard's error for it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views.debug import SafeExceptionReporterFilter

from azuread_connections.models import Application
from azuread_connections.provider.models import Authorization, OAuthClientSecret
from azuread_connections.provider.views.endpoints import TokenView
from tests.company import Company
from tests.provider.relying_party import RelyingParty, userinfo

pytestmark = pytest.mark.django_db


def assert_refused(response: object, error: str, status: int = 400) -> None:
    assert response.status_code == status, response.content  # type: ignore[attr-defined]
    assert response.json()["error"] == error  # type: ignore[attr-defined]
    assert "no-store" in response["Cache-Control"]  # type: ignore[index]


# --- The client -----------------------------------------------------------------------------------


def test_a_wrong_secret_by_basic_is_401_with_a_challenge(portal: RelyingParty) -> None:
    response = Client().post(
        "/id/oauth/token",
        {"grant_type": "client_credentials"},
        headers={"Authorization": portal.basic("wrong")},
    )
    assert_refused(response, "invalid_client", 401)
    assert response["WWW-Authenticate"].startswith("Basic ")


def test_the_right_secret_by_basic_is_taken(portal: RelyingParty) -> None:
    response = Client().post(
        "/id/oauth/token",
        {"grant_type": "client_credentials"},
        headers={"Authorization": portal.basic()},
    )
    assert response.status_code == 200, response.content


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic Zm9v", "Basic w6k6w6k=", "Basic /w=="]
)
def test_a_malformed_header_is_401(portal: RelyingParty, header: str) -> None:
    response = Client().post(
        "/id/oauth/token",
        {"grant_type": "client_credentials", "client_id": portal.client_id},
        headers={"Authorization": header},
    )
    assert_refused(response, "invalid_client", 401)


def test_two_ways_to_authenticate_at_once_are_refused(portal: RelyingParty) -> None:
    response = Client().post(
        "/id/oauth/token",
        {"grant_type": "client_credentials", **portal.credentials()},
        headers={"Authorization": portal.basic()},
    )
    assert_refused(response, "invalid_client", 401)


def test_an_unknown_client_gets_the_same_answer_as_a_wrong_secret(portal: RelyingParty) -> None:
    wrong = portal.token(grant_type="client_credentials", client_secret="wrong")
    unknown = portal.token(grant_type="client_credentials", client_id="nobody")
    assert_refused(unknown, "invalid_client", 401)
    assert unknown.content == wrong.content


@pytest.mark.parametrize("client_id", ["\x00", "a\x00b", "é", "x" * 5000, ""])
def test_a_client_id_that_is_none_is_refused(portal: RelyingParty, client_id: str) -> None:
    response = portal.token(grant_type="client_credentials", client_id=client_id)
    assert_refused(response, "invalid_client", 401)


def test_a_confidential_client_cannot_leave_its_secret_out(
    portal: RelyingParty, adele: Client
) -> None:
    response = portal.exchange(portal.code(adele), client_secret=None)
    assert_refused(response, "invalid_client", 401)


def test_an_expired_secret_is_refused(portal: RelyingParty) -> None:
    OAuthClientSecret.objects.update(expires_at=timezone.now())
    assert_refused(portal.token(grant_type="client_credentials"), "invalid_client", 401)


# --- The grant type -------------------------------------------------------------------------------


@pytest.mark.parametrize("grant_type", ["password", "implicit", "magic"])
def test_other_grant_types_are_unsupported(portal: RelyingParty, grant_type: str) -> None:
    response = portal.token(grant_type=grant_type, username="u", password="p")
    assert_refused(response, "unsupported_grant_type")


def test_a_missing_grant_type_is_an_invalid_request(portal: RelyingParty) -> None:
    assert_refused(portal.token(), "invalid_request")


def test_a_grant_type_that_is_not_ticked_is_refused(contoso: Company) -> None:
    party = RelyingParty.create(contoso, grant_types=["authorization_code"])
    response = party.token(grant_type="client_credentials")
    assert_refused(response, "unauthorized_client")
    assert response.json()["error_description"] == (
        "Grant type 'client_credentials' not allowed for the client."
    )


def test_a_machine_cannot_use_a_code(machine: RelyingParty, portal: RelyingParty, adele: Client):
    assert_refused(machine.exchange(portal.code(adele)), "unauthorized_client")


def test_no_refresh_token_without_the_grant_type(contoso: Company) -> None:
    party = RelyingParty.create(contoso, grant_types=["authorization_code"])
    browser = Client()
    party.sign_in(contoso, browser)
    assert "refresh_token" not in party.tokens(browser)


def test_no_refresh_token_unless_it_is_asked_for(portal: RelyingParty, adele: Client) -> None:
    assert "refresh_token" not in portal.tokens(adele, scope="openid profile")


def test_client_credentials_give_a_token_about_nobody(machine: RelyingParty) -> None:
    response = machine.token(grant_type="client_credentials", scope="openid email")
    assert response.status_code == 200, response.content
    tokens = response.json()
    assert set(tokens) == {"access_token", "expires_in", "token_type", "scope"}
    assert tokens["scope"] == ""
    assert userinfo(tokens["access_token"]).status_code == 401
    assert machine.introspect(tokens["access_token"])["active"] is True


# --- The code -------------------------------------------------------------------------------------


def test_a_code_works_once_and_its_replay_ends_what_it_gave(
    portal: RelyingParty, adele: Client
) -> None:
    code = portal.code(adele)
    tokens = portal.exchange(code).json()
    assert userinfo(tokens["access_token"]).status_code == 200

    assert_refused(portal.exchange(code), "invalid_grant")

    assert userinfo(tokens["access_token"]).status_code == 401
    assert portal.introspect(tokens["access_token"]) == {"active": False}
    assert_refused(portal.refresh(tokens["refresh_token"]), "invalid_grant")


def test_the_code_of_another_client_is_refused_and_stays_good_for_its_own(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    code = portal.code(adele)
    assert_refused(other.exchange(code, code_verifier=portal.verifier), "invalid_grant")
    assert portal.exchange(code).status_code == 200


def test_a_code_expires(portal: RelyingParty, adele: Client) -> None:
    code = portal.code(adele)
    Authorization.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1))
    assert_refused(portal.exchange(code), "invalid_grant")


@pytest.mark.parametrize("code", ["x", "\x00", "é" * 40])
def test_a_code_that_is_none_is_refused(portal: RelyingParty, code: str) -> None:
    assert_refused(portal.exchange(code), "invalid_grant")


def test_the_redirect_uri_has_to_be_the_same(portal: RelyingParty, adele: Client) -> None:
    portal.application.allowed_callback_urls.append("https://client.example/other")
    portal.application.save()
    response = portal.exchange(portal.code(adele), redirect_uri="https://client.example/other")
    assert_refused(response, "invalid_grant")


def test_the_redirect_uri_cannot_be_left_out(portal: RelyingParty, adele: Client) -> None:
    assert_refused(portal.exchange(portal.code(adele), redirect_uri=None), "invalid_request")


@pytest.mark.parametrize("verifier", ["wrong-" * 10, "", None])
def test_a_wrong_code_verifier_is_refused(
    portal: RelyingParty, adele: Client, verifier: str | None
) -> None:
    response = portal.exchange(portal.code(adele), code_verifier=verifier)
    assert response.status_code == 400
    assert response.json()["error"] in {"invalid_grant", "invalid_request"}


def test_a_code_verifier_without_a_challenge_is_refused(contoso: Company) -> None:
    """PKCE downgrade (RFC 9700 section 4.8.2): an attacker took the challenge out."""
    party = RelyingParty.create(contoso, is_pkce_required=False)
    browser = Client()
    party.sign_in(contoso, browser)
    code = party.code(browser, code_challenge=None, code_challenge_method=None)
    assert_refused(party.exchange(code), "invalid_grant")


def test_an_old_confidential_client_can_do_without_pkce(contoso: Company) -> None:
    party = RelyingParty.create(contoso, is_pkce_required=False)
    browser = Client()
    party.sign_in(contoso, browser)
    code = party.code(browser, code_challenge=None, code_challenge_method=None)
    assert party.exchange(code, code_verifier=None).status_code == 200


def test_a_code_is_stored_as_a_digest(portal: RelyingParty, adele: Client) -> None:
    code = portal.code(adele)
    assert code not in str(list(Authorization.objects.values()))


# --- The request ----------------------------------------------------------------------------------


def test_the_token_endpoint_takes_json(portal: RelyingParty) -> None:
    body = {"grant_type": "client_credentials", **portal.credentials()}
    response = Client().post("/id/oauth/token", json.dumps(body), "application/json")
    assert response.status_code == 200, response.content


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"grant_type": 1}', '{"a": {"b": 1}}', "[" * 9999]
)
def test_malformed_json_is_refused(portal: RelyingParty, body: str) -> None:
    response = Client().post("/id/oauth/token", body, "application/json")
    assert_refused(response, "invalid_request")


def test_credentials_in_the_address_are_refused(portal: RelyingParty) -> None:
    response = Client().post(
        f"/id/oauth/token?client_secret={portal.secret}",
        {"grant_type": "client_credentials", "client_id": portal.client_id},
    )
    assert_refused(response, "invalid_request")


def test_a_parameter_given_twice_is_refused(portal: RelyingParty, adele: Client) -> None:
    form = {
        **portal.credentials(),
        "grant_type": "authorization_code",
        "code": [portal.code(adele), "other"],
        "redirect_uri": portal.callback,
        "code_verifier": portal.verifier,
    }
    assert_refused(Client().post("/id/oauth/token", form), "invalid_request")


def test_only_post(portal: RelyingParty) -> None:
    assert Client().get("/id/oauth/token").status_code == 405


@pytest.mark.parametrize("name", ["client", "authorization", "user", "refresh_token_instance"])
def test_a_parameter_cannot_pose_as_what_the_server_has_found(
    portal: RelyingParty, adele: Client, name: str
) -> None:
    response = portal.exchange(portal.code(adele), **{name: "forged"})
    assert response.status_code == 200, response.content


def test_an_application_that_signs_in_no_people_gets_no_code_exchanged(
    portal: RelyingParty, adele: Client
) -> None:
    code = portal.code(adele)
    Application.objects.filter(pk=portal.application.pk).update(grant_types=["refresh_token"])
    assert_refused(portal.exchange(code), "unauthorized_client")


def test_json_with_a_parameter_twice_is_refused(portal: RelyingParty) -> None:
    body = '{"grant_type": "client_credentials", "client_id": "a", "client_id": "b"}'
    response = Client().post("/id/oauth/token", body, content_type="application/json")
    assert_refused(response, "invalid_request")


def test_what_a_client_posts_is_in_no_report(portal: RelyingParty, rf: RequestFactory) -> None:
    """Django's reports of errors hide what the view marks."""
    request = rf.post("/id/oauth/token", {"client_secret": "s3cret", "refresh_token": "t0ken"})
    TokenView.as_view()(request)
    shown = SafeExceptionReporterFilter().get_post_parameters(request)
    assert not {"s3cret", "t0ken"} & set(shown.values())


def test_a_request_that_fits_into_no_cookie_is_refused(portal: RelyingParty) -> None:
    """Sealed, a parameter is several times as long as in the address."""
    response = portal.authorize(Client(), **{f"x{number}": "" for number in range(250)})
    assert len(response.request["QUERY_STRING"]) < 2_000
    assert response.status_code == 400
    assert not [name for name in response.cookies if "azuread_authorize" in name]
