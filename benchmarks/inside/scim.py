"""What a directory sends by SCIM, inside the measured process: time, CPU and statements."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import quote

from django.core.management import call_command
from django.db import connection as database

from benchmarks.inside.site import WsgiSite, of_peer
from benchmarks.inside.statements import counted_statements
from benchmarks.peers import DOMAIN

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#: Resources on a page, as Entra asks for them.
_PAGE = 100


@dataclass(frozen=True)
class Directory:
    """Sends requests as Entra's provisioning service does. ``base``: see ``Provisioning``."""

    base: str
    token: str
    site: WsgiSite = field(default_factory=WsgiSite)

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        body = b"" if content is None else json.dumps(content).encode()
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.site.send(self.base + path, headers, method, body)
        if answer.status >= 300:
            raise RuntimeError(f"Refused: {answer.status} {answer.body[:2000]!r}")
        return json.loads(answer.body) if answer.body else None

    def find(self, user_name: str) -> int:
        """Look a person up, as Entra does before it creates them; return how many there are."""
        condition = quote(f'userName eq "{user_name}"')
        return int(self.ask("GET", f"Users?filter={condition}")["totalResults"])

    def create(self, user_name: str) -> str:
        """Report a person; return their ID."""
        shown = self.ask("POST", "Users", _user(user_name))
        if shown["userName"] != user_name or shown["active"] is not True:
            raise RuntimeError(f"Stored as {shown}.")
        return str(shown["id"])

    def report(self, user_name: str) -> None:
        """Report a person for the first time: a look-up and a POST."""
        if self.find(user_name):
            raise RuntimeError(f"{user_name} is known already.")
        self.create(user_name)

    def change_member(self, group: str, op: str, person: str) -> None:
        operation = {"op": op, "path": "members", "value": [{"value": person}]}
        message = {"schemas": [_PATCH], "Operations": [operation]}
        self.ask("PATCH", f"Groups/{group}?excludedAttributes=members", message)


def prepare(base: str) -> str:
    """Create the tables and the directory; return its token. Raises unless a request with another
    token is refused: otherwise the comparison would be unfair."""
    call_command("migrate", verbosity=0)
    token = str(of_peer("create")())
    answer = WsgiSite().send(f"{base}Users", {"Authorization": f"Bearer {token}x"})
    if answer.status != 401:
        raise RuntimeError(f"A wrong token is answered by {answer.status}.")
    return token


def first_cycle(token: str, base: str, first: int, people: int) -> dict[str, float]:
    """Let the directory report so many people for the first time, from number ``first`` on."""
    directory = Directory(base, token)
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(first, first + people):
        directory.report(f"person{number}@{DOMAIN}")
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def statements(token: str, base: str) -> dict[str, dict[str, dict[str, int]]]:
    """Return the statements of a look-up and of a POST, when each is sent for the third time."""
    directory, counted = Directory(base, token), {}
    for number in range(3):
        name = f"person{number}@{DOMAIN}"
        for action, ask in (("look_up", directory.find), ("create", directory.create)):
            counted[action] = counted_statements(lambda ask=ask, name=name: ask(name))  # type: ignore[misc]
    return counted


def fill(people: int) -> str:
    """Store so many people; return the ID of a group that has all of them, or ""."""
    group = str(of_peer("fill")(people))
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            # As the server does by itself, a minute later.
            cursor.execute("VACUUM ANALYZE")
    return group


def measure(
    token: str, base: str, group: str, people: int, number: int
) -> dict[str, dict[str, float]]:
    """Return for each action the median of its milliseconds, and its statements."""
    directory = Directory(base, token)
    found = {}
    for action, ask in _actions(directory, group, people):
        ask()
        counted = counted_statements(ask)
        times = []
        for _ in range(number):
            began = time.perf_counter()
            ask()
            times.append(1000 * (time.perf_counter() - began))
        found[action] = {
            "median": median(times),
            "statements": sum(counted["data"].values()),
        }
    return found


def _actions(
    directory: Directory, group: str, people: int
) -> Iterator[tuple[str, Callable[[], Any]]]:
    last = max(1, people - _PAGE)
    yield "look_up", lambda: directory.find(f"person{people // 2}@{DOMAIN}")
    yield "a_new_person", lambda: directory.create(f"{uuid.uuid4()}@{DOMAIN}")
    if not group:
        return
    yield "first_page", lambda: directory.ask("GET", f"Users?startIndex=1&count={_PAGE}")
    yield "last_page", lambda: directory.ask("GET", f"Users?startIndex={last}&count={_PAGE}")
    newcomer = directory.create(f"newcomer@{DOMAIN}")

    def change_member() -> None:
        directory.change_member(group, "Add", newcomer)
        directory.change_member(group, "Remove", newcomer)

    yield "member_joins_and_leaves", change_member


def _user(name: str) -> dict[str, Any]:
    return {
        "schemas": [_USER],
        "userName": name,
        "externalId": str(uuid.uuid4()),
        "active": True,
        "displayName": name,
        "emails": [{"primary": True, "type": "work", "value": name}],
        "name": {"givenName": "Adele", "familyName": "Vance"},
    }
