"""From a validated ID token to the Django user that its ``(cloud, tid, oid)`` is tied to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, router
from django.utils import timezone
from django.utils.translation import gettext as _

from ... import signals
from ...entra.graph import Group
from ...entra.id_token import IdTokenClaims
from ...models import Connection, Identity
from ...models.prepared import Parameter, Select, Update
from ..log.failures import SignInFailed
from . import groups, usernames
from .enrichment import Enrichment
from .linking import find_linkable, take_over
from .profile import Profile, extended_part, read_profile, sync_user
from .trust import NO_DOMAIN, ConfirmationNeeded, DomainTrust, confirm

_BY_KEY = Select(
    lambda: Identity._default_manager.filter(
        cloud=Parameter("cloud"),
        tenant_id=Parameter("tenant_id"),
        object_id=Parameter("object_id"),
    ).order_by(),
    models={"identity": "", "user": "user"},
)
#: What ``_describe`` sets.
_DESCRIPTION = Update(Identity, "connection", "login_name", "profile", "groups", "last_sign_in_at")


@dataclass(frozen=True)
class Visitor:
    """Somebody whom Microsoft vouches for, with what Graph adds."""

    connection: Connection
    claims: IdTokenClaims
    enrichment: Enrichment
    trust: DomainTrust = NO_DOMAIN

    @property
    def groups(self) -> tuple[Group, ...] | None:
        return self.enrichment.groups


@dataclass(frozen=True)
class Person:
    """Who a visitor turned out to be. ``created``: this sign-in made the user; ``linked``: it tied
    the visitor to a user who was there before."""

    identity: Identity
    created: bool = False
    linked: bool = False

    @property
    def user(self) -> AbstractBaseUser:
        return self.identity.user


def find_or_create(visitor: Visitor) -> Person:
    """Return the person, made at their first sign-in. To be called in a transaction.

    Raises ``SignInFailed`` (``user_refused``, ``microsoft_unreachable``), and ``IntegrityError`` if
    the same person's first sign-in runs elsewhere at this moment: try again, and they are found.
    Raises ``ConfirmationNeeded`` before an existing user is linked by a domain that Microsoft was
    not asked about just now: ask outside the transaction, then call it again.
    """
    connection = visitor.connection
    identity = _identify(visitor)
    mappings = groups.mappings_of(connection, identity.user if identity else None, identity)
    groups.check_admission(mappings, visitor.groups)
    if identity is None:
        person = _first_visit(visitor)
    else:
        person = Person(identity)
        _refresh(identity, visitor)
    if person.linked:
        # The user was there before, perhaps in some of the groups.
        mappings = groups.mappings_of(connection, person.user, person.identity)
    groups.apply(person.identity, mappings, visitor.groups)
    return person


def connect(visitor: Visitor, user: Any) -> Identity:
    """Tie a visitor to a signed-in user who asked for it. To be called in a transaction.

    Nothing of the user changes but the groups that mappings manage. Raises as ``find_or_create``.
    """
    identity = _identify(visitor)
    mappings = groups.mappings_of(visitor.connection, user, identity)
    groups.check_admission(mappings, visitor.groups)
    if identity is None:
        profile = read_profile(visitor.claims, visitor.trust, visitor.enrichment.profile)
        identity = _tie(user, visitor, profile)
    elif identity.user_id != user.pk:
        raise SignInFailed("user_refused", detail="This person is tied to another user already.")
    groups.apply(identity, mappings, visitor.groups)
    return identity


def preview(visitor: Visitor) -> str:
    """Say which Django user a visitor would be, and why. Writes nothing, and tells no receiver.

    Raises ``SignInFailed`` where they would be refused.
    """
    connection = visitor.connection
    identity = _identify(visitor)
    groups.check_admission(groups.mappings_of(connection), visitor.groups)
    if identity is not None:
        return _("%(user)s, who is tied to this person.") % {"user": identity.user}
    if (user := _preview_link(visitor)) is not None:
        return _("%(user)s, who has the same address and would be tied to it.") % {"user": user}
    _require_creation(connection)
    name = usernames.username_for(visitor.claims, connection, visitor.trust)
    return _("A new user, %(name)s. Nobody is tied to this person yet, and users are created.") % {
        "name": name
    }


def _preview_link(visitor: Visitor) -> Any:
    try:
        return find_linkable(visitor.claims, visitor.connection, visitor.trust)
    except ConfirmationNeeded as needed:
        trust = confirm(visitor.connection, visitor.trust, needed.domain)
        return find_linkable(visitor.claims, visitor.connection, trust)


def _identify(visitor: Visitor) -> Identity | None:
    """Return the person's identity, if there is one. Raises ``SignInFailed`` for who stays out."""
    if visitor.claims.is_guest and not visitor.connection.allow_guests:
        raise SignInFailed("user_refused", detail="Guests of the directory are not let in.")
    identity = _find(visitor)
    if identity is not None and not identity.user.is_active:
        raise SignInFailed("user_refused", detail="The user is deactivated.")
    return identity


