"""Somebody answers in Microsoft's place, or Microsoft's own answer was made for somebody else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client

from azuread_connections.entra.graph import MAX_PAGES
from azuread_connections.microsoft import client as our_microsoft
from azuread_connections.models import Application, Connection, Event, Identity
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Person
from tests.company import Company, query_of, unprove
from tests.entra.raw_server import RawServer, Wire
from tests.factories import ConnectionFactory, CredentialFactory, EnabledConnectionFactory

from . import forging
from .catalogue import Attacker, Standing, attack
from .forging import GUID, TEMPLATE, Forge, Scene, Token

pytestmark = [pytest.mark.django_db, attack(who=Attacker.MICROSOFT)]

CALLBACK = "/login/callback"

# --- Forged ID tokens -----------------------------------------------------------------------------

ALGORITHM = "only RS256 is a signature"
KEY = "only keys that the directory publishes sign; what a header brings along is not looked at"
KEY_ID = "the header names the key by its ID"
SIGNATURE = "the signature covers every byte"
DIRECTORY = "`tid` is the connection's directory, and with `oid` a GUID"
SUBJECT = "`sub` is present and not empty"
ISSUER = "`iss` is the directory's issuer, to the letter"
AUDIENCE = "`aud`, and `azp` where present, are the connection's own client ID alone"
VERSION = "`ver` is the identity API's"
TIMES = "`exp`, `iat` and `nbf` are numbers and hold, with two minutes of leeway"
NONCE = "the nonce is the one of this sign-in"
HASH = "`at_hash`, where present, is the access token's"
FORM = "one JSON object of limited size, no member twice, nothing but JSON"

#: What is forged, how, what stops it, and the words of the refusal.
FORGERIES: list[tuple[str, Forge, str, str]] = [
    ("alg none", forging.unsigned("none"), ALGORITHM, "algorithm"),
    ("alg None", forging.unsigned("None"), ALGORITHM, "algorithm"),
    ("alg NONE", forging.unsigned("NONE"), ALGORITHM, "algorithm"),
    ("alg empty", forging.unsigned(""), ALGORITHM, "algorithm"),
    ("HS256 with the secret", forging.hs256_with_the_secret, ALGORITHM, "algorithm"),
    ("HS256 with the public key", forging.hs256_with_the_public_key, ALGORITHM, "algorithm"),
    ("RS384", forging.another_algorithm, ALGORITHM, "algorithm"),
    ("signature cut off", forging.signature_cut_off, SIGNATURE, "signature"),
    ("changed after signing", forging.changed_after_signing, SIGNATURE, "signature"),
    ("the attacker's signature", forging.by_the_attackers_key(), SIGNATURE, "signature"),
    (
        "embedded jwk",
        forging.by_the_attackers_key(jwk=forging.attackers_jwk()),
        KEY,
        "signature",
    ),
    (
        "jku to the attacker",
        forging.by_the_attackers_key(jku="https://keys.example.net/jwks"),
        KEY,
        "signature",
    ),
    (
        "x5u to the attacker",
        forging.by_the_attackers_key(x5u="https://keys.example.net/cert.pem"),
        KEY,
        "signature",
    ),
    ("x5c of the attacker", forging.by_the_attackers_key(x5c=["MIIB"]), KEY, "signature"),
    ("unknown kid", forging.by_the_attackers_key(kid="unknown"), KEY, "not published"),
    (
        "unknown kid and embedded jwk",
        forging.by_the_attackers_key(kid="mine", jwk={**forging.attackers_jwk(), "kid": "mine"}),
        KEY,
        "not published",
    ),
    ("kid missing", forging.no_key_id, KEY_ID, "names no key"),
    ("kid empty", forging.in_header(kid=""), KEY_ID, "names no key"),
    ("kid a path", forging.in_header(kid="../../dev/null"), KEY, "not published"),
    ("kid a list", forging.in_header(kid=["x"]), KEY_ID, "names no key"),
    ("crit", forging.in_header(crit=["b64"], b64=False), FORM, "critical"),
    ("another connection's token", forging.of_other_connection, DIRECTORY, "(tid)"),
    ("another directory's token", forging.of_other_directory, DIRECTORY, "(tid)"),
    ("tid of another directory", forging.tid_of_other_directory, DIRECTORY, "(tid)"),
    ("iss of another directory", forging.issuer_of_other_directory, ISSUER, "(iss)"),
    ("iss the unresolved template", forging.claim("iss", TEMPLATE), ISSUER, "(iss)"),
    ("iss of the other version", forging.issuer_of_other_version, ISSUER, "(iss)"),
    ("iss a list", forging.in_a_list("iss"), ISSUER, "(iss)"),
    ("iss missing", forging.without("iss"), ISSUER, "(iss)"),
    ("tid missing", forging.without("tid"), DIRECTORY, "tid or oid"),
    ("tid a domain", forging.claim("tid", "contoso.com"), DIRECTORY, "tid or oid"),
    ("tid a list", forging.in_a_list("tid"), DIRECTORY, "tid or oid"),
    ("sub missing", forging.without("sub"), SUBJECT, "(sub)"),
    ("sub empty", forging.claim("sub", ""), SUBJECT, "(sub)"),
    ("sub a list", forging.in_a_list("sub"), SUBJECT, "(sub)"),
    ("oid missing", forging.without("oid"), DIRECTORY, "tid or oid"),
    ("oid an address", forging.claim("oid", "a@contoso.com"), DIRECTORY, "tid or oid"),
    ("oid a number", forging.claim("oid", 1), DIRECTORY, "tid or oid"),
    ("oid an object", forging.claim("oid", {"in": [GUID]}), DIRECTORY, "tid or oid"),
    ("aud of another app", forging.for_other_app, AUDIENCE, "(aud)"),
    ("aud of two apps", forging.for_both_apps, AUDIENCE, "(aud)"),
    ("aud missing", forging.without("aud"), AUDIENCE, "(aud)"),
    ("azp of another app", forging.issued_to_other_app, AUDIENCE, "(azp)"),
    ("ver of the other API", forging.of_other_version, VERSION, "(ver)"),
    ("ver a number", forging.claim("ver", 2.0), VERSION, "(ver)"),
    ("ver missing", forging.without("ver"), VERSION, "(ver)"),
    ("expired", forging.later("exp", -130), TIMES, "(exp)"),
    ("exp as text", forging.as_text("exp"), TIMES, "exp"),
    ("exp missing", forging.without("exp"), TIMES, "exp"),
    ("exp true", forging.claim("exp", True), TIMES, "exp"),
    ("issued in the future", forging.later("iat", 600), TIMES, "(iat)"),
    ("not valid yet", forging.later("nbf", 600), TIMES, "(nbf)"),
    ("nonce wrong", forging.claim("nonce", "another"), NONCE, "(nonce)"),
    ("nonce missing", forging.without("nonce"), NONCE, "(nonce)"),
    ("nonce empty", forging.claim("nonce", ""), NONCE, "(nonce)"),
    ("nonce a list", forging.in_a_list("nonce"), NONCE, "(nonce)"),
    ("at_hash of another token", forging.claim("at_hash", "another"), HASH, "(at_hash)"),
    ("a claim twice", forging.one_more_member(f'"oid": "{GUID}"'), FORM, "well-formed"),
    ("NaN", forging.one_more_member('"x": NaN'), FORM, "well-formed"),
    ("claims a list", forging.raw_claims(lambda claims: f"[{claims}]"), FORM, "well-formed"),
    (
        "deeply nested",
        forging.one_more_member(f'"x": {"[" * 20_000}{"]" * 20_000}'),
        FORM,
        "well-formed",
    ),
    ("oversized", forging.claim("x", "x" * 70_000), FORM, "too long"),
]


@pytest.fixture(params=["v2.0", "v1.0"])
def scene(request: pytest.FixtureRequest, contoso: Company, fabrikam: Company) -> Scene:
    """A sign-in at one identity API, with the other connection in the attacker's hands."""
    if request.param == "v2.0":
        return Scene(target=contoso, other=fabrikam)
    return Scene(target=fabrikam, other=contoso)


