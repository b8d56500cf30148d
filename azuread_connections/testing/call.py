"""One request on its way through the stand-in, with all that its endpoint needs."""

from __future__ import annotations

from dataclasses import dataclass

from .directory import GLOBAL_SEGMENTS, Directory
from .errors import Incident, Refusal
from .faults import Fault
from .state import State
from .tokens import Version
from .wire import RecordedRequest, is_loopback


@dataclass(frozen=True)
class Call:
    """`action` is the last part of the path where the route leaves it open."""

    state: State
    request: RecordedRequest
    version: Version
    incident: Incident
    fault: Fault | None = None
    action: str = ""

    @property
    def now(self) -> float:
        return self.state.clock()

    @property
    def url(self) -> str:
        """Our address as the client wrote it: localhost and 127.0.0.1 are both right.

        The issuer is built on it, and clients compare that with the address they know.
        """
        host = self.request.headers.get("Host", "")
        return f"http://{host}" if is_loopback(f"//{host}") else self.state.url

    def directory(self) -> Directory | None:
        """The directory in the path; None on common and organizations; AADSTS90002 otherwise."""
        segment = self.request.tenant
        if segment.lower() in GLOBAL_SEGMENTS:
            return None
        directory = self.state.registry.find(segment)
        if directory is None:
            raise Refusal(90002, tenant=segment)
        return directory
