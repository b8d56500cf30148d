"""A tiny SCIM server in memory, which keeps what it is sent and understands no more than that."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit


class FakeServer:
    """A transport. ``refuse``: a status for all requests with these methods."""

    def __init__(self, token: str = "right") -> None:
        self.token = token
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, int] = {}
        self.number = 0

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        status, answer = self._answer(method, url, headers, json.loads(body) if body else {})
        return status, json.dumps(answer).encode() if answer is not None else b""

    def _answer(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> Any:
        if headers["Authorization"] != f"Bearer {self.token}":
            return 401, {"detail": "Send a valid bearer token."}
        if method in self.refused:
            return self.refused[method], {"detail": "Refused."}
        return self._done(method, url, body)

    def _done(self, method: str, url: str, body: Any) -> Any:
        parts = urlsplit(url)
        _base, _v2, path = parts.path.partition("/v2/")
        kind, _slash, key = path.partition("/")
        rows = self.users if kind == "Users" else self.groups
        if method == "POST":
            self.number += 1
            rows[str(self.number)] = body | {"id": str(self.number)}
            return 201, rows[str(self.number)]
        if method == "GET" and not key:
            text = parse_qs(parts.query)["filter"][0]
            attribute, value = re.fullmatch(r'(\w+) eq "(.*)"', text).groups()  # type: ignore[union-attr]
            found = [row for row in rows.values() if row.get(attribute) == value]
            return 200, {"totalResults": len(found), "Resources": found}
        if key not in rows:
            return 404, {"detail": "There is no such resource."}
        if method == "DELETE":
            del rows[key]
            return 204, None
        for operation in body.get("Operations", ()):
            _apply(rows[key], operation)
        return 200, rows[key]


def _apply(resource: dict[str, Any], operation: dict[str, Any]) -> None:
    path, value = operation.get("path", ""), operation.get("value")
    if path.startswith("members"):
        members = resource.setdefault("members", [])
        if operation["op"].lower() == "add":
            members += [each["value"] for each in value]
        else:
            gone = re.findall(r'"(.*)"', path) or [each["value"] for each in value]
            members[:] = [each for each in members if each not in gone]
        return
    for name, changed in ({path: value} if path else value).items():
        _set(resource, name, changed)


def _set(resource: dict[str, Any], path: str, value: Any) -> None:
    if isinstance(value, str) and value in ("True", "False"):
        value = value == "True"
    if path.startswith("emails"):
        resource["emails"] = [{"type": "work", "value": value}]
    elif path.startswith("urn:"):
        urn, _colon, name = path.rpartition(":")
        resource.setdefault(urn, {})[name] = value
    elif "." in path:
        parent, _dot, name = path.partition(".")
        resource.setdefault(parent, {})[name] = value
    else:
        resource[path] = value