@attack(wants="to come in with a forged ID token, under either identity API")
@pytest.mark.parametrize(
    ("forge", "words"),
    [
        pytest.param(forge, words, id=what, marks=attack(stopped_by=rule))
        for what, forge, rule, words in FORGERIES
    ],
)
def test_a_forged_id_token(scene: Scene, client: Client, forge: Forge, words: str) -> None:
    scene.target.microsoft.tamper_id_token(lambda header, claims: forge(scene, header, claims))
    before = Standing.now()

    response = scene.target.sign_in(client)

    event = before.assert_stopped(response, 502, "id_token_invalid")
    assert event is not None
    assert words in event.message


@attack(wants="to come in with the ID token of an earlier sign-in", stopped_by=NONCE)
def test_a_reused_id_token(contoso: Company, client: Client) -> None:
    seen: list[tuple[Token, Token]] = []

    def note(header: Token, claims: Token) -> None:
        seen.append((dict(header), dict(claims)))

    contoso.microsoft.tamper_id_token(note)
    assert contoso.sign_in(client).status_code == 302
    contoso.microsoft.tamper_id_token(lambda header, claims: seen[0])
    before = Standing.now()
    event = before.assert_stopped(contoso.sign_in(Client()), 502, "id_token_invalid")
    assert "(nonce)" in event.message  # type: ignore[union-attr]


