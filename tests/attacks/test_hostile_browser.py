"""A web page that the victim visits, or somebody with a browser of their own."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection as database
from django.test import AsyncClient, Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from azuread_connections.conf import TRANSACTION_LIFETIME
from azuread_connections.login.flows import consent, trial
from azuread_connections.login.lookup.frontchannel import frontchannel_token
from azuread_connections.login.state import sealing, transaction
from azuread_connections.login.state.sealing import base64url
from azuread_connections.models import Application, Connection, EnabledConnection, Event, Revocation
from azuread_connections.testing import next_address
from tests.company import Company, error_code, query_of, transaction_of
from tests.factories import (
    ApplicationFactory,
    ConnectionFactory,
    EnabledConnectionFactory,
    UserFactory,
)
from tests.login.reports import Arrival
from tests.mail import set_admins

from .catalogue import Attacker, Standing, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.BROWSER)]

CALLBACK = "/login/callback"
GUID = "11112222-bbbb-3333-cccc-4444dddd5555"
SID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
STATE = "A" * 22

OWN_BROWSER = "the state must fit a sealed cookie of the browser that began"
PKCE = "PKCE: a code is redeemed only with the verifier of the sign-in that asked for it"
SEALED = "the cookie is encrypted and authenticated, and bound to its own state"
ONCE = "a sign-in is used once, by all workers that share the cache"


def cookies_of(client: Client) -> dict[str, str]:
    return {name: morsel.value for name, morsel in client.cookies.items()}


def browser_with(cookies: dict[str, str]) -> Client:
    client = Client()
    for name, value in cookies.items():
        client.cookies[name] = value
    return client


def name_of(client: Client) -> str:
    """The key of the user who is signed in, or ""."""
    user = get_user(client)  # type: ignore[arg-type]
    return user.get_username()


# --- Login CSRF -----------------------------------------------------------------------------------


@attack(
    wants="the victim signed in as the attacker, by the attacker's callback (login CSRF)",
    stopped_by=OWN_BROWSER,
)
@pytest.mark.parametrize("state_of", ["anonymous", "signed in", "on the way in"])
def test_login_csrf(contoso: Company, client: Client, state_of: str) -> None:
    if state_of == "signed in":
        client.force_login(UserFactory.create(username="victim"))
    if state_of == "on the way in":
        contoso.start(client)
    attackers = contoso.microsoft.sign_in(contoso.start(Client()), contoso.person)
    before = Standing.now()
    before.assert_stopped(client.get(attackers), 400, "transaction_missing")
    assert name_of(client) == ("victim" if state_of == "signed in" else "")


@attack(
    wants="the victim, signed in as one user, made another one",
    stopped_by="who is signed in as somebody else is asked first",
)
def test_a_victim_who_is_signed_in_as_somebody_else(contoso: Company, victim: Client) -> None:
    before = Standing.now()
    response = contoso.sign_in(victim, next="/reports/")
    before.assert_stopped(response, 200, logged="")
    assert "You are signed in here as victim" in response.content.decode()


@attack(
    wants="a callback accepted that belongs to no sign-in",
    stopped_by=OWN_BROWSER,
)
@pytest.mark.parametrize(
    "query",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"code": "1.Axxx"}, id="no state"),
        pytest.param({"state": STATE, "code": "1.Axxx"}, id="made-up state"),
        pytest.param({"state": f"{STATE}/../x", "code": "x"}, id="state with a path"),
        pytest.param({"state": "é\x00", "code": "x"}, id="state with NUL"),
        pytest.param({"state": "x" * 5000, "code": "y" * 5000}, id="very long"),
        pytest.param({"error": "access_denied"}, id="an error"),
        pytest.param({"admin_consent": "True", "tenant": GUID}, id="a consent"),
        pytest.param({"state": "link.", "admin_consent": "True"}, id="an empty link"),
        pytest.param({"id_token": "a.b.c", "state": STATE}, id="a token"),
    ],
)
def test_a_callback_without_a_sign_in(contoso: Company, client: Client, query: Any) -> None:
    before = Standing.now()
    before.assert_stopped(client.get(CALLBACK, query), 400, "transaction_missing")
    assert contoso.microsoft.count() == 0


@attack(
    wants="a sign-in finished by a request that no person made",
    stopped_by="the callback answers GET alone",
)
@pytest.mark.parametrize("method", ["head", "post", "put", "patch", "delete"])
def test_a_callback_by_another_method(contoso: Company, client: Client, method: str) -> None:
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    before = Standing.now()
    before.assert_stopped(getattr(client, method)(callback_url), 405, logged="")
    assert contoso.microsoft.count("token") == 0


# --- Code injection and mix-up --------------------------------------------------------------------


def stolen_code(company: Company, **parameters: str) -> str:
    """The code of a victim's sign-in, as it might be read from a log or a Referer."""
    return query_of(
        company.microsoft.sign_in(company.start(Client(), **parameters), company.person)
    )["code"]


@attack(wants="to come in with somebody else's code (code injection)", stopped_by=PKCE)
@pytest.mark.parametrize("which", ["contoso", "fabrikam"], ids=["v2.0", "v1.0"])
@pytest.mark.parametrize("source", ["another browser", "another application"])
def test_code_injection(
    request: pytest.FixtureRequest, client: Client, source: str, which: str
) -> None:
    company: Company = request.getfixturevalue(which)
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(application=portal, connection=company.connection)
    application = {"application": "portal"} if source == "another application" else {}
    code = stolen_code(company, **application)
    state = query_of(company.start(client))["state"]
    before = Standing.now()
    response = client.get(CALLBACK, {"state": state, "code": code})
    event = before.assert_stopped(response, 400, "transaction_expired")
    assert event is not None
    assert event.aadsts_code == 501481


@attack(
    wants="one directory's code accepted for another connection (mix-up)",
    stopped_by="a code is redeemed by the connection that its sign-in began with",
)
@pytest.mark.parametrize("same_browser", [True, False], ids=["own browser", "another browser"])
@pytest.mark.parametrize(("at", "code_from"), [("contoso", "fabrikam"), ("fabrikam", "contoso")])
def test_mix_up_between_two_connections(
    request: pytest.FixtureRequest, client: Client, at: str, code_from: str, same_browser: bool
) -> None:
    here: Company = request.getfixturevalue(at)
    there: Company = request.getfixturevalue(code_from)
    state = query_of(here.start(client))["state"]
    source = client if same_browser else Client()
    code = query_of(there.microsoft.sign_in(there.start(source), there.person))["code"]
    before = Standing.now()
    response = client.get(CALLBACK, {"state": state, "code": code})
    before.assert_stopped(response, 400, "transaction_expired")
    [sent] = [each for each in here.microsoft.requests if each.endpoint == "token"]
    assert sent.form["client_id"] == here.app.client_id
    assert sent.path.startswith(f"/{here.directory.tenant_id}/")


