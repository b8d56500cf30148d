"""What OAuth clients ask a provider, inside the measured process: statements, time and CPU."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.contrib.auth.hashers import check_password, make_password
from django.core.management import call_command

from benchmarks.browser import Answer
from benchmarks.inside.site import WsgiSite, of_peer
from benchmarks.inside.statements import counted_statements
from benchmarks.peers import PROVIDER_ACTIONS
from benchmarks.peers.oauth import MACHINE, REDIRECT_URI, SCOPES, WEB, Credentials

#: A code is valid for a minute.
BATCH = 25
_VERIFIER = "benchmark-verifier-of-forty-three-characters"
_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=")


@dataclass(frozen=True)
class Clients:
    """Both clients, and the browser of a person who is signed in: its cookie. ``paths``: those of
    the provider's endpoints, by name."""

    site: WsgiSite
    paths: dict[str, str]
    cookie: str

    def authorize(self) -> str:
        """Return a code."""
        query = {
            "response_type": "code",
            "client_id": WEB.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": " ".join(SCOPES),
            "state": "benchmark-state",
            "nonce": "benchmark-nonce",
            "code_challenge": _CHALLENGE.decode(),
            "code_challenge_method": "S256",
        }
        path = f"{self.paths['authorize']}?{urlencode(query)}"
        answer = self.site.send(path, {"Cookie": self.cookie})
        given = parse_qs(urlsplit(answer.location).query)
        if answer.status != 302 or "code" not in given:
            raise RuntimeError(f"No code: {answer.status} {answer.location} {answer.body[:2000]!r}")
        return given["code"][0]

    def code(self, code: str) -> dict[str, Any]:
        return self._token(
            WEB,
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=_VERIFIER,
        )

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        return self._token(WEB, grant_type="refresh_token", refresh_token=refresh_token)

    def client_credentials(self) -> dict[str, Any]:
        return self._token(MACHINE, grant_type="client_credentials")

    def userinfo(self, access_token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        return _content(self.site.send(self.paths["userinfo"], headers))

    def _token(self, credentials: Credentials, **parameters: str) -> dict[str, Any]:
        pair = f"{credentials.client_id}:{credentials.secret}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        body = urlencode(parameters).encode()
        return _content(self.site.send(self.paths["token"], headers, "POST", body))


def prepare(microsoft: str, person: str) -> str:
    """Create the tables and the clients; return the cookie of somebody who has signed in."""
    call_command("migrate", verbosity=0)
    of_peer("create")()
    cookie: str = of_peer("sign_in")(microsoft, person)
    return cookie


def check(paths: dict[str, str], cookie: str) -> None:
    """Raise unless the provider gives the same kinds of tokens and the same claims as the others:
    otherwise the comparison would be unfair."""
    clients = Clients(WsgiSite(), paths, cookie)
    given = clients.code(clients.authorize())
    again = clients.refresh(given["refresh_token"])
    for found in (given, again, clients.client_credentials()):
        if "." in found["access_token"]:
            raise RuntimeError("The access token is not opaque.")
    for found in (given, again):
        header, claims, signature = map(_decoded, found["id_token"].split("."))
        if json.loads(header)["alg"] != "RS256" or len(signature) != 256:
            raise RuntimeError("The ID token is not signed by RS256 with 2048 bits.")
    wanted = {"sub", "name", "preferred_username", "email", "email_verified"}
    for found in (json.loads(claims), clients.userinfo(again["access_token"])):
        if lacking := wanted.difference(found):
            raise RuntimeError(f"Claims are missing: {', '.join(sorted(lacking))}.")


def statements(paths: dict[str, str], cookie: str) -> dict[str, dict[str, dict[str, int]]]:
    """Return the statements of each action when it is done for the third time: of data by kind,
    and of transaction control."""
    clients, counted = Clients(WsgiSite(), paths, cookie), {}

    for _ in range(3):
        for action, ask in _in_turn(clients):
            counted[action] = counted_statements(ask)
    return counted


def spent(number: int, paths: dict[str, str], cookie: str) -> dict[str, dict[str, float]]:
    """Return for each action the seconds that so many of it take, and those of CPU in them."""
    clients = Clients(WsgiSite(), paths, cookie)
    total = {action: {"seconds": 0.0, "cpu": 0.0} for action in PROVIDER_ACTIONS}

    def each(action: str, ask: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
        began, cpu = time.perf_counter(), time.process_time()
        answers = [ask(*these) for these in arguments]
        total[action]["cpu"] += time.process_time() - cpu
        total[action]["seconds"] += time.perf_counter() - began
        return answers

    for done in range(0, number, BATCH):
        nothing: list[tuple[Any, ...]] = [()] * min(BATCH, number - done)
        codes = each("authorize", clients.authorize, nothing)
        given = each("code", clients.code, [(code,) for code in codes])
        each("userinfo", clients.userinfo, [(found["access_token"],) for found in given])
        each("refresh", clients.refresh, [(found["refresh_token"],) for found in given])
        each("client_credentials", clients.client_credentials, nothing)
    return total


def secret_check() -> float:
    """Return the seconds of CPU that Django's default hasher takes for one client's secret."""
    encoded = make_password(WEB.secret, hasher="pbkdf2_sha256")
    began = time.process_time()
    if not check_password(WEB.secret, encoded, preferred="pbkdf2_sha256"):
        raise RuntimeError("The hasher does not know its own digest.")
    return time.process_time() - began


def _in_turn(clients: Clients) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each action once; it is done before the next one is asked for."""
    given: dict[str, Any] = {}

    def keep(name: str, ask: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        def asked() -> None:
            given[name] = ask(*arguments)

        return asked

    yield "authorize", keep("authorize", clients.authorize)
    yield "code", keep("code", clients.code, given["authorize"])
    yield "userinfo", keep("userinfo", clients.userinfo, given["code"]["access_token"])
    yield "refresh", keep("refresh", clients.refresh, given["code"]["refresh_token"])
    yield "client_credentials", keep("client_credentials", clients.client_credentials)


def _content(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise RuntimeError(f"Refused: {answer.status} {answer.body[:2000]!r}")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