@attack(
    wants="to have a key of personal accounts sign for a company",
    stopped_by="a key signs only for the issuer that it is published with",
)
def test_a_key_whose_issuer_covers_another_directory(
    everybody: Company, microsoft: StandIn, client: Client
) -> None:
    person = microsoft.add_personal_account("Megan Bowen", mail="megan@outlook.com")
    tenant_id = everybody.directory.tenant_id

    def pretend(header: Token, claims: Token) -> None:
        claims["iss"] = claims["iss"].replace(claims["tid"], tenant_id)
        claims["tid"] = tenant_id

    microsoft.tamper_id_token(pretend)
    before = Standing.now()
    event = before.assert_stopped(everybody.sign_in(client, person), 502, "id_token_invalid")
    assert "not for this directory" in event.message  # type: ignore[union-attr]


@attack(
    wants="to have a key sign that is published for somebody else",
    stopped_by="a key signs only for the issuer that it is published with",
)
@pytest.mark.parametrize(
    "issuer",
    [
        pytest.param("{url}/" + GUID + "/v2.0", id="another directory"),
        pytest.param("https://login.example.net/{{tenantid}}/v2.0", id="another host"),
        pytest.param("{url}/{{tenantid}}/v2.0/x", id="a longer template"),
        pytest.param("{url}/common/v2.0", id="no directory"),
        pytest.param("", id="empty"),
        pytest.param(None, id="none"),
    ],
)
def test_a_key_that_is_published_for_somebody_else(
    contoso: Company, client: Client, issuer: str | None
) -> None:
    said = issuer.format(url=contoso.microsoft.url) if issuer else issuer
    document = json.dumps({"keys": [contoso.microsoft.public_jwk() | {"issuer": said}]})
    contoso.microsoft.fault("keys", times=None, status=200, body=document)
    before = Standing.now()
    event = before.assert_stopped(contoso.sign_in(client), 502, "id_token_invalid")
    assert "not for this directory" in event.message  # type: ignore[union-attr]


@attack(wants="to come in by the common endpoint with a forged ID token", stopped_by=ISSUER)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"tid": GUID}, id="tid against iss"),
        pytest.param({"iss": TEMPLATE}, id="unresolved template"),
        pytest.param({"tid": "{tenantid}", "iss": TEMPLATE}, id="template in both"),
        pytest.param({"tid": "common"}, id="tid is common"),
    ],
)
def test_the_common_endpoint_accepts_no_other_issuer(
    everybody: Company, client: Client, claims: dict[str, str]
) -> None:
    everybody.microsoft.tamper_id_token(lambda header, token: token.update(claims))
    before = Standing.now()
    before.assert_stopped(everybody.sign_in(client), 502, "id_token_invalid")


# --- Keys -----------------------------------------------------------------------------------------


def _with(**members: Any) -> Any:
    return lambda key: {**key, **members}


