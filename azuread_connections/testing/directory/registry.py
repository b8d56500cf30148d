"""All directories and apps, and finding them by the names in a request."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ..clouds import CLOUDS, CloudName
from ..oauth.keys import PERSONAL_ACCOUNTS
from .apps import App
from .directories import Directory, Person, guid


class Registry:
    """Every directory and app there is, found by what a request names them with.

    `directories` are those of organizations; personal accounts have one to themselves.
    """

    def __init__(self) -> None:
        self.directories: list[Directory] = []
        self.personal = Directory(
            tenant_id=PERSONAL_ACCOUNTS,
            domain="outlook.com",
            name="Personal accounts",
            domains=("outlook.com", "live.com"),
            initial_domain="outlook.com",
            registry=self,
        )
        self._by_segment: dict[str, Directory] = dict.fromkeys(
            ("consumers", PERSONAL_ACCOUNTS), self.personal
        )
        self._apps: dict[str, App] = {}
        self._lock = threading.Lock()

    def add(
        self,
        domain: str,
        *,
        tenant_id: str | None = None,
        name: str | None = None,
        domains: Iterable[str] = (),
        cloud: CloudName = "global",
    ) -> Directory:
        """Add a directory; every one also has its `….onmicrosoft.com` domain, as in Azure."""
        if cloud not in CLOUDS:
            raise ValueError(f"cloud must be one of {', '.join(CLOUDS)}, not {cloud!r}")
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
                cloud=cloud,
            )
            self._by_segment.update(dict.fromkeys((tenant_id, *verified), directory))
            self.directories.append(directory)
        return directory

    def move(self, domain: str, to: Directory | None) -> None:
        """Move a domain to another directory, or to none."""
        domain = domain.lower()
        with self._lock:
            owner = self._by_segment.pop(domain, None)
            if owner is not None:
                owner.domains = tuple(each for each in owner.domains if each != domain)
            if to is not None:
                to.domains = (*to.domains, domain)
                self._by_segment[domain] = to

    def find(self, segment: str) -> Directory | None:
        """The directory of a path's tenant segment: its GUID or a verified domain."""
        return self._by_segment.get(segment.lower())

    def find_person(self, text: str) -> Person | None:
        """Anybody of this object ID or name, at home rather than as a guest elsewhere."""
        found = [
            person
            for directory in (*self.directories, self.personal)
            if (person := directory.find_person(text))
        ]
        return min(found, key=lambda person: person.guest, default=None)

    def home_of(self, sign_in_name: str) -> Directory | None:
        """The directory in which this name signs in: that of the domain, or the personal one."""
        if self.personal.find_person(sign_in_name):
            return self.personal
        return self.find(sign_in_name.rpartition("@")[2])

    def find_app(self, client_id: str) -> App | None:
        return self._apps.get(client_id.lower())

    def find_api(self, resource: str) -> App | None:
        """The app whose own API this is: its client ID, with or without `api://`, or its App ID
        URI."""
        for app in list(self._apps.values()):
            if app.app_id_uri and app.app_id_uri == resource:
                return app
        return self.find_app(resource.removeprefix("api://"))

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
