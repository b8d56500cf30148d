"""Faults that a test requests: the next requests of an endpoint fail in a given way."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ..oauth.errors import NO_NUMBER, Incident, Refusal, error_response
from .wire import HTML, JSON, Response

FAULTY_ENDPOINTS = frozenset(
    {
        *("discovery", "keys", "authorize", "sign_in", "consent", "token"),
        *("admin_consent", "logout", "managed_identity"),
        *("userinfo", "me", "groups", "users", "applications", "graph"),
        *("add_password", "remove_password", "add_key", "remove_key"),
    }
)

# 5xx responses of Microsoft's front door are HTML, not JSON.
UNAVAILABLE = b"<html><body><h2>Our services aren't available right now</h2></body></html>"


@dataclass(frozen=True)
class Fault:
    """One requested fault; see `StandIn.fault`."""

    endpoint: str
    status: int | None = None
    body: bytes | None = None
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    aadsts: int | None = None
    close: bool = False
    drip: float | None = None
    redirect: str | None = None
    error: str | None = None
    subcode: str | None = None
    claims: str | None = None

    @property
    def has_own_answer(self) -> bool:
        """Whether the fault replaces the whole response, without an error of the service."""
        return self.close or self.redirect is not None or self.body is not None

    @property
    def refusal(self) -> Refusal | None:
        """The error with which Microsoft would answer, if the fault is one."""
        if self.aadsts is None and self.error is None:
            return None
        return Refusal(self.aadsts or NO_NUMBER)

    def raw_answer(self) -> Response | None:
        """The response that replaces the endpoint's own, if the fault has one."""
        if self.close:
            return Response(close=True)
        if self.redirect is not None:
            return Response(self.status or 302, headers={"Location": self.redirect})
        if self.body is not None:
            return Response(self.status or 200, self.body, self.content_type or JSON)
        if self.status is not None and self.refusal is None:
            return Response(self.status, UNAVAILABLE, self.content_type or HTML)
        return None

    def error_answer(self, incident: Incident, url: str) -> Response | None:
        """Microsoft's JSON error, if the fault is one."""
        if self.refusal is None:
            return None
        return error_response(
            self.refusal,
            incident,
            url=url,
            error=self.error,
            status=self.status,
            subcode=self.subcode,
            claims=self.claims,
        )


class FaultPlan:
    """The pending faults. Those for a number of requests come before the lasting ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[str, list[Fault]] = {}
        self._lasting: dict[str, Fault] = {}

    def add(self, fault: Fault, times: int | None) -> None:
        if fault.endpoint not in FAULTY_ENDPOINTS:
            known = ", ".join(sorted(FAULTY_ENDPOINTS))
            raise ValueError(f"no endpoint {fault.endpoint!r}: choose one of {known}")
        with self._lock:
            if times is None:
                self._lasting[fault.endpoint] = fault
            else:
                self._counted.setdefault(fault.endpoint, []).extend([fault] * times)

    def take(self, endpoint: str) -> Fault | None:
        with self._lock:
            counted = self._counted.get(endpoint)
            return counted.pop(0) if counted else self._lasting.get(endpoint)

    def clear(self) -> None:
        with self._lock:
            self._counted.clear()
            self._lasting.clear()
