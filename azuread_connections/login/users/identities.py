"""The identity of a person, ``(cloud, tid, oid)``: as Microsoft has verified it, and its row."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from django.db import IntegrityError, router
from django.utils import timezone

from ...entra.graph import Group
from ...entra.id_token import IdTokenClaims
from ...models import Connection, Identity
from ...models.prepared import Parameter, Select
from ...models.prepared_writes import Update
from . import groups
from .enrichment import Enrichment
from .profile import Profile, merged_profile
from .trust import NO_DOMAIN, DomainTrust

_BY_KEY = Select(
    lambda: Identity._default_manager.filter(
        cloud=Parameter("cloud"),
        tenant_id=Parameter("tenant_id"),
        object_id=Parameter("object_id"),
    ).order_by(),
    models={"identity": "", "user": "user"},
)
#: Of an identity's roles. Mappings use all of them.
MAX_STORED_ROLES = 100
#: What ``_describe`` sets.
_DESCRIPTION = Update(
    Identity, "connection", "login_name", "profile", "groups", "roles", "last_sign_in_at"
)


@dataclass(frozen=True)
class VerifiedIdentity:
    """A person whom Microsoft has identified, with what Graph adds."""

    connection: Connection
    claims: IdTokenClaims
    enrichment: Enrichment
    trust: DomainTrust = NO_DOMAIN

    @property
    def groups(self) -> tuple[Group, ...] | None:
        return self.enrichment.groups


def find(verified: VerifiedIdentity) -> Identity | None:
    """Return the row of a person, with their user, or None. One query."""
    rows = _BY_KEY.rows(
        router.db_for_write(Identity),
        cloud=verified.connection.identity_cloud,
        tenant_id=verified.claims.tenant_id,
        object_id=verified.claims.object_id,
    )
    for row in rows:
        row.identity.user = row.user
        return cast(Identity, row.identity)
    return None


def tie(
    user: Any,
    verified: VerifiedIdentity,
    profile: Profile,
    decisive: Collection[str] = (),
    *,
    signs_in: bool = True,
) -> Identity:
    """Tie a person to a user by a new row. ``decisive``: see ``groups.stored``. ``signs_in``: at a
    sign-in, and not as their directory reports them."""
    identity = Identity(
        user=user,
        cloud=verified.connection.identity_cloud,
        tenant_id=verified.claims.tenant_id,
        object_id=verified.claims.object_id,
    )
    if signs_in:
        _describe(identity, verified, profile, decisive)
    else:
        identity.connection = verified.connection
        identity.login_name, identity.profile = _login_name(profile), profile.as_dict()
    identity.save(force_insert=True)
    return identity


def update(
    identity: Identity,
    verified: VerifiedIdentity,
    profile: Profile,
    decisive: Collection[str] = (),
) -> None:
    """Store what a sign-in says of a person. ``decisive``: see ``groups.stored``. Raises
    ``IntegrityError`` if the row is gone."""
    _describe(identity, verified, profile, decisive)
    if not _DESCRIPTION.store(identity, router.db_for_write(Identity)):
        raise IntegrityError("The identity was untied from the user during the sign-in.")


@contextmanager
def groups_kept_of_refused(verified: VerifiedIdentity) -> Iterator[None]:
    """Store the groups of a known person whom the block refuses because of them.

    What the sign-in would have stored is rolled back. An API that goes by what is stored would
    otherwise go on letting in who has left a group. To be called outside a transaction.
    """
    try:
        yield
    except groups.NotAdmitted:
        identity = find(verified)
        if identity is not None and verified.groups is not None:
            identity.groups = groups.stored(verified.connection, verified.groups)
            identity.save(update_fields=["groups"])
        raise


def update_reported(identity: Identity, verified: VerifiedIdentity, profile: Profile) -> None:
    """Store what their directory reports of a person who does not sign in."""
    identity.login_name = _login_name(profile) or identity.login_name
    identity.profile = merged_profile(verified.connection, identity.profile, profile)
    identity.save(update_fields=["login_name", "profile"])


def _login_name(profile: Profile) -> str:
    """Return the name that the admin lists the person by. A cut one ends in "…": without it, it
    could look like another person's address."""
    name = profile.username or profile.email or profile.name
    length = Identity._meta.get_field("login_name").max_length or 0
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _describe(
    identity: Identity, verified: VerifiedIdentity, profile: Profile, decisive: Collection[str]
) -> None:
    identity.connection = verified.connection
    identity.login_name = _login_name(profile)
    identity.profile = profile.as_dict()
    # Complete by nature: without the claim, the person has none.
    identity.roles = list(verified.claims.roles)[:MAX_STORED_ROLES]
    identity.last_sign_in_at = timezone.now()
    if verified.groups is not None:
        identity.groups = groups.stored(verified.connection, verified.groups, decisive)
    elif not verified.connection.security_groups:
        identity.groups = []
