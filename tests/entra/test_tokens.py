from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from azuread_connections.entra.cloud import CLOUDS, V1, V2, Authority
from azuread_connections.entra.credentials import SecretCredential
from azuread_connections.entra.errors import (
    AccessDenied,
    CodeNotAccepted,
    ConsentRequired,
    CredentialRejected,
    DirectoryNotFound,
    EntraError,
    MalformedResponse,
    MicrosoftError,
    Unreachable,
)
from azuread_connections.entra.id_token import IdTokenClaims, IdTokenPolicy, validate_id_token
from azuread_connections.entra.metadata import SigningKeys
from azuread_connections.entra.tokens import (
    AppToken,
    AuthorizationRequest,
    CodeGrant,
    TokenResponse,
    admin_consent_url,
    authorization_url,
    logout_url,
    redeem_code,
    request_app_token,
)
from azuread_connections.entra.transport import Secret, Transport
from azuread_connections.testing import App, Directory, Person, StandIn
from tests.entra.clock import ClockedCache

TENANT = "3aa4a235-b6e2-48d5-9195-7fcf05b459b0"
CLIENT = "6731de76-14a6-49ae-97bc-6eba6914391e"
REDIRECT_URI = "https://portal.contoso.com/login/callback"
VERIFIER = "a-code-verifier-of-at-least-forty-three-characters"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
REQUEST = AuthorizationRequest(
    client_id=CLIENT,
    redirect_uri=REDIRECT_URI,
    state="the+state&more",
    nonce="the-nonce",
    code_challenge=CHALLENGE,
    login_hint="adele@contoso.com",
    domain_hint="contoso.com",
)


# --- The authorization request --------------------------------------------------------------------

COMMON = {
    "client_id": CLIENT,
    "response_type": "code",
    "response_mode": "query",
    "redirect_uri": REDIRECT_URI,
    "state": "the+state&more",
    "nonce": "the-nonce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "login_hint": "adele@contoso.com",
    "domain_hint": "contoso.com",
}


def asked(cloud: str, version: str, request: AuthorizationRequest) -> tuple[str, dict[str, str]]:
    """Return the address and the parameters, each of which must occur only once."""
    url = urlsplit(authorization_url(Authority(CLOUDS[cloud], TENANT, version), request))
    pairs = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    assert not url.fragment
    return f"{url.scheme}://{url.netloc}{url.path}", dict(pairs)


def test_v2_asks_by_scope() -> None:
    address, parameters = asked("global", V2, REQUEST)
    assert address == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize"
    assert parameters == {**COMMON, "scope": "openid profile email"}


def test_v1_asks_by_resource_and_for_a_signed_id_token() -> None:
    address, parameters = asked("global", V1, REQUEST)
    assert address == f"https://login.microsoftonline.com/{TENANT}/oauth2/authorize"
    assert parameters == {
        **COMMON,
        "resource": "https://graph.microsoft.com",
        "scope": "openid",
    }


