"""A client that wants more than its own, or somebody who poses as one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.provider.failed_authentication import LIMIT
from azuread_connections.provider.models import API, Authorization, ClientGrant
from tests.attacks.catalogue import Attacker, attack
from tests.company import Company, query_of
from tests.provider.relying_party import RelyingParty, challenge_of, error_of, userinfo

from .gains import Gains

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CLIENT)]

ORDERS = "https://orders.example.com/"
OTHERS_VERIFIER = "another-verifier-of-at-least-forty-three-characters"


@pytest.fixture
def mallory(contoso: Company) -> RelyingParty:
    """A client that is registered here, too."""
    return RelyingParty.create(contoso, callback="https://mallory.example/callback")


def assert_refused(response: Any, error: str = "invalid_grant", status: int = 400) -> None:
    assert response.status_code == status, response.content
    assert response.json()["error"] == error
    assert "access_token" not in response.json()


# --- Codes ----------------------------------------------------------------------------------------


@attack(wants="to use the code of another client", stopped_by="a code is found by its client")
@pytest.mark.parametrize("names_the_callback_of", ["its own", "the other"])
def test_the_code_of_another_client(
    portal: RelyingParty, mallory: RelyingParty, adele: Client, names_the_callback_of: str
) -> None:
    code = portal.code(adele)
    before = Gains.now()
    callback = portal.callback if names_the_callback_of == "the other" else mallory.callback
    assert_refused(mallory.exchange(code, redirect_uri=callback, code_verifier=portal.verifier))
    before.assert_none()
    assert portal.exchange(code).status_code == 200


@attack(
    wants="to use a code a second time",
    stopped_by="a code is good once; used twice, it ends what it gave (RFC 6749 section 4.1.2)",
)
def test_the_replay_of_a_code(portal: RelyingParty, adele: Client) -> None:
    code = portal.code(adele)
    tokens = portal.exchange(code).json()
    before = Gains.now()
    assert_refused(portal.exchange(code))
    before.assert_none()
    assert userinfo(tokens["access_token"]).status_code == 401
    assert_refused(portal.refresh(tokens["refresh_token"]))


@attack(
    wants="to use a stolen code without its verifier",
    stopped_by="PKCE: the verifier of the request (RFC 7636 section 4.6)",
)
@pytest.mark.parametrize("verifier", [None, "", OTHERS_VERIFIER, "{challenge}"])
def test_a_stolen_code_without_its_verifier(
    contoso: Company, spa: RelyingParty, verifier: str | None
) -> None:
    browser = Client()
    contoso.sign_in(browser, application=spa.application.slug)
    code = spa.code(browser)
    before = Gains.now()
    if verifier == "{challenge}":
        verifier = challenge_of(spa.verifier)
    response = spa.exchange(code, code_verifier=verifier)
    assert response.status_code == 400
    before.assert_none()


@attack(
    wants="a code without a challenge, or with one that can be read off",
    stopped_by="public clients need PKCE, and every client S256 (RFC 9700 section 2.1.1)",
)
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": OTHERS_VERIFIER, "code_challenge_method": "plain"},
    ],
)
@pytest.mark.parametrize("is_optional", [False, True])
def test_a_downgrade_of_pkce(
    contoso: Company, spa: RelyingParty, changes: dict[str, str | None], is_optional: bool
) -> None:
    spa.client.is_pkce_required = not is_optional
    spa.client.save()
    browser = Client()
    contoso.sign_in(browser, application=spa.application.slug)
    before = Gains.now()
    assert error_of(spa.authorize(browser, **changes)) == "invalid_request"
    before.assert_none()


@attack(
    wants="the challenge taken out of a request on its way, and the code injected at the client",
    stopped_by="a verifier without a challenge is refused (RFC 9700 section 4.8.2)",
)
def test_a_challenge_that_was_taken_out(contoso: Company) -> None:
    party = RelyingParty.create(contoso, is_pkce_required=False)
    browser = Client()
    contoso.sign_in(browser, application=party.application.slug)
    code = party.code(browser, code_challenge=None, code_challenge_method=None)
    before = Gains.now()
    assert_refused(party.exchange(code))
    before.assert_none()


@attack(
    wants="to use a code that was sent to another address",
    stopped_by="the redirect URI of the exchange is that of the request (RFC 6749 section 4.1.3)",
)
@pytest.mark.parametrize("redirect_uri", ["https://client.example/other", "", None])
def test_a_code_that_was_sent_elsewhere(
    portal: RelyingParty, adele: Client, redirect_uri: str | None
) -> None:
    Application.objects.filter(pk=portal.application.pk).update(
        allowed_callback_urls=[portal.callback, "https://client.example/other"]
    )
    code = portal.code(adele)
    before = Gains.now()
    assert portal.exchange(code, redirect_uri=redirect_uri).status_code == 400
    before.assert_none()


# --- Refresh tokens -------------------------------------------------------------------------------


@attack(
    wants="to go on with a stolen refresh token",
    stopped_by="each is used once; used twice, it ends the family (RFC 9700 section 4.14.2)",
)
@pytest.mark.parametrize("thief_is_first", [False, True])
def test_a_refresh_token_that_two_have(
    portal: RelyingParty, adele: Client, thief_is_first: bool
) -> None:
    first = portal.tokens(adele)
    second = portal.refresh(first["refresh_token"]).json()
    newest = portal.refresh(second["refresh_token"]).json() if thief_is_first else second
    before = Gains.now()
    assert_refused(portal.refresh(first["refresh_token"]))
    before.assert_none()
    assert_refused(portal.refresh(newest["refresh_token"]))
    assert userinfo(newest["access_token"]).status_code == 401


@attack(
    wants="to use the refresh token of another client",
    stopped_by="a refresh token is found by its client",
)
def test_the_refresh_token_of_another_client(
    portal: RelyingParty, mallory: RelyingParty, adele: Client
) -> None:
    token = portal.tokens(adele)["refresh_token"]
    before = Gains.now()
    assert_refused(mallory.refresh(token))
    before.assert_none()
    assert portal.refresh(token).status_code == 200  # nor does it end it


@attack(
    wants="one kind of token taken for another",
    stopped_by="each is looked up in its own table, by a digest of its own",
)
def test_a_token_of_another_kind(portal: RelyingParty, adele: Client) -> None:
    tokens = portal.tokens(adele)
    code = portal.code(adele)
    before = Gains.now()
    for other in (tokens["access_token"], tokens["id_token"], code):
        assert_refused(portal.refresh(other))
    for other in (tokens["access_token"], tokens["refresh_token"], tokens["id_token"]):
        assert_refused(portal.exchange(other))
    for other in (tokens["refresh_token"], tokens["id_token"], code):
        assert userinfo(other).status_code == 401
        assert portal.introspect(other) == {"active": False}
    before.assert_none()


@attack(
    wants="to learn of another client's token, or to end it",
    stopped_by="introspection and revocation look at the client's own",
)
def test_a_look_at_another_clients_token(
    portal: RelyingParty, mallory: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    for name in ("access_token", "refresh_token"):
        assert mallory.introspect(tokens[name]) == {"active": False}
        form = {**mallory.credentials(), "token": tokens[name]}
        assert Client().post("/id/oauth/revoke", form).status_code == 200
    assert userinfo(tokens["access_token"]).status_code == 200
    assert portal.refresh(tokens["refresh_token"]).status_code == 200


@attack(
    wants="the tokens of a confidential client without its secret, once its type was changed",
    stopped_by="what a client holds is good for the type it had then",
)
def test_tokens_from_before_a_change_of_type(portal: RelyingParty, adele: Client) -> None:
    tokens, code = portal.tokens(adele), portal.code(adele)
    Application.objects.filter(pk=portal.application.pk).update(application_type="spa")
    portal.secret = ""
    before = Gains.now()
    assert_refused(portal.exchange(code))
    assert_refused(portal.refresh(tokens["refresh_token"]))
    before.assert_none()


# --- APIs -----------------------------------------------------------------------------------------


@pytest.fixture
def orders(db: None) -> API:
    scopes = {"read:orders": "see orders", "write:orders": "change orders"}
    return API.objects.create(name="Orders", identifier=ORDERS, scopes=scopes)


@attack(
    wants="an access token for an API that was not granted",
    stopped_by="a grant for each pair of client and API (RFC 8707 section 2)",
)
@pytest.mark.parametrize("parameter", ["audience", "resource"])
def test_an_api_that_was_not_granted(machine: RelyingParty, orders: API, parameter: str) -> None:
    before = Gains.now()
    answer = machine.token(grant_type="client_credentials", **{parameter: ORDERS})
    assert_refused(answer, "invalid_target")
    before.assert_none()


@attack(wants="more of an API than was granted", stopped_by="no scope beyond those of the grant")
@pytest.mark.parametrize("scope", ["write:orders", "read:orders write:orders", "admin"])
def test_a_scope_that_was_not_granted(machine: RelyingParty, orders: API, scope: str) -> None:
    ClientGrant.objects.create(client=machine.client, api=orders, scope="read:orders")
    before = Gains.now()
    answer = machine.token(grant_type="client_credentials", audience=ORDERS, scope=scope)
    assert_refused(answer, "invalid_scope")
    before.assert_none()


@attack(
    wants="a code for one API exchanged for a token of another",
    stopped_by="the exchange and each refresh are for the API of the request",
)
def test_another_api_at_the_exchange(portal: RelyingParty, adele: Client, orders: API) -> None:
    stock = API.objects.create(name="Stock", identifier="https://stock.example.com/")
    code = portal.code(adele, audience=ORDERS, scope="openid offline_access read:orders")
    before = Gains.now()
    assert_refused(portal.exchange(code, audience=stock.identifier), "invalid_target")
    before.assert_none()
    tokens = portal.exchange(code).json()
    before = Gains.now()
    answer = portal.refresh(tokens["refresh_token"], resource=stock.identifier)
    assert_refused(answer, "invalid_target")
    before.assert_none()


@attack(
    wants="a client of somebody else to ask for an API on behalf of people without a grant",
    stopped_by="only a first-party client can do without",
)
def test_an_api_on_behalf_of_people(contoso: Company, orders: API) -> None:
    party = RelyingParty.create(contoso, is_first_party=False)
    browser = Client()
    contoso.sign_in(browser, application=party.application.slug)
    before = Gains.now()
    assert error_of(party.authorize(browser, audience=ORDERS)) == "invalid_target"
    before.assert_none()


# --- Who a client is ------------------------------------------------------------------------------


@attack(
    wants="to find out which client IDs there are",
    stopped_by="an unknown one is answered as a wrong secret or a foreign redirect URI",
)
@pytest.mark.parametrize("endpoint", ["token", "revoke", "introspect", "authorize"])
def test_an_enumeration_of_clients(portal: RelyingParty, endpoint: str) -> None:
    def ask(client_id: str) -> Any:
        if endpoint == "authorize":
            changes = {"client_id": client_id, "redirect_uri": "https://mallory.example/"}
            return portal.authorize(Client(), **changes)
        form = {"grant_type": "client_credentials", "token": "x", "client_id": client_id}
        return Client().post(f"/id/oauth/{endpoint}", {**form, "client_secret": "wrong"})

    known, unknown = ask(portal.client_id), ask("nobody")
    assert known.status_code == unknown.status_code >= 400
    assert known.content == unknown.content
    # Each has its own second.
    without_time = [{**each.headers, "Expires": ""} for each in (known, unknown)]
    assert without_time[0] == without_time[1]


@attack(
    wants="to guess a client's secret", stopped_by="ten failures a minute from one address (429)"
)
def test_a_guess_after_the_other(portal: RelyingParty) -> None:
    before = Gains.now()
    found = [
        portal.token(grant_type="client_credentials", client_secret=f"guess-{number}")
        for number in range(LIMIT + 1)
    ]
    assert [each.status_code for each in found] == [*[401] * LIMIT, 429]
    assert portal.token(grant_type="client_credentials").status_code == 429
    before.assert_none()


@attack(
    wants="to lock a client out by guessing as it",
    stopped_by="failures are counted for client and address together",
)
def test_a_lock_out(portal: RelyingParty) -> None:
    form = {"grant_type": "client_credentials", **portal.credentials(), "client_secret": "wrong"}
    for _ in range(LIMIT + 1):
        response = Client(REMOTE_ADDR="192.0.2.66").post("/id/oauth/token", form)
    assert response.status_code == 429
    assert portal.token(grant_type="client_credentials").status_code == 200


@attack(
    wants="to be taken for a confidential client without its secret",
    stopped_by="only a public client proves itself by its ID alone",
)
@pytest.mark.parametrize("secret", [None, "", "wrong"])
def test_a_confidential_client_without_its_secret(
    portal: RelyingParty, adele: Client, secret: str | None
) -> None:
    code, tokens = portal.code(adele), portal.tokens(adele)
    before = Gains.now()
    assert_refused(portal.exchange(code, client_secret=secret), "invalid_client", 401)
    refreshed = portal.refresh(tokens["refresh_token"], client_secret=secret)
    assert_refused(refreshed, "invalid_client", 401)
    before.assert_none()


@attack(
    wants="to be taken for a native application that the person has signed in to",
    stopped_by="a program on the device gets no code unseen (RFC 8252 section 8.6)",
)
@pytest.mark.parametrize("prompt", [None, "none"])
@pytest.mark.parametrize(
    "callback", ["com.example.app:/callback", "http://127.0.0.1:51004/callback"]
)
def test_a_program_that_poses_as_a_native_application(
    contoso: Company, callback: str, prompt: str | None
) -> None:
    party = RelyingParty.create(
        contoso, application_type=Application.Type.NATIVE, callback=callback
    )
    browser = Client()
    contoso.sign_in(browser, application=party.application.slug)
    before = Gains.now()
    response = party.authorize(browser, prompt=prompt, code_challenge=challenge_of("its own"))
    before.assert_none()
    assert not Authorization.objects.exists()
    if prompt:
        assert query_of(response["Location"])["error"] == "interaction_required"
    else:
        assert "Continue to " in response.content.decode()
