"""One request to the stand-in, with everything that its endpoint needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..directory.apps import App
from ..directory.directories import GLOBAL_SEGMENTS, Directory
from ..oauth.errors import Incident, Refusal
from ..oauth.permissions import AZURE_AD_GRAPH, is_graph
from ..oauth.tokens import Version
from .faults import Fault
from .state import State
from .wire import RecordedRequest, is_loopback


@dataclass(frozen=True)
class Call:
    """`parts` are the variable parts of the path, as far as it has them."""

    state: State
    request: RecordedRequest
    version: Version
    incident: Incident
    fault: Fault | None = None
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> float:
        return self.state.clock()

    @property
    def action(self) -> str:
        return self.parts.get("action", "")

    @property
    def url(self) -> str:
        """Our address as the client wrote it: localhost and 127.0.0.1 are both valid.

        The issuer is built on it, and clients compare it with their configured address.
        """
        host = self.request.headers.get("Host", "")
        return f"http://{host}" if is_loopback(f"//{host}") else self.state.url

    @property
    def graph_urls(self) -> tuple[str, ...]:
        """Microsoft Graph's address here, as the client wrote it and as we would."""
        return f"{self.url}/graph", f"{self.state.url}/graph"

    def knows_resource(self, resource: str) -> bool:
        """Whether this is Graph, its retired predecessor, or an app that somebody registered."""
        if is_graph(resource, self.graph_urls):
            return True
        if resource.rstrip("/") in (AZURE_AD_GRAPH, "https://graph.windows.net"):
            return True
        return self.api_of(resource) is not None

    def api_of(self, resource: str) -> App | None:
        """The app whose own API a resource is: by its client ID, with or without `api://`, or by
        its App ID URI."""
        return self.state.registry.find_api(resource)

    def directory(self) -> Directory | None:
        """The directory in the path; None on common and organizations; AADSTS90002 otherwise."""
        segment = self.request.tenant
        if segment.lower() in GLOBAL_SEGMENTS:
            return None
        directory = self.state.registry.find(segment)
        if directory is None:
            raise Refusal(90002, tenant=segment)
        return directory