@attack(
    wants="to have a token checked with a key that is none",
    stopped_by="RSA keys for signatures, of 2048 bits or more, and no others",
)
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_with(kty="oct", k="c2VjcmV0"), id="a shared secret"),
        pytest.param(_with(use="enc"), id="a key for encryption"),
        pytest.param(_with(n=forging.segment(bytes([255]) * 64)), id="512 bits"),
        pytest.param(_with(e="AQ"), id="an exponent of 1"),
        pytest.param(_with(n="", e=""), id="no number"),
        pytest.param(_with(issuer={"any": 1}), id="an issuer that is no text"),
        pytest.param(_with(cloud_instance_name=["x"]), id="a cloud that is no text"),
        pytest.param(lambda key: "not a key", id="no object"),
    ],
)
def test_a_malformed_published_key(contoso: Company, client: Client, spoil: Any) -> None:
    key = contoso.microsoft.public_jwk() | {"issuer": TEMPLATE}
    document = json.dumps({"keys": [spoil(key)]})
    contoso.microsoft.fault("keys", times=None, status=200, body=document)
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "microsoft_error")


@attack(
    wants="to have the site ask for keys without end",
    stopped_by="an unknown key ID asks each key document at most once in five minutes",
)
@pytest.mark.parametrize(
    ("has_own_key", "requests"),
    [
        # It stands for the directory's keys and for what the registration has of its own.
        pytest.param(False, 1, id="the directory's keys"),
        pytest.param(True, 2, id="an own key of the registration"),
    ],
)
def test_a_flood_of_unknown_key_ids(
    contoso: Company, client: Client, has_own_key: bool, requests: int
) -> None:
    if has_own_key:
        contoso.microsoft.rotate_app_key(contoso.app)
    assert contoso.sign_in(client).status_code == 302
    unknown = forging.by_the_attackers_key(kid="unknown")
    scene = Scene(contoso, contoso)
    contoso.microsoft.tamper_id_token(lambda h, c: unknown(scene, h, c), times=None)
    asked = contoso.microsoft.count("keys")
    before = Standing.now()
    for _ in range(10):
        _let_pass(contoso, 2)
        response = contoso.sign_in(Client())
    before.assert_stopped(response, 502, "id_token_invalid", times=10)
    assert 1 <= contoso.microsoft.count("keys") - asked <= requests


def _let_pass(company: Company, seconds: int) -> None:
    """Let the keys that are known be some seconds old, without waiting."""
    authority = our_microsoft.authority("global", company.directory.tenant_id, "v2.0")
    client_id = company.connection.client_id
    for url in (authority.keys_url, authority.app_keys_url(client_id)):
        key = f"azuread_connections:keys:keys:{hashlib.sha256(url.encode()).hexdigest()}"
        if stored := cache.get(key):
            fetched_at, keys = stored
            aged = {k: {**v, "seen_at": v["seen_at"] - seconds} for k, v in keys.items()}
            cache.set(key, (fetched_at - seconds, aged))


@attack(
    wants="to have a token of another cloud accepted, where the same IDs are other people",
    stopped_by="a key signs only in the cloud that its document names",
)
@pytest.mark.parametrize("name", ["microsoftonline.us", "partner.microsoftonline.cn", "x"])
def test_a_key_of_another_cloud(contoso: Company, client: Client, name: str) -> None:
    issuer = f"{contoso.microsoft.url}/{{tenantid}}/v2.0"
    key = contoso.microsoft.public_jwk() | {"issuer": issuer, "cloud_instance_name": name}
    contoso.microsoft.fault("keys", times=None, status=200, body=json.dumps({"keys": [key]}))
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "id_token_invalid")


@attack(
    wants="to sign for another registration with the key of one's own",
    stopped_by="a registration's own key is found at the address of that registration only",
)
@pytest.mark.parametrize("identity_api", ["v2.0", "v1.0"])
def test_another_registrations_own_key(
    contoso: Company, client: Client, application: Application, identity_api: str
) -> None:
    """Of the same directory, and right after a sign-in in the same process with that key."""
    Connection.objects.update(identity_api=identity_api)
    theirs = contoso.directory.add_app(redirect_uris=contoso.app.redirect_uris)
    other = ConnectionFactory.create(
        name="other",
        domain="contoso.net",
        tenant_id=contoso.directory.tenant_id,
        client_id=theirs.client_id,
        identity_api=identity_api,
    )
    CredentialFactory.create(connection=other, value=theirs.secrets[0].value)
    EnabledConnectionFactory.create(application=application, connection=other)
    key_id = contoso.microsoft.rotate_app_key(theirs)
    key = contoso.microsoft.private_key(key_id)
    owner = replace(contoso, connection=other, app=theirs)
    assert owner.sign_in(Client()).status_code == 302

    def signed_by_it(header: Token, claims: Token) -> str:
        return forging.compact(
            {**header, "kid": key_id},
            claims,
            lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256()),
        )

    contoso.microsoft.tamper_id_token(signed_by_it)
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "id_token_invalid")