ISSUER = "an `iss` in the callback names the issuer that was asked, to the letter (RFC 9207)"


@attack(
    wants="an answer of the attacker's server taken for Microsoft's (mix-up)", stopped_by=ISSUER
)
@pytest.mark.parametrize("answer", ["code", "error"])
@pytest.mark.parametrize("at", ["contoso", "fabrikam"])
def test_mix_up_with_another_server(
    request: pytest.FixtureRequest, client: Client, at: str, answer: str
) -> None:
    company: Company = request.getfixturevalue(at)
    query = query_of(company.microsoft.sign_in(company.start(client), company.person))
    if answer == "error":
        query["error"] = "access_denied"
    before = Standing.now()
    response = client.get(CALLBACK, {**query, "iss": "https://login.example.net/"})
    before.assert_stopped(response, 502, "id_token_invalid")
    # The code has gone nowhere.
    assert company.microsoft.count("token") == 0


@attack(wants="a code of one directory finished as one of another (mix-up)", stopped_by=ISSUER)
def test_mix_up_of_directories_on_the_common_endpoint(everybody: Company, client: Client) -> None:
    query = query_of(everybody.microsoft.sign_in(everybody.start(client), everybody.person))
    before = Standing.now()
    named = f"{everybody.microsoft.url}/{GUID}/v2.0"
    response = client.get(CALLBACK, {**query, "iss": named})
    before.assert_stopped(response, 502, "id_token_invalid")


@attack(wants="a consent recorded that another server has answered (mix-up)", stopped_by=ISSUER)
def test_mix_up_of_the_consent_page(contoso: Company, client: Client) -> None:
    staff = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    request = RequestFactory().get("/")
    request.user = staff
    link = consent.link_for_administrator(request, contoso.connection)
    before = Standing.now()
    query = {
        "state": query_of(link)["state"],
        "admin_consent": "True",
        "tenant": contoso.directory.tenant_id,
        "iss": "https://login.example.net/",
    }
    before.assert_stopped(client.get(CALLBACK, query), 502, "id_token_invalid")


@attack(
    wants="the site to give up its client secret, by a forged answer that calls it rejected",
    stopped_by="only the token endpoint's own numbers about the secret reject it",
)
@pytest.mark.parametrize("error", ["invalid_client", "AADSTS7000222"])
def test_a_forged_rejection_of_the_secret(contoso: Company, client: Client, error: str) -> None:
    state = query_of(contoso.start(client))["state"]
    query = {"state": state, "error": "invalid_client", "error_description": f"{error}: expired"}
    before = Standing.now()
    before.assert_stopped(client.get(CALLBACK, query), 502, "microsoft_error")
    assert not any(secret.is_refused() for secret in contoso.connection.credentials.all())


@attack(
    wants="to be sent on with a code that is none",
    stopped_by="a code of no length, or of too much, is not sent on",
)
@pytest.mark.parametrize("code", [None, "", "x" * 9000])
def test_an_unusable_code(contoso: Company, client: Client, code: str | None) -> None:
    query = {"state": query_of(contoso.start(client))["state"]}
    before = Standing.now()
    response = client.get(CALLBACK, query if code is None else {**query, "code": code})
    before.assert_stopped(response, 400, "transaction_missing")
    assert contoso.microsoft.count("token") == 0


# --- The transaction's cookie ---------------------------------------------------------------------


@attack(wants="a sign-in of one connection finished as one of another", stopped_by=SEALED)
@pytest.mark.parametrize("keep_own", [True, False], ids=["beside its own", "alone"])
def test_a_cookie_moved_to_another_connection(
    contoso: Company, fabrikam: Company, client: Client, keep_own: bool
) -> None:
    contoso.start(client)
    [(_, sealed)] = cookies_of(client).items()
    url = fabrikam.start(browser := Client())
    [name] = cookies_of(browser)
    moved = browser_with({name: sealed, **(cookies_of(client) if keep_own else {})})
    before = Standing.now()
    response = moved.get(fabrikam.microsoft.sign_in(url, fabrikam.person))
    before.assert_stopped(response, 400, "transaction_missing")
    assert contoso.microsoft.count("token") == 0


def _flip(value: str, place: int) -> str:
    return value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]


@attack(wants="a transaction that says what the attacker likes", stopped_by=SEALED)
@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda value: "", id="emptied"),
        pytest.param(lambda value: _flip(value, 0), id="first character"),
        pytest.param(lambda value: _flip(value, len(value) // 2), id="in the middle"),
        pytest.param(lambda value: _flip(value, len(value) - 3), id="near the end"),
        pytest.param(lambda value: value[:-8], id="cut off"),
        pytest.param(lambda value: value * 2, id="twice"),
        pytest.param(lambda value: value[::-1], id="reversed"),
        pytest.param(lambda value: "e30", id="an empty object"),
        pytest.param(lambda value: "!", id="no base64"),
        pytest.param(lambda value: "é", id="not ASCII"),
    ],
)
def test_an_edited_cookie(contoso: Company, client: Client, edit: Any) -> None:
    url = contoso.start(client)
    [(name, value)] = cookies_of(client).items()
    # As a header, for the test client's own cookies would be quoted.
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    before = Standing.now()
    response = Client().get(callback_url, headers={"cookie": f"{name}={edit(value)}"})
    before.assert_stopped(response, 400, "transaction_missing")
    assert contoso.microsoft.count("token") == 0


@attack(wants="a cookie accepted that another site's key has sealed", stopped_by=SEALED)
def test_a_cookie_sealed_with_another_key(contoso: Company, client: Client, settings: Any) -> None:
    ours, settings.SECRET_KEY = settings.SECRET_KEY, "the attacker's own site " * 2
    url = contoso.start(client)
    settings.SECRET_KEY = ours
    before = Standing.now()
    before.assert_stopped(contoso.come_back(client, url), 400, "transaction_missing")


@attack(
    wants="something else that this site has sealed accepted as a transaction",
    stopped_by="what is sealed for one purpose opens for no other",
)
@pytest.mark.parametrize("purpose", ["consent", "users", ""])
def test_a_cookie_sealed_for_another_purpose(
    contoso: Company, client: Client, purpose: str
) -> None:
    url = contoso.start(client)
    [(name, value)] = cookies_of(client).items()
    state = transaction_of(url)
    content = sealing.unseal("transaction", value, name=state)
    other = browser_with({name: sealing.seal(purpose, content, name=state)})
    before = Standing.now()
    before.assert_stopped(contoso.come_back(other, url), 400, "transaction_missing")


