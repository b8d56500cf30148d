"""App registrations: redirect URIs, credentials, and the permissions that directories granted."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from cryptography import x509

from ..oauth import permissions
from .credentials import (
    TOKEN_EXCHANGE,
    AppCertificate,
    AppFederatedCredential,
    CredentialPolicy,
    Propagation,
)

if TYPE_CHECKING:
    from .directories import Directory, Person
    from .groups import Group

Platform = Literal["web", "spa", "public"]
PLATFORMS: tuple[Platform, ...] = ("web", "spa", "public")
GroupClaims = Literal["SecurityGroup", "DirectoryRole", "All"]
Version = Literal["v1.0", "v2.0"]

LOOPBACK_WITHOUT_PORT = re.compile(r"^(http://(?:localhost|127\.0\.0\.1))(?::\d+)?(?=/|$)")


@dataclass(eq=False)
class AppSecret:
    """One client secret of an app; `expires_at` is a POSIX time, None = never."""

    value: str
    key_id: str
    expires_at: float | None = None
    added_at: float = field(default_factory=time.time)
    name: str | None = None
    propagation: Propagation = field(default_factory=Propagation)

    @property
    def hint(self) -> str:
        """The first three characters, all that Azure shows of a secret later."""
        return self.value[:3]

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass
class Granted:
    """The permissions that one directory has granted an app, for everybody in it."""

    by_admin: bool = False
    delegated: set[str] = field(default_factory=set)
    application: set[str] = field(default_factory=set)


@dataclass(eq=False)
class App:
    """An app registration. All fields can be changed while the stand-in runs.

    `redirect_uris` are those of `platform`, `further_redirect_uris` those of other platforms: a
    request has the platform of its redirect URI.
    `delegated` and `application` are the permissions it is registered with; they are effective
    where they were granted: by `grant`, or on a consent page. `optional_claims` adds "sid", "acct",
    "email", "upn", "given_name", "family_name", "login_hint", "auth_time", "amr", "ctry",
    "employeeid" or a directory extension ("extension_…", which tokens call "extn.…") to its ID
    tokens; the last three come from the person's `graph`. `owns_itself`: its service principal is
    an owner of the registration, so that `Application.ReadWrite.OwnedBy` lets it change that.
    `propagation` and `policy` concern credentials that Graph adds. `api_scopes`, `app_id_uri` and
    `access_token_version` (`accessTokenAcceptedVersion`, v1.0 by default as in Azure) are those of
    its own API (*Expose an API*).
    """

    client_id: str
    directory: Directory
    name: str
    redirect_uris: list[str] = field(default_factory=list)
    multi_tenant: bool = False
    platform: Platform = "web"
    further_redirect_uris: dict[Platform, list[str]] = field(default_factory=dict)
    secrets: list[AppSecret] = field(default_factory=list)
    certificates: list[AppCertificate] = field(default_factory=list)
    federated_credentials: list[AppFederatedCredential] = field(default_factory=list)
    delegated: list[str] = field(default_factory=list)
    application: list[str] = field(default_factory=list)
    personal_accounts: bool = False
    group_membership_claims: GroupClaims | None = None
    optional_claims: list[str] = field(default_factory=list)
    frontchannel_logout_url: str | None = None
    owns_itself: bool = True
    propagation: Propagation = field(default_factory=Propagation)
    policy: CredentialPolicy = field(default_factory=CredentialPolicy)
    object_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    service_principal_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _grants: dict[str, Granted] = field(default_factory=dict, repr=False)
    _by_person: dict[str, set[str]] = field(default_factory=dict, repr=False)
    _roles: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _assigned: dict[str, set[str]] = field(default_factory=dict, repr=False)
    #: Scopes of the app's own API, and which version its access tokens have.
    api_scopes: list[str] = field(default_factory=list)
    app_id_uri: str = ""
    access_token_version: Version = "v1.0"

    def assign_roles(self, member: Person | Group, *roles: str) -> None:
        """Give a person, or the direct members of a group, exactly these app roles: the claim
        `roles` of their ID tokens."""
        self._roles[member.object_id] = list(roles)

    def roles_assigned_to(self, member: Person | Group) -> list[str]:
        return list(self._roles.get(member.object_id, ()))

    def assign_app_roles(self, app: App, *roles: str) -> None:
        """Give another app exactly these app roles: the claim `roles` of its own access tokens for
        this app's API."""
        self._roles[app.object_id] = list(roles)

    def roles_of(self, member: Person | App) -> list[str]:
        """The app roles of a person or an app: their own, then those of the person's direct groups.

        As at Microsoft, an assignment does not reach members of groups inside a group.
        """
        groups: list[Group] = getattr(member, "groups", [])
        members = [member.object_id, *(group.object_id for group in groups)]
        return list(dict.fromkeys(r for each in members for r in self._roles.get(each, ())))

    def grant(
        self,
        directory: Directory,
        *,
        delegated: Iterable[str] | None = None,
        application: Iterable[str] | None = None,
    ) -> None:
        """Do what an administrator's consent does: the app gets a service principal there.

        The given permissions are granted for everybody; without any, all that the app is registered
        with. ValueError for a permission that Graph does not have.
        """
        if delegated is None and application is None:
            delegated, application = self.delegated, self.application
        granted = self._grants.setdefault(directory.tenant_id, Granted())
        granted.by_admin = True
        granted.delegated |= set(permissions.known_names(delegated or (), permissions.DELEGATED))
        granted.application |= set(
            permissions.known_names(application or (), permissions.APPLICATION)
        )

    def revoke(self, directory: Directory) -> None:
        """Take the service principal and everything granted out of a directory."""
        self._grants.pop(directory.tenant_id, None)
        for person in directory.people:
            self._by_person.pop(person.object_id, None)

    def consent(self, person: Person, scopes: Iterable[str]) -> None:
        """Do what a person's own consent does: grant these delegated permissions for them alone."""
        self._grants.setdefault(person.directory.tenant_id, Granted())
        self._by_person.setdefault(person.object_id, set()).update(scopes)

    def has_consent_of(self, person: Person) -> bool:
        """Whether this person, or an administrator for everybody, has consented to the app."""
        granted = self._grants.get(person.directory.tenant_id, Granted())
        return granted.by_admin or person.object_id in self._by_person

    def is_present_in(self, directory: Directory) -> bool:
        """Whether there is a service principal: at home always, elsewhere after a consent."""
        return self.directory is directory or directory.tenant_id in self._grants

    def granted_delegated(self, directory: Directory, person: Person | None = None) -> set[str]:
        granted = self._grants.get(directory.tenant_id, Granted())
        own = self._by_person.get(person.object_id, set()) if person else set()
        return granted.delegated | own

    def granted_application(self, directory: Directory) -> set[str]:
        return set(self._grants.get(directory.tenant_id, Granted()).application)

    def add_secret(
        self,
        value: str | None = None,
        *,
        expires_at: float | datetime | None = None,
        key_id: str | None = None,
    ) -> AppSecret:
        """Add a secret to the existing ones; without a value it is a random one."""
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

    def add_certificate(self, content: bytes | str, *, name: str | None = None) -> AppCertificate:
        """Upload a certificate, in PEM or DER. ValueError for anything else."""
        raw = content.encode() if isinstance(content, str) else content
        is_pem = b"-----BEGIN" in raw
        loaded = x509.load_pem_x509_certificate(raw) if is_pem else None
        added = AppCertificate(loaded or x509.load_der_x509_certificate(raw), name=name)
        self.certificates.append(added)
        return added

    def add_federated_credential(
        self, issuer: str, subject: str, audience: str = TOKEN_EXCHANGE
    ) -> AppFederatedCredential:
        """Trust the tokens of another issuer with this subject and audience."""
        added = AppFederatedCredential(issuer, subject, audience)
        self.federated_credentials.append(added)
        return added

    def remove_certificate(self, certificate: AppCertificate) -> None:
        self.certificates.remove(certificate)

    def remove_federated_credential(self, credential: AppFederatedCredential) -> None:
        self.federated_credentials.remove(credential)

    def require_assignment(self, directory: Directory, *members: Person | Group) -> None:
        """Admit only these people, and direct members of these groups, in a directory.

        It is the enterprise application's *Assignment required?*. A second call replaces the list.
        """
        self._assigned[directory.tenant_id] = {member.object_id for member in members}

    def require_no_assignment(self, directory: Directory) -> None:
        self._assigned.pop(directory.tenant_id, None)

    def requires_assignment(self, directory: Directory) -> bool:
        return directory.tenant_id in self._assigned

    def assigned_in(self, directory: Directory) -> list[Person | Group]:
        """The people and groups of the list, if the directory requires assignment."""
        listed = self._assigned.get(directory.tenant_id, set())
        everything: list[Person | Group] = [*directory.people, *directory.groups]
        return [member for member in everything if member.object_id in listed]

    def admits(self, person: Person) -> bool:
        """Whether assignment lets this person in: nested groups do not count, as in Entra."""
        directory = person.directory
        listed = self._assigned.get(directory.tenant_id, set())
        members: list[Person | Group] = [person, *person.groups]
        return not self.requires_assignment(directory) or any(
            member.object_id in listed for member in members
        )

    def is_usable_in(self, directory: Directory) -> bool:
        return self.directory is directory or self.multi_tenant

    def redirect_uris_of(self, platform: Platform) -> list[str]:
        own = self.redirect_uris if platform == self.platform else ()
        return [*own, *self.further_redirect_uris.get(platform, ())]

    def add_redirect_uri(self, redirect_uri: str, platform: Platform = "web") -> None:
        if platform == self.platform:
            self.redirect_uris = [*self.redirect_uris, redirect_uri]
        else:
            self.further_redirect_uris.setdefault(platform, []).append(redirect_uri)

    def remove_redirect_uri(self, redirect_uri: str, platform: Platform = "web") -> None:
        """Remove it from this platform. ValueError if it is not there."""
        if redirect_uri not in self.redirect_uris_of(platform):
            raise ValueError(f"{redirect_uri} is not registered under the platform {platform!r}")
        if platform == self.platform and redirect_uri in self.redirect_uris:
            self.redirect_uris = [uri for uri in self.redirect_uris if uri != redirect_uri]
        else:
            self.further_redirect_uris[platform].remove(redirect_uri)

    def has_redirect_uris(self) -> bool:
        return any(self.redirect_uris_of(platform) for platform in PLATFORMS)

    def allows_redirect(self, redirect_uri: str) -> bool:
        return self.platform_of(redirect_uri) is not None

    def platform_of(self, redirect_uri: str) -> Platform | None:
        """Where it is registered: compared exactly, but for the port of a loopback address."""
        wanted = _without_loopback_port(redirect_uri)
        for platform in PLATFORMS:
            known = map(_without_loopback_port, self.redirect_uris_of(platform))
            if wanted in known:
                return platform
        return None


def _random_secret() -> str:
    """Azure's shape: 40 characters, the fourth to sixth telling the generator ("8Q~")."""
    text = secrets.token_urlsafe(40)
    return f"{text[:3]}8Q~{text[3:37]}"


def _without_loopback_port(redirect_uri: str) -> str:
    return LOOPBACK_WITHOUT_PORT.sub(r"\1", redirect_uri)