def _require_creation(connection: Connection) -> None:
    if not connection.create_users:
        raise SignInFailed("user_refused", detail="Users are not created by this connection.")


def _find(visitor: Visitor) -> Identity | None:
    rows = _BY_KEY.rows(
        router.db_for_write(Identity),
        cloud=visitor.connection.identity_cloud,
        tenant_id=visitor.claims.tenant_id,
        object_id=visitor.claims.object_id,
    )
    for row in rows:
        row.identity.user = row.user
        return cast(Identity, row.identity)
    return None


def _first_visit(visitor: Visitor) -> Person:
    connection = visitor.connection
    profile = read_profile(visitor.claims, visitor.trust, visitor.enrichment.profile)
    user = find_linkable(visitor.claims, connection, visitor.trust, for_update=True)
    if user is not None:
        take_over(user)
        if connection.sync_profile == Connection.SyncProfile.EACH_LOGIN:
            sync_user(user, profile)
        user.save()
        return Person(_tie(user, visitor, profile), linked=True)
    _require_creation(connection)
    user = usernames.new_user(visitor.claims, connection, visitor.trust)
    if connection.sync_profile != Connection.SyncProfile.NEVER:
        sync_user(user, profile)
    user.save()
    identity = _tie(user, visitor, profile)
    signals.user_created.send(Identity, user=user, identity=identity, connection=connection)
    return Person(identity, created=True)


def _tie(user: Any, visitor: Visitor, profile: Profile) -> Identity:
    identity = Identity(
        user=user,
        cloud=visitor.connection.identity_cloud,
        tenant_id=visitor.claims.tenant_id,
        object_id=visitor.claims.object_id,
    )
    _describe(identity, visitor, profile)
    identity.save(force_insert=True)
    return identity


def _refresh(identity: Identity, visitor: Visitor) -> None:
    connection = visitor.connection
    extended = visitor.enrichment.profile
    if extended is None and connection.extended_profile:
        extended = extended_part(identity.profile)
    profile = read_profile(visitor.claims, visitor.trust, extended)
    _describe(identity, visitor, profile)
    if not _DESCRIPTION.store(identity, router.db_for_write(Identity)):
        raise IntegrityError("The person was untied from the user while they signed in.")
    if connection.sync_profile != Connection.SyncProfile.EACH_LOGIN:
        return
    user = identity.user
    if changed := sync_user(user, profile):
        user.save(update_fields=changed)
        signals.profile_synced.send(
            Identity, user=user, identity=identity, connection=connection, changed=changed
        )


def _login_name(profile: Profile) -> str:
    """Return what the person is listed by. Where that is cut, it shows: the beginning of an address
    can be somebody else's."""
    name = profile.username or profile.email or profile.name
    length = Identity._meta.get_field("login_name").max_length or 0
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _describe(identity: Identity, visitor: Visitor, profile: Profile) -> None:
    identity.connection = visitor.connection
    identity.login_name = _login_name(profile)
    identity.profile = profile.as_dict()
    identity.last_sign_in_at = timezone.now()
    if visitor.groups is not None:
        identity.groups = groups.stored(visitor.connection, visitor.groups)
    elif not visitor.connection.security_groups:
        identity.groups = []