# --- Addresses ------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[RawServer]:
    """A server of the attacker's, which notes who calls."""

    def answer(wire: Wire) -> None:
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    server = RawServer(answer)
    yield server
    server.stop()


@attack(
    wants="to be sent codes, secrets and tokens",
    stopped_by="every address comes from the cloud and the directory, none from a document",
)
def test_a_discovery_document_that_names_other_addresses(
    contoso: Company, client: Client, elsewhere: RawServer
) -> None:
    Connection.objects.update(tenant_id="")
    unprove()
    tenant_id = contoso.directory.tenant_id
    document = {
        "issuer": f"{contoso.microsoft.url}/{tenant_id}/v2.0",
        "token_endpoint": f"{elsewhere.url}/{tenant_id}/oauth2/v2.0/token",
        "jwks_uri": f"{elsewhere.url}/keys",
        "authorization_endpoint": f"{elsewhere.url}/authorize",
    }
    contoso.microsoft.fault("discovery", status=200, body=json.dumps(document))
    contoso.microsoft.fault("token", status=500)
    contoso.sign_in(Client())
    assert Connection.objects.get().tenant_id == tenant_id  # learnt from that document
    unknown = forging.by_the_attackers_key(kid="mine")
    scene = Scene(contoso, contoso)
    contoso.microsoft.tamper_id_token(lambda h, c: unknown(scene, h, c))
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "id_token_invalid")
    assert elsewhere.connections == 0


@attack(
    wants="to have a directory trusted that another cloud, or a directory for customers, has",
    stopped_by="a discovery document that names another cloud pins nothing",
)
@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("login.microsoftonline.us", "microsoftonline.us"),
        ("login.microsoftonline.com", "microsoftonline.us"),
        ("login.partner.microsoftonline.cn", "partner.microsoftonline.cn"),
        (f"{GUID}.ciamlogin.com", "microsoftonline.com"),
        ("contoso.b2clogin.com", "microsoftonline.com"),
    ],
)
def test_a_discovery_document_of_another_cloud(
    contoso: Company, client: Client, host: str, name: str
) -> None:
    Connection.objects.update(tenant_id="")
    unprove()
    address = f"https://{host}/{GUID}/"
    document = {"issuer": address, "token_endpoint": address, "cloud_instance_name": name}
    contoso.microsoft.fault("discovery", status=200, body=json.dumps(document))
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "microsoft_error")


@attack(
    wants="to have another directory trusted than the one that the domain belongs to",
    stopped_by="a discovery document that does not name one directory names none",
)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"issuer": f"https://x/{GUID}/"}, id="one address only"),
        pytest.param(
            {"issuer": f"https://x/{GUID}/", "token_endpoint": f"https://x/{GUID[::-1]}/token"},
            id="two directories",
        ),
        pytest.param({"issuer": TEMPLATE, "token_endpoint": TEMPLATE}, id="any directory"),
    ],
)
def test_a_discovery_document_that_names_no_one_directory(
    contoso: Company, client: Client, document: dict[str, str]
) -> None:
    Connection.objects.update(tenant_id="")
    unprove()
    contoso.microsoft.fault("discovery", status=200, body=json.dumps(document))
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "microsoft_error")


@attack(
    wants="to be sent codes, secrets and tokens",
    stopped_by="no redirect is followed",
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("endpoint", ["token", "keys"])
def test_a_redirect_to_somewhere_else(
    contoso: Company, client: Client, elsewhere: RawServer, endpoint: str, status: int
) -> None:
    contoso.microsoft.fault(endpoint, status=status, redirect=f"{elsewhere.url}/x")
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "microsoft_error")
    assert elsewhere.connections == 0


@attack(
    wants="to smuggle a line into a request by an access token",
    stopped_by="tokens are printable ASCII",
)
@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "ä", ""])
def test_an_access_token_that_is_more_than_one_line(
    contoso: Company, client: Client, token: str
) -> None:
    Connection.objects.update(extended_profile=True)
    contoso.microsoft.tamper_token_response(lambda answer: {**answer, "access_token": token})
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "microsoft_error")
    assert contoso.microsoft.count("me") == 0