@pytest.mark.parametrize(
    ("cloud", "resource"),
    [
        ("usgov", "https://graph.microsoft.us"),
        ("dod", "https://dod-graph.microsoft.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_the_resource_of_v1_is_the_clouds_own(cloud: str, resource: str) -> None:
    assert asked(cloud, V1, REQUEST)[1]["resource"] == resource


@pytest.mark.parametrize(
    ("cloud", "scope"),
    [
        (
            "global",
            "openid profile email https://graph.microsoft.com/User.Read"
            " https://graph.microsoft.com/GroupMember.Read.All",
        ),
        (
            "dod",
            "openid profile email https://dod-graph.microsoft.us/User.Read"
            " https://dod-graph.microsoft.us/GroupMember.Read.All",
        ),
    ],
)
def test_v2_asks_for_permissions_at_the_clouds_own_graph(cloud: str, scope: str) -> None:
    request = replace(REQUEST, graph_scopes=("User.Read", "GroupMember.Read.All"))
    assert asked(cloud, V2, request)[1]["scope"] == scope


def test_v1_cannot_ask_for_permissions_one_by_one() -> None:
    request = replace(REQUEST, graph_scopes=("User.Read",))
    assert asked("global", V1, request) == asked("global", V1, REQUEST)


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("hint", ["login_hint", "domain_hint"])
def test_an_empty_hint_is_left_out(version: str, hint: str) -> None:
    changes: dict[str, Any] = {hint: ""}
    with_both = asked("global", version, REQUEST)[1]
    without = asked("global", version, replace(REQUEST, **changes))[1]
    assert without == {name: value for name, value in with_both.items() if name != hint}


def test_a_request_has_no_hints_unless_they_are_given() -> None:
    plain = AuthorizationRequest(
        client_id=CLIENT,
        redirect_uri=REDIRECT_URI,
        state="the-state",
        nonce="the-nonce",
        code_challenge=CHALLENGE,
    )
    assert not {"login_hint", "domain_hint"} & set(asked("global", V2, plain)[1])


def test_a_hint_cannot_add_a_parameter() -> None:
    forged = "x&redirect_uri=https://evil.example#"
    assert asked("global", V2, replace(REQUEST, login_hint=forged))[1]["login_hint"] == forged


# --- Consent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "path", "scope"),
    [
        (V2, "v2.0/adminconsent", {"scope": "https://graph.microsoft.us/.default"}),
        (V1, "adminconsent", {}),
    ],
)
def test_an_administrator_is_asked_for_all_that_the_app_is_registered_for(
    version: str, path: str, scope: dict[str, str]
) -> None:
    authority = Authority(CLOUDS["usgov"], "organizations", version)
    url = urlsplit(
        admin_consent_url(
            authority, client_id=CLIENT, redirect_uri=REDIRECT_URI, state="the+state&more"
        )
    )
    assert f"{url.scheme}://{url.netloc}" == "https://login.microsoftonline.us"
    assert url.path == f"/organizations/{path}"
    assert dict(parse_qsl(url.query, strict_parsing=True)) == {
        "client_id": CLIENT,
        "redirect_uri": REDIRECT_URI,
        "state": "the+state&more",
        **scope,
    }


# --- Sign-out -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "path"), [(V2, "oauth2/v2.0/logout"), (V1, "oauth2/logout")])
def test_the_address_that_ends_a_session_at_microsoft(version: str, path: str) -> None:
    authority = Authority(CLOUDS["china"], TENANT, version)
    for hint in ("", "an+opaque&hint"):
        url = urlsplit(
            logout_url(authority, redirect_uri=REDIRECT_URI, state="x&y", logout_hint=hint)
        )
        assert f"{url.scheme}://{url.netloc}" == "https://login.partner.microsoftonline.cn"
        assert url.path == f"/{TENANT}/{path}"
        assert dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)) == {
            "post_logout_redirect_uri": REDIRECT_URI,
            "state": "x&y",
            **({"logout_hint": hint} if hint else {}),
        }
    assert "logout_hint" not in logout_url(authority, redirect_uri=REDIRECT_URI, state="x")


# --- The exchange, over HTTP ----------------------------------------------------------------------


@dataclass
class Exchange:
    """Contoso at Microsoft, and our side of one sign-in there."""

    entra: StandIn
    transport: Transport
    directory: Directory
    app: App
    person: Person
    version: str = V2

    @property
    def authority(self) -> Authority:
        cloud = CLOUDS["global"].moved(
            login_url=self.entra.url, graph_url=f"{self.entra.url}/graph"
        )
        return Authority(cloud, self.directory.tenant_id, self.version)

    def code(self) -> str:
        """Have a code issued by a sign-in on the stand-in's pages."""
        request = replace(REQUEST, client_id=self.app.client_id, login_hint="", domain_hint="")
        callback = self.entra.sign_in(authorization_url(self.authority, request), self.person)
        return dict(parse_qsl(urlsplit(callback).query))["code"]

    def grant(self, **changes: Any) -> CodeGrant:
        """Return what redeems a new code."""
        return CodeGrant(
            **{
                "client_id": self.app.client_id,
                "credential": SecretCredential(Secret(self.app.secrets[0].value)),
                "code": changes.pop("code", None) or self.code(),
                "redirect_uri": REDIRECT_URI,
                "code_verifier": VERIFIER,
                **changes,
            }
        )

    def redeem(self, grant: CodeGrant) -> TokenResponse:
        return redeem_code(self.transport, self.authority, grant)

    def refusal(self, grant: CodeGrant | None = None) -> EntraError:
        """Redeem the code, and return the error."""
        with pytest.raises(EntraError) as caught:
            self.redeem(grant or self.grant())
        return caught.value