@attack(
    wants="a cookie accepted that another subdomain has planted",
    stopped_by="on https the name begins with `__Host-`, read as the browser sent it",
)
@pytest.mark.parametrize("prefix", ["", "\u2000__Host-", "\x85__Host-", "__host-", "__Secure-"])
def test_a_planted_cookie(contoso: Company, client: Client, settings: Any, prefix: str) -> None:
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://testserver"}
    contoso.app.redirect_uris.append(f"https://testserver{CALLBACK}")
    start = client.get("/login/contoso/", secure=True)
    [(name, sealed)] = cookies_of(client).items()
    assert name.startswith("__Host-")
    planted = f"{prefix}{name.removeprefix('__Host-')}={sealed}".encode().decode("latin-1")
    callback_url = contoso.microsoft.sign_in(start["Location"], contoso.person)
    before = Standing.now()
    response = Client().get(callback_url, secure=True, HTTP_COOKIE=planted)
    before.assert_stopped(response, 400, "transaction_missing")


@attack(wants="to use a sign-in again, after it was used", stopped_by=ONCE)
@pytest.mark.parametrize("first", ["succeeded", "was declined", "had a bad code"])
def test_a_replayed_cookie(contoso: Company, client: Client, first: str) -> None:
    url = contoso.start(client)
    kept = cookies_of(client)
    if first == "succeeded":
        again = contoso.microsoft.sign_in(url, contoso.person)
        client.get(again)
        asked = contoso.microsoft.count("token")
    else:
        state = query_of(url)["state"]
        bad = {"error": "access_denied"} if first == "was declined" else {"code": ""}
        client.get(CALLBACK, {"state": state, **bad})
        again = contoso.microsoft.sign_in(url, contoso.person)
        asked = 0
    before = Standing.now()
    response = browser_with(kept).get(again)
    before.assert_stopped(response, 400, "transaction_expired")
    assert contoso.microsoft.count("token") == asked


