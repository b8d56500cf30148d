"""Where a request is in the portal: the directory, the app, and what was typed into its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from ..directory.apps import App
from ..directory.directories import Directory
from ..server.call import Call
from ..server.wire import Response
from .multipart import read_form

PORTAL = "/_standin/portal"


@dataclass(frozen=True)
class Place:
    """One page of a directory; `errors` are by the name of the field, and `typed` is kept."""

    call: Call
    directory: Directory
    path: str
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    _app: App | None = None

    @classmethod
    def of(cls, call: Call, directory: Directory, path: str, app: App | None) -> Place:
        if call.request.method != "POST":
            return cls(call, directory, path, _app=app)
        form = read_form(call.request)
        return cls(call, directory, path, typed=form.fields, files=form.files, _app=app)

    @property
    def app(self) -> App:
        if self._app is None:
            raise LookupError(f"{self.path} has no app")
        return self._app

    @property
    def has_app(self) -> bool:
        return self._app is not None

    def url(self, path: str = "") -> str:
        return f"{PORTAL}/{self.directory.tenant_id}/{path}"

    def app_url(self, page: str = "") -> str:
        return self.url(f"apps/{self.app.client_id}/{page}")

    def value(self, name: str) -> str:
        return self.typed.get(name, "").strip()

    def refused(self, **errors: str) -> Place:
        return replace(self, errors=errors)

    def back(self, done: str, path: str | None = None) -> Response:
        """Return to this page, or to another one of the directory, with a notice."""
        address = self.url(self.path if path is None else path)
        return Response(303, headers={"Location": f"{address}?{urlencode({'done': done})}"})


@dataclass(frozen=True)
class Page:
    """A page, and what its buttons do: each is named by the value of the field `do`."""

    show: Callable[[Place], Response]
    actions: Mapping[str, Callable[[Place], Response]] = field(default_factory=dict)