@pytest.fixture
def exchange(entra: StandIn, transport: Transport) -> Exchange:
    directory = entra.add_directory("contoso.com", tenant_id=TENANT)
    app = directory.add_app(client_id=CLIENT, redirect_uris=[REDIRECT_URI])
    return Exchange(entra, transport, directory, app, directory.add_person("Adele Vance"))


@pytest.mark.parametrize("version", [V1, V2])
def test_a_code_is_redeemed_in_one_request_for_a_valid_id_token(
    exchange: Exchange, cache: ClockedCache, version: str
) -> None:
    exchange.version = version
    tokens = exchange.redeem(exchange.grant())
    assert exchange.entra.count("token") == 1
    authority = exchange.authority
    keys = SigningKeys(exchange.transport, cache)
    claims = validate_id_token(
        tokens.id_token,
        policy=IdTokenPolicy(authority, CLIENT, TENANT, "the-nonce"),
        find_key=lambda key_id: keys.find(authority.keys_url, key_id),
        access_token=tokens.access_token,
        now=time.time(),
    )
    assert isinstance(claims, IdTokenClaims)
    assert (claims.tenant_id, claims.object_id) == (TENANT, exchange.person.object_id)
    assert claims.name == "Adele Vance"


@pytest.mark.parametrize(
    ("version", "path", "what"),
    [
        (V2, "oauth2/v2.0/token", {"scope": "openid profile email"}),
        (V1, "oauth2/token", {"scope": "openid", "resource": "https://graph.microsoft.com"}),
    ],
)
def test_the_token_request_is_exactly_this(
    exchange: Exchange, version: str, path: str, what: dict[str, str]
) -> None:
    exchange.version = version
    grant = exchange.grant()
    exchange.redeem(grant)
    request = exchange.entra.requests[-1]
    assert request.path == f"/{TENANT}/{path}"
    assert request.query == {}
    assert "Authorization" not in request.headers
    assert request.form == {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "client_secret": exchange.app.secrets[0].value,
        "code": grant.code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        **{name: value.format(url=exchange.entra.url) for name, value in what.items()},
    }


def test_the_same_permissions_are_requested_at_the_token_endpoint(exchange: Exchange) -> None:
    exchange.redeem(exchange.grant(graph_scopes=("User.Read",)))
    scope = exchange.entra.requests[-1].form["scope"]
    assert scope == "openid profile email https://graph.microsoft.com/User.Read"


@pytest.mark.parametrize(
    ("sent", "granted"),
    [
        ("openid profile User.Read email", {"openid", "profile", "User.Read", "email"}),
        ("https://graph.microsoft.com/User.Read", {"User.Read"}),
        ("api://a/b/c  openid\n", {"c", "openid"}),
        ("", set()),
        (None, set()),
        (5, set()),
        (["openid"], set()),
        (" ".join(f"s{number}" for number in range(10_000)), {f"s{n}" for n in range(100)}),
    ],
    # A set has another order in each process, which pytest-xdist treats as other tests.
    ids=lambda value: "" if isinstance(value, set) else repr(value)[:40],
)
def test_what_is_granted_is_read_without_its_resource(
    exchange: Exchange, sent: object, granted: set[str]
) -> None:
    exchange.entra.tamper_token_response(lambda answer: {**answer, "scope": sent})
    assert exchange.redeem(exchange.grant()).scopes == granted


def test_an_answer_that_does_not_say_what_is_granted_grants_nothing(exchange: Exchange) -> None:
    exchange.entra.fault("token", body='{"id_token": "a.b.c", "access_token": "x"}')
    assert exchange.redeem(exchange.grant()).scopes == frozenset()