@attack(wants="to use one sign-in a hundred times", stopped_by=ONCE)
def test_a_hundred_replays(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    kept = cookies_of(client)
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    client.get(callback_url)
    before = Standing.now()
    for _ in range(100):
        response = browser_with(kept).get(callback_url)
    before.assert_stopped(response, 400, "transaction_expired", times=100)
    assert contoso.microsoft.count("token") == 1


@attack(wants="to use one sign-in a hundred times at once", stopped_by=ONCE)
def test_a_hundred_at_once(contoso: Company, client: Client) -> None:
    contoso.start(client)
    before = Standing.now()
    [(name, value)] = cookies_of(client).items()
    begun = transaction.unseal(name[-22:], value)
    with ThreadPoolExecutor(20) as threads:
        taken = list(threads.map(lambda _: dataclasses.replace(begun).use(), range(100)))
    assert taken.count(True) == 1
    url = contoso.microsoft.sign_in(contoso.start(Client()), contoso.person)
    response = client.get(CALLBACK, {**query_of(url), "state": begun.state})
    before.assert_stopped(response, 400, "transaction_expired")


@attack(
    wants="a request too large for the server, by a hundred sign-ins begun in the victim's browser",
    stopped_by="a browser keeps four sign-ins at most",
)
def test_a_hundred_sign_ins_begun(contoso: Company, client: Client) -> None:
    before = Standing.now()
    for _ in range(100):
        contoso.start(client)
    kept = {name: value for name, value in cookies_of(client).items() if value}
    assert len(kept) == 4
    assert sum(len(f"{name}={value}; ") for name, value in kept.items()) < 4096
    response = client.get(CALLBACK, {"state": STATE})
    before.assert_stopped(response, 400, "transaction_missing")


@attack(
    wants="to find a victim's sign-in open long after",
    stopped_by="a sign-in is good for ten minutes",
)
def test_a_sign_in_left_open(contoso: Company, client: Client) -> None:
    url = contoso.start(client)
    callback_url = contoso.microsoft.sign_in(url, contoso.person)
    begun = transaction.unseal(transaction_of(url), next(iter(cookies_of(client).values())))
    later = begun.created_at + TRANSACTION_LIFETIME + 1
    before = Standing.now()
    with mock.patch("azuread_connections.login.state.transaction.time.time", return_value=later):
        response = client.get(callback_url)
    before.assert_stopped(response, 400, "transaction_expired")
    assert contoso.microsoft.count("token") == 0


@attack(
    wants="a sign-in that began under other settings",
    stopped_by="client ID, cloud, directory, API and redirect URI must be as at the start",
)
@pytest.mark.parametrize(
    "change",
    [{"client_id": GUID}, {"cloud": "usgov"}, {"identity_api": "v1.0"}, {"tenant_id": GUID}],
    ids=lambda change: next(iter(change)),
)
def test_a_connection_edited_meanwhile(
    contoso: Company, client: Client, change: dict[str, str]
) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    Connection.objects.update(**change)
    before = Standing.now()
    before.assert_stopped(contoso.come_back(client, url), 400, "transaction_expired")
    assert contoso.microsoft.count("token") == 0


@attack(
    wants="a transaction of one purpose used for another",
    stopped_by="each transaction has its purpose sealed in",
)
@pytest.mark.parametrize(
    ("purpose", "status", "code", "logged"),
    [
        # What it was begun for happens, and that is nothing: no consent is among the parameters.
        pytest.param("consent", 302, "consent_required", "consent_returned", id="consent"),
        pytest.param("logout", 302, "", "", id="logout"),
        pytest.param("try", 400, "transaction_expired", "sign_in_failed", id="try"),
    ],
)
def test_a_transaction_of_another_purpose(
    contoso: Company, client: Client, purpose: str, status: int, code: str, logged: str
) -> None:
    """A real code of a real person: it signs nobody in."""
    url = contoso.start(client)
    begun = transaction.unseal(transaction_of(url), next(iter(cookies_of(client).values())))
    sealed = transaction.seal(dataclasses.replace(begun, purpose=purpose, destination="/x/"))
    other = browser_with({f"azuread_txn_{begun.state}": sealed})
    before = Standing.now()
    response = contoso.come_back(other, url)
    before.assert_stopped(response, status, code, logged=logged)
    assert contoso.microsoft.count("token") == 0


# --- Open redirects -------------------------------------------------------------------------------

OWN_PATHS = "only a path of this site, or an address that the application lists, is a destination"

REDIRECTS = [
    *("https://evil.example.net/", "http://evil.example.net", "HTTPS://EVIL.EXAMPLE.NET/"),
    *("ftp://evil.example.net/", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x"),
    *("data:text/html,<script>alert(1)</script>", "blob:https://x", "mailto:a@example.net"),
    *(
        "//evil.example.net/",
        "///evil.example.net/",
        "////evil.example.net",
        "/\t/evil.example.net",
    ),
    *("http:evil.example.net", "http:/evil.example.net", "http:///evil.example.net/", "https:evil"),
    *("/\\evil.example.net", "\\\\evil.example.net", "\\/evil.example.net", "/\\/evil.example.net"),
    "http:\\\\evil.example.net",
    *("http://testserver@evil.example.net/", "http://testserver:80@evil.example.net/"),
    *("http://testserver%40evil.example.net/", "http://testserver%2eevil.example.net/"),
    *("http://testserver.evil.example.net/", "http://testserverevil.example.net/"),
    *("http://evil.example.net/testserver", "http://evil.example.net#testserver"),
    *("http://evil.example.net?testserver", "http://evil.example.net\\testserver"),
    *(
        "http://ｔｅｓｔｓｅｒｖｅｒ.evil.example.net/",
        "http://evil｡example｡net/",
        "//evil。example。net",
    ),
    *(
        "http://testserver／evil.example.net/",
        "http://xn--testserver-evil/",
        "//[::1]/",
        "//0x7f.1/",
    ),
    *(
        "http://testserver//evil.example.net/",
        "//testserver:1/",
    ),
    *("/x\r\nLocation: https://evil.example.net", "/x\nSet-Cookie: a=b", "/x\x00", "/\u2028x"),
    *(
        " //evil.example.net",
        "\x01//evil.example.net",
        "\u00a0//evil.example.net",
        "x",
        "./x",
        "?x",
    ),
    *("https://portal.example.com.evil.example.net/in", "https://portal.example.com/in/../x"),
    *(
        "https://portal.example.com/in?x",
        "https://portal.example.com/IN",
        "https://portal.example.com",
    ),
    *("https://portal.example.com@evil.example.net/in", "http://portal.example.com/in"),
]

#: Look like another host, and are a path of this site to every browser.
PATHS = {
    "/%09/evil.example.net/..//evil.example.net": "/%09/evil.example.net/..//evil.example.net",
    "http://testserver/\\evil.example.net": "/%5Cevil.example.net",
    "http://testserver/https://evil.example.net": "/https://evil.example.net",
    "/%2F%2Fevil.example.net": "/%2F%2Fevil.example.net",
}

redirects = pytest.mark.parametrize(
    ("asked", "leads_to"),
    [*((asked, "/") for asked in REDIRECTS), *PATHS.items()],
    ids=[ascii(asked) for asked in [*REDIRECTS, *PATHS]],
)


@attack(
    wants="to be sent the victim after a sign-in (open redirect by `next`)", stopped_by=OWN_PATHS
)
@redirects
def test_open_redirect_after_signing_in(
    contoso: Company, application: Application, client: Client, asked: str, leads_to: str
) -> None:
    """Also: none of the application's own addresses to the letter, though they begin as one."""
    application.allowed_callback_urls = ["https://portal.example.com/in"]
    application.save()
    before = Standing.now()
    response = contoso.sign_in(client, next=asked)
    before.assert_only_own_account(response, destination=leads_to)


@attack(
    wants="to be sent the victim after a sign-out (open redirect by `next`)", stopped_by=OWN_PATHS
)
@redirects
def test_open_redirect_after_signing_out(
    application: Application, victim: Client, asked: str, leads_to: str
) -> None:
    application.allowed_logout_urls = ["https://portal.example.com/in"]
    application.save()
    before = Standing.now()
    response = victim.post("/login/logout", {"next": asked})
    before.assert_stopped(response, 302, logged="")
    assert response["Location"] == leads_to


@attack(
    wants="a script run on the way out, by an address that somebody's program has listed",
    stopped_by="a listed address counts only with a scheme of the web or of a native application",
)
@pytest.mark.parametrize(
    "asked",
    [
        *("javascript:alert(1)", "JavaScript://com.example.app/%0aalert(1)", "vbscript:x"),
        *("data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "blob:https://x/y"),
        *("intent://x#Intent;scheme=y;end", "view-source:https://com.example.app/"),
    ],
)
def test_a_listed_address_that_runs_a_script(
    application: Application, victim: Client, asked: str
) -> None:
    """No form stores one, but a program may, without validating."""
    application.allowed_logout_urls = [asked]
    application.save()
    before = Standing.now()
    response = victim.post("/login/logout", {"next": asked})
    before.assert_stopped(response, 302, logged="")
    assert response["Location"] == "/"


@attack(
    wants="to be sent the victim from a page of this site by its links",
    stopped_by=OWN_PATHS,
)
@pytest.mark.parametrize("page", ["/login/", "/login/callback", "/login/nobody/"])
def test_open_redirect_by_the_links_of_a_page(client: Client, db: None, page: str) -> None:
    before = Standing.now()
    response = client.get(page, {"next": "https://evil.example.net/"})
    assert b"evil.example.net" not in response.content
    status, code = {
        "/login/": (200, ""),
        "/login/callback": (400, "transaction_missing"),
        "/login/nobody/": (403, "connection_disabled"),
    }[page]
    before.assert_stopped(response, status, code, logged="sign_in_failed" if code else "")


# --- Pages that lead on ---------------------------------------------------------------------------


@attack(
    wants="to be sent the victim by a failure page, which reads `state` (open redirect)",
    stopped_by="only what this site has sealed is read, and a destination is checked again",
)
@pytest.mark.parametrize("how", ["plain", "of another sign-in", "of another purpose", "changed"])
def test_a_forged_resumption(contoso: Company, client: Client, how: str) -> None:
    content = [1, contoso.connection.pk, "https://evil.example.net/"]
    name, _, sealed = query_of(contoso.start(client, next="/reports/"))["state"].partition(".")
    state = {
        "plain": f"{name}.{base64url(json.dumps(content).encode())}",
        "of another sign-in": f"{transaction_of(contoso.start(client))}.{sealed}",
        "of another purpose": f"{name}.{sealing.seal('transaction', content, name=name)}",
        "changed": f"{name}.{sealed[:-2]}AA",
    }[how]
    before = Standing.now()
    response = Client().get(CALLBACK, {"state": state})
    before.assert_stopped(response, 400, "transaction_missing")
    page = response.content.decode()
    assert "evil.example.net" not in page
    assert "/login/contoso/" not in page


@attack(
    wants="to be sent the victim by an address that was allowed once (open redirect)",
    stopped_by="only what this site has sealed is read, and a destination is checked again",
)
def test_a_resumption_that_leads_to_a_withdrawn_address(
    contoso: Company, client: Client, application: Application
) -> None:
    sealed = sealing.seal(
        "resumption",
        [application.pk, contoso.connection.pk, "https://evil.example.net/"],
        name=STATE,
    )
    before = Standing.now()
    response = Client().get(CALLBACK, {"state": f"{STATE}.{sealed}"})
    before.assert_stopped(response, 400, "transaction_missing")
    assert b"evil.example.net" not in response.content


@attack(
    wants="the victim's browser to sign in as the attacker, by itself (login CSRF)",
    stopped_by="a browser without the transaction is shown a link to a new sign-in, nothing more",
)
def test_the_attackers_callback_with_its_resumption(contoso: Company, victim: Client) -> None:
    callback_url = contoso.microsoft.sign_in(contoso.start(Client()), contoso.person)
    before = Standing.now()
    response = victim.get(callback_url)
    before.assert_stopped(response, 400, "transaction_missing")
    assert b"http-equiv" not in response.content
    assert not response.cookies


@attack(
    wants="to be sent the victim by the page for programs that open links (open redirect)",
    stopped_by="it leads to the address that was asked for, on this site",
)
@pytest.mark.parametrize(
    "address",
    [
        "/login/contoso/?next=https://evil.example.net/",
        "/login/contoso/?continue=https://evil.example.net/",
        "/login/contoso/?x=0;url=https://evil.example.net/",
    ],
)
def test_a_page_for_programs(contoso: Company, client: Client, address: str) -> None:
    before = Standing.now()
    response = client.get(address, headers={"user-agent": "ms-office", "sec-purpose": "prefetch"})
    before.assert_stopped(response, 403, logged="")
    assert next_address(response).startswith("/login/contoso/?")
    answer = client.get(next_address(response))
    assert contoso.come_back(client, answer["Location"])["Location"] == "/"


@attack(
    wants="to use up the sign-ins of a victim by a page that prefetches or previews addresses",
    stopped_by="a request that comes before a person does begins nothing",
)
@pytest.mark.parametrize(
    "headers", [{"sec-purpose": "prefetch"}, {"user-agent": "Slackbot-LinkExpanding 1.0"}]
)
def test_sign_ins_begun_ahead_of_the_victim(
    contoso: Company, client: Client, headers: dict[str, str]
) -> None:
    url = contoso.start(client)
    before = Standing.now()
    for _ in range(5):
        response = client.get("/login/contoso/", headers=headers)
        assert not response.cookies
        before.assert_stopped(response, response.status_code, logged="")
    assert contoso.come_back(client, url)["Location"] == "/"


# --- Host header, header injection, script --------------------------------------------------------


@attack(wants="to have the code sent to a host of the attacker's, by a forged Host")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"host": "evil.example.net"}, 400, id="Host"),
        pytest.param({"host": "testserver@evil.example.net"}, 400, id="Host with userinfo"),
        pytest.param({"host": "testserver.evil.example.net"}, 400, id="Host with a longer name"),
        pytest.param({"host": "testserver:evil"}, 400, id="Host with a port that is none"),
        pytest.param({"x-forwarded-host": "evil.example.net"}, 302, id="X-Forwarded-Host"),
        pytest.param({"forwarded": "host=evil.example.net"}, 302, id="Forwarded"),
        pytest.param({"x-original-url": "//evil.example.net"}, 302, id="X-Original-URL"),
    ],
)
@attack(stopped_by="hosts are those of ALLOWED_HOSTS, and no forwarded one is believed")
def test_a_forged_host(
    contoso: Company, client: Client, headers: dict[str, str], status: int
) -> None:
    before = Standing.now()
    response = client.get("/login/contoso/", headers=headers)
    before.assert_stopped(response, status, logged="")
    if status == 302:
        asked = query_of(response["Location"])
        assert asked["redirect_uri"] == f"http://testserver{CALLBACK}"


