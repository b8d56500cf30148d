"""The made-up directories: their people, their registered apps and the apps' secrets."""

from __future__ import annotations

import enum
import re
import secrets
import threading
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Platform = Literal["web", "spa"]

# Segments that name no directory: the person who signs in decides (facts, section 2).
GLOBAL_SEGMENTS = frozenset({"common", "organizations"})

LOOPBACK_WITHOUT_PORT = re.compile(r"^(http://(?:localhost|127\.0\.0\.1))(?::\d+)?(?=/|$)")


class Default(enum.Enum):
    """Marks an argument left out where None is a meaningful value."""

    SAME_AS_UPN = "the user principal name"


@dataclass(eq=False)
class AppSecret:
    """One client secret of an app; `expires_at` is a POSIX time, None = never."""

    value: str
    key_id: str
    expires_at: float | None = None

    @property
    def hint(self) -> str:
        """The first three characters, all that Azure shows of a secret later."""
        return self.value[:3]

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(eq=False)
class App:
    """An app registration. All fields may be changed while the stand-in runs."""

    client_id: str
    directory: Directory
    name: str
    redirect_uris: list[str] = field(default_factory=list)
    multi_tenant: bool = False
    platform: Platform = "web"
    secrets: list[AppSecret] = field(default_factory=list)

    def add_secret(
        self,
        value: str | None = None,
        *,
        expires_at: float | datetime | None = None,
        key_id: str | None = None,
    ) -> AppSecret:
        """Add a secret beside those there are; without a value it is a random one."""
        if isinstance(expires_at, datetime):
            aware = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
            expires_at = aware.timestamp()
        secret = AppSecret(value or _random_secret(), key_id or str(uuid.uuid4()), expires_at)
        self.secrets.append(secret)
        return secret

    def remove_secret(self, secret: AppSecret | str) -> None:
        """Remove a secret, given itself, its value or its key ID."""
        for known in self.secrets:
            if secret is known or secret in (known.value, known.key_id):
                self.secrets.remove(known)
                return
        raise ValueError("this app has no such secret")

    def is_usable_in(self, directory: Directory) -> bool:
        return self.directory is directory or self.multi_tenant

    def allows_redirect(self, redirect_uri: str) -> bool:
        """Exact, but for the port of a loopback address (facts, section 5)."""
        wanted = _without_loopback_port(redirect_uri)
        return any(_without_loopback_port(known) == wanted for known in self.redirect_uris)


@dataclass(eq=False)
class Person:
    """A user object of a directory. All fields may be changed while the stand-in runs.

    `upn` is the directory's own name for the person, so a guest's has `#EXT#` in it;
    `sign_in_name` is what the person types: for guests their name at home.
    """

    object_id: str
    directory: Directory
    name: str
    upn: str
    sign_in_name: str
    mail: str | None
    given_name: str | None = None
    family_name: str | None = None
    guest: bool = False
    home: Directory | None = None
    enabled: bool = True
    claims: dict[str, Any] = field(default_factory=dict)

    def is_called(self, text: str) -> bool:
        wanted = text.strip().lower()
        return wanted in (self.object_id, self.upn.lower(), self.sign_in_name.lower())


@dataclass(eq=False)
class Directory:
    """One directory ("tenant"): its GUID, its verified domains, its people and its apps."""

    tenant_id: str
    domain: str
    name: str
    domains: tuple[str, ...]
    initial_domain: str
    registry: Registry = field(repr=False)
    people: list[Person] = field(default_factory=list, repr=False)
    apps: list[App] = field(default_factory=list, repr=False)

    def add_person(
        self,
        name: str = "Adele Vance",
        *,
        upn: str | None = None,
        mail: str | Default | None = Default.SAME_AS_UPN,
        given_name: str | None = None,
        family_name: str | None = None,
        object_id: str | None = None,
        guest: bool = False,
        home: Directory | None = None,
        enabled: bool = True,
        claims: dict[str, Any] | None = None,
    ) -> Person:
        """Add a person; what is left out follows from the name.

        `guest=True` makes a guest of `home`: `upn` is then the name at home, and the
        directory's own becomes `alex_fabrikam.com#EXT#@contoso.onmicrosoft.com`. `claims` go
        into every ID token of the person; the value None takes a claim out.
        """
        sign_in_name = upn or self._free_upn(name, self._home_domain(guest, home))
        own_upn = sign_in_name
        if guest and "#EXT#" in sign_in_name:
            local, _, domain = sign_in_name.partition("#EXT#")[0].rpartition("_")
            sign_in_name = f"{local}@{domain}"
        elif guest:
            own_upn = f"{sign_in_name.replace('@', '_')}#EXT#@{self.initial_domain}"
        if guest and home is None:
            home = self.registry.find(sign_in_name.rpartition("@")[2])
        first, _, last = name.partition(" ")
        person = Person(
            object_id=_guid(object_id, "object_id"),
            directory=self,
            name=name,
            upn=own_upn,
            sign_in_name=sign_in_name,
            mail=sign_in_name if isinstance(mail, Default) else mail,
            given_name=given_name if given_name is not None else first or None,
            family_name=family_name if family_name is not None else last or None,
            guest=guest,
            home=home,
            enabled=enabled,
            claims=dict(claims or {}),
        )
        if self.find_person(own_upn) or self.find_person(person.object_id):
            raise ValueError(f"{self.domain} already has the person {own_upn}")
        self.people.append(person)
        return person

    def add_app(
        self,
        *,
        client_id: str | None = None,
        secret: str | None = None,
        redirect_uris: Iterable[str] = (),
        multi_tenant: bool = False,
        platform: Platform = "web",
        name: str | None = None,
    ) -> App:
        """Register an app here; without `secret` it gets a random one (`app.secrets[0]`)."""
        app = App(
            client_id=_guid(client_id, "client_id"),
            directory=self,
            name=name or f"{self.name} portal",
            redirect_uris=list(redirect_uris),
            multi_tenant=multi_tenant,
            platform=platform,
        )
        app.add_secret(secret)
        self.registry.register_app(app)
        self.apps.append(app)
        return app

    def find_person(self, text: str) -> Person | None:
        """The person with this object ID, UPN or sign-in name, in any case."""
        return next((person for person in self.people if person.is_called(text)), None)

    def _home_domain(self, guest: bool, home: Directory | None) -> str:
        if not guest:
            return self.domain
        return home.domain if home else "example.com"

    def _free_upn(self, name: str, domain: str) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        local = re.sub(r"[^a-z0-9]+", ".", plain).strip(".") or "person"
        number = 1
        while self.find_person(upn := f"{local}{number if number > 1 else ''}@{domain}"):
            number += 1
        return upn


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
        tenant_id = _guid(tenant_id, "tenant_id")
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


def _guid(value: str | None, what: str) -> str:
    if value is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError(f"{what} must be a GUID, not {value!r}") from None


def _random_secret() -> str:
    """Azure's shape: 40 characters, the fourth to sixth telling the generator ("8Q~")."""
    text = secrets.token_urlsafe(40)
    return f"{text[:3]}8Q~{text[3:37]}"


def _without_loopback_port(redirect_uri: str) -> str:
    return LOOPBACK_WITHOUT_PORT.sub(r"\1", redirect_uri)