# --- The app's own token --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "path", "what"),
    [
        (V2, "oauth2/v2.0/token", {"scope": "https://graph.microsoft.com/.default"}),
        (V1, "oauth2/token", {"resource": "https://graph.microsoft.com"}),
    ],
)
def test_the_request_for_the_apps_own_token_has_exactly_these_fields(
    exchange: Exchange, version: str, path: str, what: dict[str, str]
) -> None:
    exchange.version = version
    secret = exchange.app.secrets[0].value
    token = request_app_token(
        exchange.transport, exchange.authority, CLIENT, SecretCredential(Secret(secret))
    )
    assert token.access_token
    # v1.0 sends the number as a string.
    assert 3599 <= token.expires_in <= 5400
    (request,) = exchange.entra.requests
    assert request.path == f"/{TENANT}/{path}"
    assert request.form == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_secret": secret,
        **what,
    }


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (3599, 3599),
        ("3599", 3599),
        (None, 0),
        ("", 0),
        ("-1", 0),
        ("soon", 0),
        ("3599.5", 0),
        (True, 0),
        ([3599], 0),
    ],
    ids=repr,
)
def test_an_app_token_without_a_sensible_lifetime_has_none(
    exchange: Exchange, sent: object, seconds: int
) -> None:
    exchange.entra.tamper_token_response(lambda answer: {**answer, "expires_in": sent})
    token = request_app_token(
        exchange.transport,
        exchange.authority,
        CLIENT,
        SecretCredential(Secret(exchange.app.secrets[0].value)),
    )
    assert token.expires_in == seconds


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"aadsts": 7000222}, CredentialRejected),
        ({"aadsts": 7000229}, MicrosoftError),
        ({"aadsts": 90002}, DirectoryNotFound),
        ({"status": 503}, Unreachable),
        ({"status": 500}, MalformedResponse),
        ({"body": "{}"}, MalformedResponse),
        ({"body": '{"access_token": "x", "expires_in": 1}', "status": 400}, MicrosoftError),
    ],
    ids=repr,
)
def test_the_apps_own_token_fails_like_any_other(
    exchange: Exchange, fault: dict[str, Any], expected: type[EntraError]
) -> None:
    exchange.entra.fault("token", **fault)
    with pytest.raises(EntraError) as caught:
        request_app_token(
            exchange.transport, exchange.authority, CLIENT, SecretCredential(Secret("a-secret"))
        )
    assert type(caught.value) is expected
    assert "a-secret" not in str(caught.value)
    assert exchange.entra.count("token") == 1


# --- What can go wrong with a code ---------------------------------------------------------------


def test_a_wrong_secret_is_rejected(exchange: Exchange) -> None:
    error = exchange.refusal(
        exchange.grant(credential=SecretCredential(Secret("the ID of the secret")))
    )
    assert type(error) is CredentialRejected
    assert error.aadsts_code == 7000215
    assert error.error == "invalid_client"
    assert error.correlation_id
    assert error.trace_id


def test_an_expired_secret_is_rejected(exchange: Exchange) -> None:
    exchange.app.secrets[0].expires_at = exchange.entra.clock() - 1
    error = exchange.refusal()
    assert type(error) is CredentialRejected
    assert error.aadsts_code == 7000222


def test_a_code_is_accepted_once(exchange: Exchange) -> None:
    grant = exchange.grant()
    exchange.redeem(grant)
    error = exchange.refusal(grant)
    assert type(error) is CodeNotAccepted
    assert error.aadsts_code == 54005


def test_a_code_expires(exchange: Exchange) -> None:
    grant = exchange.grant()
    issued_at = exchange.entra.clock()
    exchange.entra.clock = lambda: issued_at + 601
    error = exchange.refusal(grant)
    assert type(error) is CodeNotAccepted
    assert error.aadsts_code == 70008


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": VERIFIER[::-1]}, 501481),
        ({"code": "malformed"}, 9002313),
    ],
    ids=["another sign-in's verifier", "a malformed code"],
)
def test_a_code_that_is_not_ours_is_not_accepted(
    exchange: Exchange, changes: dict[str, str], code: int
) -> None:
    error = exchange.refusal(exchange.grant(**changes))
    assert type(error) is CodeNotAccepted
    assert error.aadsts_code == code


def test_a_code_of_another_directory_is_not_accepted(exchange: Exchange) -> None:
    grant = exchange.grant()
    exchange.app.multi_tenant = True
    exchange.directory = exchange.entra.add_directory("fabrikam.com")
    error = exchange.refusal(grant)
    assert type(error) is CodeNotAccepted
    assert error.aadsts_code == 700005