@attack(
    wants="to have the code sent to a host of the attacker's, where any Host is allowed",
    stopped_by="the redirect URI is on PUBLIC_URL or on one of the application's own hosts",
)
@pytest.mark.parametrize("moved", [{}, {"moved": "1"}], ids=["first", "moved"])
def test_a_forged_host_where_any_is_allowed(
    contoso: Company, client: Client, settings: Any, moved: dict[str, str]
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://app.example.com"}
    settings.ALLOWED_HOSTS = ["*"]
    before = Standing.now()
    response = client.get("/login/contoso/", moved, headers={"host": "evil.example.net"})
    before.assert_stopped(response, 302, logged="")
    location = response["Location"]
    if moved:
        asked = query_of(location)
        assert asked["redirect_uri"] == f"https://app.example.com{CALLBACK}"
    else:
        assert location.startswith("https://app.example.com/login/contoso/")
    assert "evil" not in location


@attack(
    wants="a header of their own in our answer (CRLF)",
    stopped_by="what goes into a header is encoded, and what is not printable leads nowhere",
)
@pytest.mark.parametrize("parameter", ["next", "login_hint", "application", "connection"])
@pytest.mark.parametrize("at", ["/login/contoso/", "/login/", "/login/callback"])
def test_header_injection(contoso: Company, client: Client, at: str, parameter: str) -> None:
    before = Standing.now()
    response = client.get(at, {parameter: "x\r\nSet-Cookie: sessionid=planted\r\n\r\n<script>"})
    assert "sessionid" not in response.cookies
    assert all("\r" not in value and "\n" not in value for value in response.headers.values())
    assert b"<script>" not in response.content.split(b"</head>")[-1]
    code = error_code(response) if response.status_code >= 400 else ""
    expected = {"": {200, 302}, "connection_disabled": {403}, "transaction_missing": {400}}
    assert response.status_code in expected[code]
    before.assert_stopped(
        response, response.status_code, code, logged="sign_in_failed" if code else ""
    )


SCRIPT = "<script>alert(1)</script>"


@attack(
    wants="script in the victim's browser by an error's text",
    stopped_by="Microsoft's texts are for the log, and whatever is shown is escaped",
)
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        pytest.param({"error": SCRIPT}, 502, "microsoft_error", id="error"),
        pytest.param(
            {"error": "server_error", "error_description": SCRIPT},
            *(502, "microsoft_error"),
            id="description",
        ),
        pytest.param(
            {"error": "access_denied", "error_description": f"AADSTS50105: {SCRIPT}"},
            *(403, "access_denied"),
            id="a known number",
        ),
        pytest.param({"error": "x", "error_uri": f"javascript:{SCRIPT}"}, 502, "microsoft_error"),
        pytest.param({"code": SCRIPT}, 400, "transaction_expired", id="code"),
    ],
)
def test_html_in_an_error(
    contoso: Company, client: Client, query: dict[str, str], status: int, code: str
) -> None:
    state = query_of(contoso.start(client))["state"]
    before = Standing.now()
    response = client.get(CALLBACK, {"state": state, **query})
    before.assert_stopped(response, status, code)
    assert b"<script>alert" not in response.content
    assert b"alert(1)" not in response.content


