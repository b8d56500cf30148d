"""The made-up directories: their people, their groups and their registered apps."""

from __future__ import annotations

import enum
import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..clouds import CloudName
from ..oauth.keys import PERSONAL_ACCOUNTS
from ..oauth.permissions import APPLICATION, DELEGATED, OIDC_SCOPES, known_names
from .apps import App, GroupClaims, Platform
from .groups import DirectoryRole, Group, groups_above
from .profile import check_names

if TYPE_CHECKING:
    from .registry import Registry

# Segments that name no directory: it depends on the person who signs in.
GLOBAL_SEGMENTS = frozenset({"common", "organizations"})


class Default(enum.Enum):
    """Marks an argument left out where None is a meaningful value."""

    SAME_AS_UPN = "the user principal name"


@dataclass(eq=False)
class Person:
    """A user object of a directory. All fields can be changed while the stand-in runs.

    `upn` is the directory's own name for the person, so a guest's contains `#EXT#`; `sign_in_name`
    is what the person types: for guests their name in the home directory. `admin` people can
    consent for the directory. `graph` has further properties under Graph's own names. `methods` is
    how the person authenticates, the claim `amr`.
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
    admin: bool = False
    graph: dict[str, Any] = field(default_factory=dict)
    methods: list[str] = field(default_factory=lambda: ["pwd"])
    manager: Person | None = None

    @property
    def groups(self) -> list[Group]:
        """The groups that the person is in directly."""
        return [group for group in self.directory.groups if group.has(self)]

    @property
    def all_groups(self) -> list[Group]:
        """The direct groups, and those that contain them at any depth."""
        return groups_above(self.groups, self.directory.groups)

    @property
    def roles(self) -> list[DirectoryRole]:
        return [role for role in self.directory.roles if self in role.members]

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
    cloud: CloudName = "global"
    people: list[Person] = field(default_factory=list, repr=False)
    apps: list[App] = field(default_factory=list, repr=False)
    groups: list[Group] = field(default_factory=list, repr=False)
    roles: list[DirectoryRole] = field(default_factory=list, repr=False)
    #: Deleted people, who can be restored.
    deleted_people: list[Person] = field(default_factory=list, repr=False)
    #: The authentication contexts of Conditional Access that are published, such as "c1". A sign-in
    #: that asks for one of these meets it by picking the account; others are not in the ID token.
    authentication_contexts: set[str] = field(default_factory=set, repr=False)

    @property
    def is_personal(self) -> bool:
        """Whether this is the directory of Microsoft's personal accounts."""
        return self.tenant_id == PERSONAL_ACCOUNTS

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
        admin: bool = False,
        graph: dict[str, Any] | None = None,
    ) -> Person:
        """Add a person; omitted arguments are derived from the name.

        `guest=True` makes a guest of `home`: `upn` is then the name in the home directory, and the
        directory's own becomes `alex_fabrikam.com#EXT#@contoso.onmicrosoft.com`. `claims` are added
        to every ID token of the person; the value None removes a claim. `admin` people can consent
        for everybody. `graph` has properties under Graph's names, such as "jobTitle".
        """
        sign_in_name = upn or self._free_upn(name, self._home_domain(guest, home))
        own_upn = sign_in_name
        if guest and "#EXT#" in sign_in_name:
            local, _, domain = sign_in_name.partition("#EXT#")[0].rpartition("_")
            sign_in_name = f"{local}@{domain}"
        elif guest:
            own_upn = f"{sign_in_name.replace('@', '_')}#EXT#@{self.initial_domain}"
        if guest and home is None:
            home = self.registry.home_of(sign_in_name)
        first, _, last = name.partition(" ")
        person = Person(
            object_id=guid(object_id, "object_id"),
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
            admin=admin,
            graph=check_names(graph or {}),
        )
        if self.find_person(own_upn) or self.find_person(person.object_id):
            raise ValueError(f"{self.domain} already has the person {own_upn}")
        self.people.append(person)
        return person

    def delete_person(self, person: Person, *, for_good: bool = False) -> None:
        """Delete a person: they can be restored, as in Azure for 30 days, unless `for_good`."""
        for people in (self.people, self.deleted_people):
            if person in people:
                people.remove(person)
        for group in self.groups:
            group.remove(person)
        if not for_good:
            self.deleted_people.append(person)

    def restore_person(self, person: Person) -> None:
        """Restore a deleted person, without their groups."""
        self.deleted_people.remove(person)
        self.people.append(person)

    def delete_group(self, group: Group) -> None:
        self.groups.remove(group)
        for other in self.groups:
            other.remove(group)

    def add_app(
        self,
        *,
        client_id: str | None = None,
        secret: str | None = None,
        redirect_uris: Iterable[str] = (),
        multi_tenant: bool = False,
        platform: Platform = "web",
        name: str | None = None,
        delegated: Iterable[str] = ("User.Read",),
        application: Iterable[str] = (),
        consented: bool = True,
        personal_accounts: bool = False,
        group_membership_claims: GroupClaims | None = None,
        optional_claims: Iterable[str] = (),
        frontchannel_logout_url: str | None = None,
    ) -> App:
        """Register an app here; without `secret` it gets a random one (`app.secrets[0]`).

        `delegated` and `application` are the permissions on its registration, granted in this
        directory if `consented`. `personal_accounts` allows them on common and consumers.
        """
        app = App(
            client_id=guid(client_id, "client_id"),
            directory=self,
            name=name or f"{self.name} portal",
            redirect_uris=list(redirect_uris),
            multi_tenant=multi_tenant,
            platform=platform,
            # OpenID's own can be listed, as for the identity API v1.0; they are always granted.
            delegated=known_names((n for n in delegated if n not in OIDC_SCOPES), DELEGATED),
            application=known_names(application, APPLICATION),
            personal_accounts=personal_accounts,
            group_membership_claims=group_membership_claims,
            optional_claims=list(optional_claims),
            frontchannel_logout_url=frontchannel_logout_url,
        )
        if consented:
            app.grant(self)
        app.add_secret(secret)
        self.registry.register_app(app)
        self.apps.append(app)
        return app

    def add_group(
        self,
        name: str,
        *,
        object_id: str | None = None,
        security: bool = True,
        members: Iterable[Person | Group] = (),
        parents: Iterable[Group] = (),
        description: str | None = None,
    ) -> Group:
        """Add a group. Its members are people and groups; `parents` are the groups it is in.

        With `security=False` it is a Microsoft 365 group, which gives no rights in tokens.
        """
        group = Group(
            object_id=guid(object_id, "object_id"),
            directory=self,
            name=name,
            security=security,
            description=description,
        )
        if self.find_group(group.object_id):
            raise ValueError(f"{self.domain} already has a group {group.object_id}")
        group.add(*members)
        for parent in parents:
            parent.add(group)
        self.groups.append(group)
        return group

    def add_role(
        self,
        name: str,
        *,
        members: Iterable[Person] = (),
        object_id: str | None = None,
        template_id: str | None = None,
    ) -> DirectoryRole:
        """Add a directory role, such as "User Administrator", which memberships mix in."""
        role = DirectoryRole(
            object_id=guid(object_id, "object_id"),
            template_id=guid(template_id, "template_id"),
            name=name,
            members=list(members),
        )
        self.roles.append(role)
        return role

    def find_group(self, text: str) -> Group | None:
        """The group with this object ID, or the first with this name."""
        wanted = text.strip().lower()
        return next((group for group in self.groups if group.object_id == wanted), None) or next(
            (group for group in self.groups if group.name.lower() == wanted), None
        )

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


def guid(value: str | None, what: str) -> str:
    if value is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError(f"{what} must be a GUID, not {value!r}") from None