def test_a_directory_that_is_gone_is_not_found(exchange: Exchange) -> None:
    grant = exchange.grant()
    exchange.directory = replace(exchange.directory, tenant_id=TENANT.replace("3", "4"))
    assert type(exchange.refusal(grant)) is DirectoryNotFound


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"aadsts": 7000218}, CredentialRejected),
        ({"aadsts": 65001}, ConsentRequired),
        ({"aadsts": 50105}, AccessDenied),
        ({"aadsts": 50057}, AccessDenied),
        ({"aadsts": 700016}, MicrosoftError),
        ({"aadsts": 90002}, DirectoryNotFound),
        ({"status": 429}, Unreachable),
        ({"status": 503}, Unreachable),
        ({"close": True}, Unreachable),
        ({"status": 500}, MalformedResponse),
        ({"redirect": "/elsewhere"}, MalformedResponse),
        ({"body": "<html></html>"}, MalformedResponse),
        ({"body": "[]"}, MalformedResponse),
        ({"body": "{}"}, MalformedResponse),
        ({"body": "{}", "status": 400}, MicrosoftError),
        ({"body": '{"id_token": "a.b.c", "access_token": "x"}', "status": 201}, MicrosoftError),
        ({"body": '{"id_token": "a.b.c", "access_token": "x"}', "status": 400}, MicrosoftError),
    ],
    ids=repr,
)
def test_every_failure_has_its_class_and_one_request(
    exchange: Exchange, fault: dict[str, Any], expected: type[EntraError]
) -> None:
    exchange.entra.fault("token", **fault)
    assert type(exchange.refusal()) is expected
    assert exchange.entra.count("token") == 1


@pytest.mark.parametrize("value", [None, "", 5, True, [], ["a.b.c"], {}])
@pytest.mark.parametrize("member", ["id_token", "access_token"])
def test_both_tokens_must_be_there(exchange: Exchange, member: str, value: object) -> None:
    exchange.entra.tamper_token_response(lambda answer: {**answer, member: value})
    error = exchange.refusal()
    assert type(error) is MalformedResponse
    assert str(error) == f"Microsoft's token response has no valid {member}."


@pytest.mark.parametrize("member", ["id_token", "access_token"])
def test_neither_token_may_be_missing(exchange: Exchange, member: str) -> None:
    exchange.entra.tamper_token_response(
        lambda answer: {name: value for name, value in answer.items() if name != member}
    )
    assert str(exchange.refusal()) == f"Microsoft's token response has no valid {member}."


def test_tokens_are_taken_as_they_are(exchange: Exchange) -> None:
    exchange.entra.fault("token", body='{"id_token": "not checked here", "access_token": " x "}')
    tokens = exchange.redeem(exchange.grant())
    assert tokens == TokenResponse(id_token="not checked here", access_token=" x ")


# --- What must not be shown -----------------------------------------------------------------------


def test_no_representation_shows_a_secret_a_code_or_a_token() -> None:
    grant = CodeGrant(
        client_id=CLIENT,
        credential=SecretCredential(Secret("hidden-1")),
        code="hidden-2",
        redirect_uri=REDIRECT_URI,
        code_verifier="hidden-3",
    )
    tokens = TokenResponse(id_token="hidden-4", access_token="hidden-5")
    app_token = AppToken(access_token="hidden-6", expires_in=1)
    for value in (grant, tokens, app_token):
        for shown in (repr(value), str(value), f"{[value]}"):
            assert "hidden" not in shown
    assert CLIENT in repr(grant)


def test_no_error_shows_a_secret_a_code_or_a_token(exchange: Exchange) -> None:
    grant = exchange.grant(
        credential=SecretCredential(Secret("wrong-secret")), code_verifier="wrong-verifier" * 4
    )
    for fault in ({}, {"status": 500}, {"close": True}, {"body": "{}"}, {"aadsts": 54005}):
        if fault:
            exchange.entra.fault("token", **fault)
        error = exchange.refusal(grant)
        for text in (str(error), repr(error)):
            assert "wrong-secret" not in text
            assert "wrong-verifier" not in text
            assert grant.code not in text