@attack(
    wants="script in a colleague's browser, by the log of what an attacker sent",
    stopped_by="Microsoft's texts are for the log, and whatever is shown is escaped",
)
def test_html_in_the_log(contoso: Company, client: Client) -> None:
    state = query_of(contoso.start(client))["state"]
    before = Standing.now()
    query = {"state": state, "error": SCRIPT, "error_description": SCRIPT}
    event = before.assert_stopped(client.get(CALLBACK, query), 502, "microsoft_error")
    assert event is not None
    assert SCRIPT in event.message
    boss = Client()
    boss.force_login(
        User.objects.create_superuser("boss"), "django.contrib.auth.backends.ModelBackend"
    )
    for page in ("", f"{event.pk}/change/"):
        shown = boss.get(f"/admin/azuread_connections/event/{page}").content
        assert b"<script>alert" not in shown


@attack(
    wants="script in the victim's browser by what a form is filled in with",
    stopped_by="Microsoft's texts are for the log, and whatever is shown is escaped",
)
def test_html_in_an_address(contoso: Company, client: Client) -> None:
    before = Standing.now()
    response = client.post("/login/", {"email": f'"{SCRIPT}"@x.example'})
    before.assert_stopped(response, 200, logged="")
    assert b"<script>alert" not in response.content


@attack(
    wants="the victim's code, by a link on the error page",
    stopped_by="error pages send no Referer and repeat nothing of their address",
)
def test_a_code_in_the_referer(contoso: Company, client: Client) -> None:
    before = Standing.now()
    response = client.get(CALLBACK, {"code": "the-victims-code", "state": STATE})
    before.assert_stopped(response, 400, "transaction_missing")
    assert response["Referrer-Policy"] == "no-referrer"
    assert b"the-victims-code" not in response.content


@attack(
    wants="the victim's code, by a link or a form on the page that asks which user to be",
    stopped_by="pages of the callback send no more of their address than the site's own",
)
def test_a_code_in_the_referer_of_another_page(contoso: Company, victim: Client) -> None:
    response = contoso.sign_in(victim)
    assert b"Switch user?" in response.content
    # A browser sends the form on it with "Origin: null" under "no-referrer".
    assert response["Referrer-Policy"] == "strict-origin"


# --- Sessions -------------------------------------------------------------------------------------


@attack(
    wants="the victim's session, by a session key planted before (session fixation)",
    stopped_by="the session key is changed at every sign-in",
)
@pytest.mark.parametrize("planted", ["anonymous", "made up", "the attacker's own"])
def test_session_fixation(contoso: Company, client: Client, planted: str) -> None:
    if planted == "the attacker's own":
        attacker = contoso.directory.add_person("Megan Bowen")
        contoso.sign_in(evil := Client(), attacker)
        key = evil.session.session_key
    elif planted == "anonymous":
        store = SessionStore()
        store["cart"] = 1
        store.save()
        key = store.session_key
    else:
        key = "a" * 32
    client.cookies["sessionid"] = str(key)
    before = Standing.now()
    response = contoso.sign_in(client)
    if planted == "the attacker's own":
        # The victim is asked whether to go on as the attacker.
        before.assert_stopped(response, 200, logged="")
        return
    before.assert_only_own_account(response)
    assert client.cookies["sessionid"].value != key
    assert not Session.objects.filter(session_key=key).exists()


@attack(
    wants="the victim signed out by a link or a form of another site",
    stopped_by="signing out takes a POST with a token",
)
@pytest.mark.parametrize(("method", "status"), [("get", 405), ("head", 405), ("post", 403)])
def test_signing_out_by_another_site(contoso: Company, method: str, status: int) -> None:
    victim = Client(enforce_csrf_checks=True)
    contoso.sign_in(victim)
    before = Standing.now()
    before.assert_stopped(getattr(victim, method)("/login/logout"), status, logged="")
    assert victim.get("/login/profile").status_code == 200


@attack(
    wants="the victim signed out by a callback that fails",
    stopped_by="a callback that fails leaves the session as it was",
)
@pytest.mark.parametrize("query", [{"error": "login_required"}, {"state": STATE, "error": "x"}])
def test_signing_out_by_a_failed_callback(victim: Client, query: dict[str, str]) -> None:
    before = Standing.now()
    before.assert_stopped(victim.get(CALLBACK, query), 400, "transaction_missing")
    assert name_of(victim) == "victim"


NOT_TO_GUESS = "the address has a token for each connection, and ends nothing by a guess"


