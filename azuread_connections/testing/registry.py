"""Every directory and app there is, found by what a request names them with."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from .apps import App
from .directory import Directory, guid


class Registry:
    """Every directory and app there is, found by what a request names them with."""

    def __init__(self) -> None:
        self.directories: list[Directory] = []
        self._by_segment: dict[str, Directory] = {}
        self._apps: dict[str, App] = {}
        self._lock = threading.Lock()

    def add(
        self,
        domain: str,
        *,
        tenant_id: str | None = None,
        name: str | None = None,
        domains: Iterable[str] = (),
    ) -> Directory:
        """Add a directory; every one also has its `….onmicrosoft.com` domain, as in Azure."""
        tenant_id = guid(tenant_id, "tenant_id")
        label = domain.lower().split(".")[0]
        with self._lock:
            initial = domain.lower()
            if not initial.endswith(".onmicrosoft.com"):
                initial = self._free_initial_domain(label)
            verified = tuple(
                dict.fromkeys([domain.lower(), *(extra.lower() for extra in domains), initial])
            )
            for segment in (tenant_id, *verified):
                if segment in self._by_segment:
                    raise ValueError(f"another directory already has {segment}")
            directory = Directory(
                tenant_id=tenant_id,
                domain=domain.lower(),
                name=name or label.capitalize(),
                domains=verified,
                initial_domain=initial,
                registry=self,
            )
            self._by_segment.update(dict.fromkeys((tenant_id, *verified), directory))
            self.directories.append(directory)
        return directory

    def find(self, segment: str) -> Directory | None:
        """The directory of a path's tenant segment: its GUID or a verified domain."""
        return self._by_segment.get(segment.lower())

    def find_app(self, client_id: str) -> App | None:
        return self._apps.get(client_id.lower())

    def register_app(self, app: App) -> None:
        with self._lock:
            if app.client_id in self._apps:
                raise ValueError(f"an app with the client ID {app.client_id} already exists")
            self._apps[app.client_id] = app

    def _free_initial_domain(self, label: str) -> str:
        number = 1
        while (name := f"{label}{number if number > 1 else ''}.onmicrosoft.com") in (
            self._by_segment
        ):
            number += 1
        return name