# --- Graph ----------------------------------------------------------------------------------------

OWN_PAGES = "a next page is followed on the Graph host and nowhere else, and never twice"


@pytest.fixture
def with_groups(contoso: Company) -> Company:
    Connection.objects.update(security_groups=True)
    contoso.connection.refresh_from_db()
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    return contoso


def _next_link(company: Company, elsewhere: RawServer, where: str) -> str:
    graph, evil = company.microsoft.graph_url, elsewhere.url
    host = graph.removeprefix("http://").partition("/")[0]
    return {
        "foreign": f"{evil}/v1.0/me/memberOf",
        "userinfo": f"http://{host}@{evil.removeprefix('http://')}/v1.0/me/memberOf",
        "longer host": f"{graph}.{evil.removeprefix('http://')}/v1.0/me",
        "no path": f"{graph}/v1.0@{evil.removeprefix('http://')}/",
        "other scheme": "file:///etc/passwd",
        "relative": "/v1.0/me/memberOf",
        "no text": ["x"],  # type: ignore[dict-item]
        "itself": f"{graph}/v1.0/me/memberOf/microsoft.graph.group?$skiptoken=x",
    }[where]


@attack(wants="to be sent the access token by Graph's link to the next page", stopped_by=OWN_PAGES)
@pytest.mark.parametrize("needs_group", [True, False], ids=["membership needed", "rights mapped"])
@pytest.mark.parametrize(
    "where",
    [
        *("foreign", "userinfo", "longer host", "no path"),
        *("other scheme", "relative", "no text", "itself"),
    ],
)
def test_a_next_page_elsewhere(
    with_groups: Company, client: Client, elsewhere: RawServer, where: str, needs_group: bool
) -> None:
    powers = Group.objects.create(name="powers")
    with_groups.connection.group_mappings.create(
        directory_group_id=GUID, group=powers, admits=needs_group
    )
    link = _next_link(with_groups, elsewhere, where)
    page = json.dumps({"value": [{"id": GUID}], "@odata.nextLink": link})
    with_groups.microsoft.fault("groups", times=None, status=200, body=page)
    before = Standing.now()
    response = with_groups.sign_in(client)
    if needs_group:
        before.assert_stopped(response, 503, "microsoft_unreachable")
    else:
        before.assert_only_own_account(response)
    assert Event.objects.filter(kind="groups_incomplete").exists()
    assert elsewhere.connections == 0


@attack(wants="to keep a worker busy with a list that leads to itself", stopped_by=OWN_PAGES)
def test_a_circle_of_pages(with_groups: Company, client: Client, elsewhere: RawServer) -> None:
    with_groups.connection.group_mappings.create(directory_group_id=GUID, admits=True)
    link = _next_link(with_groups, elsewhere, "itself")
    page = json.dumps({"value": [{"id": GUID}], "@odata.nextLink": link})
    with_groups.microsoft.fault("groups", times=None, status=200, body=page)
    before = Standing.now()
    before.assert_stopped(with_groups.sign_in(client), 503, "microsoft_unreachable")
    assert with_groups.microsoft.count("groups") == 2


@attack(
    wants="to keep a worker busy with a list that never ends",
    stopped_by="pages are limited in number and in time, and a list that broke off counts for none",
)
def test_a_list_without_end(with_groups: Company, client: Client) -> None:
    with_groups.connection.group_mappings.create(directory_group_id=GUID, admits=True)
    for number in range(MAX_PAGES + 5):
        link = f"{with_groups.microsoft.graph_url}/v1.0/me/memberOf?$skiptoken={number}"
        page = json.dumps({"value": [{"id": GUID}], "@odata.nextLink": link})
        with_groups.microsoft.fault("groups", status=200, body=page)
    before = Standing.now()
    before.assert_stopped(with_groups.sign_in(client), 503, "microsoft_unreachable")
    assert with_groups.microsoft.count("groups") <= MAX_PAGES


@attack(
    wants="rights by groups that stand in the ID token",
    stopped_by="groups come from Graph, complete, and are known by their IDs",
)
@pytest.mark.parametrize("claim", ["groups", "roles", "wids"])
def test_groups_in_the_token(with_groups: Company, client: Client, claim: str) -> None:
    powers = Group.objects.create(name="powers")
    with_groups.connection.group_mappings.create(directory_group_id=GUID, group=powers)
    with_groups.person.claims[claim] = [GUID, "powers"]
    before = Standing.now()
    before.assert_only_own_account(with_groups.sign_in(client))