@attack(wants="somebody's session ended by the front-channel logout", stopped_by=NOT_TO_GUESS)
@pytest.mark.parametrize(
    "token",
    [
        *("x", "-1", "0", "é-1", "0-" + "9" * 30, "a" * 40 + "-{pk}", "-{pk}"),
        *("{other}", "{flipped}", "{token}0", "{token}%20", "{TOKEN}"),
    ],
)
def test_front_channel_logout_with_a_guessed_token(
    contoso: Company, fabrikam: Company, client: Client, settings: Any, token: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    contoso.person.claims["sid"] = SID
    contoso.sign_in(client)
    real, pk = frontchannel_token(contoso.connection), contoso.connection.pk
    others = frontchannel_token(fabrikam.connection).partition("-")[0]
    guessed = token.format(
        pk=pk,
        token=real,
        TOKEN=real.upper(),
        other=f"{others}-{pk}",
        flipped=_flip(real, 3),
    )
    before = Standing.now()
    response = Client().get(f"/login/frontchannel-logout/{guessed}", {"sid": SID})
    before.assert_stopped(response, 404, logged="")
    assert not Revocation.objects.exists()
    assert client.get("/login/profile").status_code == 200


@attack(wants="somebody's session ended by the front-channel logout", stopped_by=NOT_TO_GUESS)
@pytest.mark.parametrize(
    "sid", ["", "guess", "%", "*", SID[:-1] + "0", f"{SID}'--", f"{SID}\n", "x" * 9000]
)
def test_front_channel_logout_with_a_guessed_sid(
    contoso: Company, client: Client, settings: Any, sid: str
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    contoso.person.claims["sid"] = SID
    contoso.sign_in(client)
    before = Standing.now()
    path = reverse(
        "azuread_connections:frontchannel_logout", args=[frontchannel_token(contoso.connection)]
    )
    before.assert_stopped(Client().get(path, {"sid": sid}), 200, logged="")
    assert client.get("/login/profile").status_code == 200


@attack(
    wants="a session ended that another connection has led to",
    stopped_by="a connection's address ends sessions of that connection alone",
)
def test_front_channel_logout_of_another_connection(
    contoso: Company, fabrikam: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    contoso.person.claims["sid"] = SID
    contoso.sign_in(client)
    before = Standing.now()
    path = reverse(
        "azuread_connections:frontchannel_logout", args=[frontchannel_token(fabrikam.connection)]
    )
    before.assert_stopped(Client().get(path, {"sid": SID}), 200, logged="")
    assert client.get("/login/profile").status_code == 200


@attack(
    wants="to go on in a session whose ground is gone",
    stopped_by="the middleware ends a session with what it rests on",
)
@pytest.mark.parametrize("page", ["/login/profile", "/whoami"], ids=["sync view", "async view"])
@pytest.mark.parametrize("gone", ["pair", "directory", "person", "everybody", "sid", "user"])
def test_a_session_whose_sign_in_is_no_longer_valid(
    contoso: Company, client: Client, settings: Any, gone: str, page: str
) -> None:
    settings.ROOT_URLCONF = "tests.attacks.urls_async"
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 0}
    contoso.person.claims["sid"] = SID
    if gone == "directory":  # where several can come: one's own is no matter of its status
        contoso.app.multi_tenant = True
        Connection.objects.update(use_common_endpoint=True)
    contoso.sign_in(client)
    browser = AsyncClient()
    browser.cookies = client.cookies
    assert async_to_sync(browser.get)(page).status_code == 200
    connection = contoso.connection
    if gone == "pair":
        EnabledConnection.objects.all().delete()
    elif gone == "directory":
        connection.directories.update(status="refused")
    elif gone == "person":
        Revocation.of_identity(connection, User.objects.get().azuread_identities.get().pk)
    elif gone == "everybody":
        Revocation.everybody(connection)
    elif gone == "sid":
        Revocation.of_microsoft_session(connection, SID)
    else:
        User.objects.update(is_active=False)
    before = Standing.now()
    before.assert_stopped(async_to_sync(browser.get)(page), 401, logged="")


# --- Consent --------------------------------------------------------------------------------------

ONLY_A_CLAIM = "what comes back from the consent page is a claim, sealed to who asked for it"


@pytest.fixture
def staff(client: Client, db: None) -> User:
    user: User = UserFactory.create(username="staff", is_staff=True)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return user


def begin_consent(client: Client) -> str:
    """Begin as the admin's page does; return the state."""
    request = RequestFactory().get("/")
    request.session = client.session
    response = consent.begin(request, Connection.objects.get(), "/admin/connection/")
    for name, morsel in response.cookies.items():
        client.cookies[name] = morsel.value
    return query_of(response["Location"])["state"]


def consent_link(user: User) -> str:
    request = RequestFactory().get("/")
    request.user = user
    return query_of(consent.link_for_administrator(request, Connection.objects.get()))["state"]


@attack(wants="a consent believed that nobody has given", stopped_by=ONLY_A_CLAIM)
@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param({"admin_consent": "True", "tenant": GUID}, "", id="another directory"),
        pytest.param({"admin_consent": "True", "tenant": "x' OR 1=1"}, "", id="no directory"),
        pytest.param({"tenant": GUID}, "consent_required", id="no answer"),
        pytest.param({"admin_consent": "False"}, "consent_required", id="declined"),
        pytest.param(
            {"admin_consent": "True", "error": "access_denied", "tenant": GUID},
            "consent_required",
            id="an error beside it",
        ),
        pytest.param({"code": "1.Axxx"}, "consent_required", id="a code"),
    ],
)
@pytest.mark.parametrize("by", ["staff member", "link"])
def test_a_forged_return_from_consent(
    contoso: Company, staff: User, client: Client, by: str, query: dict[str, str], code: str
) -> None:
    browser = client if by == "staff member" else Client()
    state = begin_consent(client) if by == "staff member" else consent_link(staff)
    before = Standing.now()
    response = browser.get(CALLBACK, {"state": state, **query})
    status = 302 if by == "staff member" else 200
    before.assert_stopped(response, status, code, logged="consent_returned")
    assert contoso.microsoft.count("token") == 0


@attack(wants="a consent noted by who was not asked", stopped_by=ONLY_A_CLAIM)
@pytest.mark.parametrize(
    ("forge", "code"),
    [
        pytest.param(lambda link, cookie: "link.AAAA", "transaction_missing", id="made up"),
        pytest.param(lambda link, cookie: f"link.{cookie}", "transaction_missing", id="a cookie"),
        pytest.param(lambda link, cookie: _flip(link, 40), "transaction_missing", id="edited"),
        pytest.param(
            lambda link, cookie: "link." + sealing.seal("consent", [1, "staff"]),
            "transaction_missing",
            id="of another version",
        ),
        pytest.param(
            lambda link, cookie: "link." + sealing.seal("consent", [10**9, "staff", 10**11]),
            "connection_disabled",
            id="a connection that is gone",
        ),
        pytest.param(
            lambda link, cookie: "link." + sealing.seal("consent", [1, "staff", 1]),
            "transaction_expired",
            id="too old",
        ),
    ],
)
def test_a_forged_consent_link(
    contoso: Company, staff: User, client: Client, forge: Any, code: str
) -> None:
    state = begin_consent(client)
    forged = forge(consent_link(staff), client.cookies[f"azuread_txn_{state}"].value)
    before = Standing.now()
    query = {"state": forged, "admin_consent": "True", "tenant": contoso.directory.tenant_id}
    status = 403 if code == "connection_disabled" else 400
    before.assert_stopped(Client().get(CALLBACK, query), status, code)


@attack(
    wants="a staff member's trial or consent finished in another browser", stopped_by=OWN_BROWSER
)
@pytest.mark.parametrize("begin", [consent.begin, trial.begin], ids=["consent", "try"])
def test_a_staff_members_transaction_in_another_browser(
    contoso: Company, staff: User, client: Client, begin: Any
) -> None:
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = staff
    state = query_of(begin(request, contoso.connection, "/admin/")["Location"])["state"]
    before = Standing.now()
    query = {"state": state, "admin_consent": "True", "code": "1.Axxx"}
    before.assert_stopped(Client().get(CALLBACK, query), 400, "transaction_missing")


# --- Learning and flooding ------------------------------------------------------------------------


@pytest.fixture
def shown(contoso: Company) -> Callable[..., tuple[Any, ...]]:
    """What an answer shows and costs, without the words that were asked for."""

    def of(word: str, ask: Any) -> tuple[Any, ...]:
        with CaptureQueriesContext(database) as queries:
            response = ask()
        page = response.content.decode()
        for marker in ('csrfmiddlewaretoken" value="', "<code>"):
            if marker in page:
                changing = page.split(marker)[1].split('"' if "csrf" in marker else "<")[0]
                page = page.replace(changing, "")
        asked = [q["sql"].replace(word, "WORD") for q in queries if q["sql"].startswith("SELECT")]
        return (
            response.status_code,
            page.replace(word, "WORD"),
            [a for a in asked if "event" not in a],
        )

    return of


@attack(
    wants="to learn who is a customer, by home realm discovery (oracle)",
    stopped_by="unknown, disabled and enabled elsewhere: the same queries, the same page",
)
@pytest.mark.parametrize("state_of", ["enabled elsewhere", "enabled nowhere", "alias elsewhere"])
def test_home_realm_discovery_as_an_oracle(client: Client, shown: Any, state_of: str) -> None:
    customer = ConnectionFactory.create(name="northwind", domain="northwindtraders.com")
    if state_of == "alias elsewhere":
        customer.aliases.create(domain="northwind.example")
    if state_of != "enabled nowhere":
        EnabledConnectionFactory.create(connection=customer)
    domain = "northwind.example" if "alias" in state_of else "northwindtraders.com"
    before = Standing.now()
    seen = [
        shown(word, lambda word=word: client.post("/login/", {"email": f"a@{word}"}))
        for word in (domain, "un" + domain)
    ]
    assert seen[0] == seen[1]
    response = client.post("/login/", {"email": f"a@{domain}"})
    before.assert_stopped(response, 200, logged="")


@attack(
    wants="to learn which connections there are, by their names",
    stopped_by="unknown, disabled and enabled elsewhere: the same queries, the same page",
)
@pytest.mark.parametrize("where", ["/login/{}/", "/login/?connection={}"])
@pytest.mark.parametrize("is_enabled_elsewhere", [True, False])
def test_names_of_connections_as_an_oracle(
    client: Client, shown: Any, where: str, is_enabled_elsewhere: bool
) -> None:
    customer = ConnectionFactory.create(name="northwind", domain="northwindtraders.com")
    if is_enabled_elsewhere:
        EnabledConnectionFactory.create(connection=customer)
    before = Standing.now()
    seen = [
        shown(word, lambda word=word: client.get(where.format(word)))
        for word in ("northwind", "unknownword")
    ]
    assert seen[0] == seen[1]
    response = client.get(where.format("northwind"))
    before.assert_stopped(response, 403, "connection_disabled", times=3)


@attack(
    wants="the log filled with junk",
    stopped_by="what anybody can cause is counted, in one row a minute",
)
@pytest.mark.parametrize("junk", ["callbacks", "names", "failures"])
def test_a_flood_of_junk(contoso: Company, client: Client, junk: str) -> None:
    before = Standing.now()
    for number in range(100):
        if junk == "callbacks":
            response = client.get(CALLBACK, {"state": f"{number}"})
        elif junk == "names":
            response = client.get(f"/login/nobody-{number}/")
        else:
            state = query_of(contoso.start(browser := Client()))["state"]
            response = browser.get(CALLBACK, {"state": state, "error": "access_denied"})
    status, code, rows = {
        "callbacks": (400, "transaction_missing", 2),
        "names": (403, "connection_disabled", 2),
        "failures": (403, "access_denied", 64),
    }[junk]
    before.assert_stopped(response, status, code, times=100)
    # Half as many, unless the minute changes meanwhile.
    assert Event.objects.count() <= rows


NOT_MAILED = "a failure page is an answer that is already logged"
NOT_COUNTED = "only refusals of the person are reported as failed log-ins"


@attack(wants="the site's administrators flooded with mail", stopped_by=NOT_MAILED)
@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable", "invalid_client"])
def test_a_flood_of_failures_that_mails_nobody(
    contoso: Company, client: Client, settings: Any, error: str
) -> None:
    set_admins(settings, "ada@example.com")
    before = Standing.now()
    for _ in range(20):
        state = query_of(contoso.start(client))["state"]
        response = client.get(CALLBACK, {"state": state, "error": error, "code": "1.Axxx"})
        assert response.status_code >= 500
    before.assert_stopped(response, response.status_code, error_code(response), times=20)
    assert mail.outbox == []


@attack(wants="an office locked out by failures that are not the person's", stopped_by=NOT_COUNTED)
@pytest.mark.parametrize("code", ["1.Axxx", ""], ids=["made-up code", "no code"])
@pytest.mark.parametrize("fault", [{}, {"status": 503}, {"aadsts": 7000222}], ids=str)
def test_failures_that_feed_a_lock_out_tool(
    contoso: Company, client: Client, code: str, fault: dict[str, int]
) -> None:
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    before = Standing.now()
    user_login_failed.connect(listen)
    for _ in range(3):
        if fault and code:
            contoso.microsoft.fault("token", **fault)
        state = query_of(contoso.start(client))["state"]
        response = client.get(CALLBACK, {"state": state, "code": code})
    user_login_failed.disconnect(listen)
    before.assert_stopped(response, response.status_code, error_code(response), times=3)
    assert heard == []


@attack(
    wants="a real failure hidden in a flood of made-up ones",
    stopped_by="what the token endpoint has proven is limited apart from what anybody can cause",
)
def test_a_real_failure_in_a_flood(contoso: Company, client: Client) -> None:
    for _ in range(40):
        state = query_of(contoso.start(client))["state"]
        client.get(CALLBACK, {"state": state, "error": "access_denied"})
    Connection.objects.update(create_users=False)
    before = Standing.now()
    response = contoso.sign_in(client)
    event = before.assert_stopped(response, 403, "user_refused")
    assert event is not None
    assert (event.connection, event.count) == (contoso.connection, 1)
    assert event.counter_key is None
    assert event.reference in response.content.decode()


@attack(
    wants="an administrator misled by a forged error of Microsoft's",
    stopped_by="what came in the callback's address is marked as not confirmed",
)
def test_a_forged_error_of_microsofts(contoso: Company, client: Client) -> None:
    before = Standing.now()
    state = query_of(contoso.start(client))["state"]
    forged = {"error": "server_error", "error_description": "AADSTS7000222: It has expired."}
    response = client.get(CALLBACK, {"state": state, **forged})
    event = before.assert_stopped(response, response.status_code, error_code(response))
    assert event is not None
    assert (event.aadsts_code, event.is_unconfirmed) == (7000222, True)


@attack(
    who=Attacker.COLLEAGUE,
    wants="somebody's code, state or transaction out of an error report",
    stopped_by="they are taken out of a request when Django starts to handle it",
)
@pytest.mark.parametrize("fails", ["the view", "a middleware"])
def test_a_code_in_an_error_report(
    contoso: Company, settings: Any, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    set_admins(settings, "ada@example.com")
    arrival = Arrival.of(contoso, Client())
    if fails == "the view":
        failing = mock.Mock(side_effect=RuntimeError("out of order"))
        monkeypatch.setattr("azuread_connections.login.flows.sign_in.find_context", failing)
    else:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.login.reports.FailingMiddleware"]
    before = Standing.now()
    assert arrival.arrive() == 500
    assert before.gained() == before.lost() == {}
    letters = "".join(letter.body for letter in mail.outbox)
    assert "out of order" in letters
    assert arrival.shown_in(letters) == []