@attack(
    wants="rights by a group of the right name",
    stopped_by="groups come from Graph, complete, and are known by their IDs",
)
def test_a_group_of_the_same_name(with_groups: Company, client: Client) -> None:
    powers = Group.objects.create(name="powers")
    with_groups.connection.group_mappings.create(
        directory_group_id=GUID, label="powers", group=powers
    )
    with_groups.directory.add_group("powers", members=[with_groups.person])
    before = Standing.now()
    before.assert_only_own_account(with_groups.sign_in(client))


# --- What a stolen code is worth ------------------------------------------------------------------


@attack(wants="to use a stolen code whose PKCE challenge was stripped or weakened on the way")
@pytest.mark.parametrize(
    ("stripped", "status", "code"),
    [
        pytest.param(
            ("code_challenge", "code_challenge_method"),
            *(502, "id_token_invalid"),
            id="stripped",
            marks=attack(stopped_by=NONCE),
        ),
        pytest.param(
            ("code_challenge_method",),
            *(400, "transaction_expired"),
            id="S256 to plain",
            marks=attack(stopped_by="the verifier goes to the token endpoint and nowhere else"),
        ),
    ],
)
def test_pkce_stripped(contoso: Company, stripped: tuple[str, ...], status: int, code: str) -> None:
    victim, attacker = Client(), Client()
    authorize, _, asked = contoso.start(victim).partition("?")
    kept = {name: value for name, value in parse_qsl(asked) if name not in stripped}
    came_back = contoso.microsoft.sign_in(f"{authorize}?{urlencode(kept)}", contoso.person)
    state = query_of(contoso.start(attacker))["state"]
    before = Standing.now()
    response = attacker.get(CALLBACK, {"state": state, "code": query_of(came_back)["code"]})
    before.assert_stopped(response, status, code)


@attack(
    wants="to come in as somebody whose account is of another kind of directory",
    stopped_by=DIRECTORY,
)
def test_a_personal_account_at_a_companys_connection(
    contoso: Company, microsoft: StandIn, client: Client
) -> None:
    person: Person = microsoft.add_personal_account("Megan Bowen", mail="megan@outlook.com")

    def as_personal(header: Token, claims: Token) -> None:
        claims["tid"] = person.directory.tenant_id
        claims["iss"] = claims["iss"].replace(contoso.directory.tenant_id, claims["tid"])

    microsoft.tamper_id_token(as_personal)
    before = Standing.now()
    before.assert_stopped(contoso.sign_in(client), 502, "id_token_invalid")


# --- Optional claims ------------------------------------------------------------------------------

WHO = {
    "oid": "22223333-cccc-4444-dddd-5555eeee6666",
    "email": "boss@contoso.com",
    "upn": "boss@contoso.com",
    "preferred_username": "boss@contoso.com",
    "roles": ["Admin"],
}


@attack(
    wants="to be somebody else, by an optional claim that is called like one that decides",
    stopped_by="kept claims decide nothing, and names of claims that decide are never kept",
)
@pytest.mark.parametrize("stored", [sorted(WHO), ["claims", "badge"]], ids=["reserved", "nested"])
def test_an_optional_claim_that_names_somebody_else(
    contoso: Company, settings: Any, stored: list[str]
) -> None:
    """The list went round the form, so nothing has refused its names."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {
            **{"username": "claims.upn", "email": "claims.email"},
            **{"is_staff": "claims.badge", "is_superuser": "claims.badge"},
            **{"first_name": "claims.claims", "last_name": "claims.oid"},
        }
    }
    boss = User.objects.create_user("boss@contoso.com", "boss@contoso.com")
    Connection.objects.update(optional_claims=stored, link_by_email=True)
    contoso.person.claims.update(claims=WHO, badge=True)
    contoso.sign_in(Client())
    contoso.sign_in(Client())
    identity = Identity.objects.get()
    assert identity.object_id == contoso.person.object_id
    user = identity.user
    assert user != boss
    assert (user.username, user.email) == (contoso.person.upn, "")
    assert (user.first_name, user.last_name) == ("", "")
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert not WHO.keys() & identity.profile.get("claims", {}).keys()
    assert identity.roles == []
