"""Finds, links or creates the Django user of a verified identity, ``(cloud, tid, oid)``.

It applies the policies of the connection and calls the site's hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from inspect import iscoroutine
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.utils.translation import gettext as _

from ... import signals
from ...conf import conf
from ...models import Connection, Identity
from ..log.failures import SignInFailed
from . import admission, groups, identities
from .creation import create_new_user
from .identities import VerifiedIdentity
from .linking import find_linkable, link_to_identity
from .profile import Profile, extended_part, hook_claims, read_profile
from .trust import ConfirmationNeeded


class Hooks(Protocol):
    """The hooks that a site can override: see ``ConnectionBackend``."""

    profile: Profile

    @property
    def has_own_user_hooks(self) -> bool: ...

    def verify_claims(self, claims: Mapping[str, Any]) -> bool: ...
    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> Iterable[Any]: ...
    def create_user(self, claims: Mapping[str, Any]) -> Any: ...
    def update_user(self, user: Any, claims: Mapping[str, Any]) -> Any: ...
    def get_username(self, claims: Mapping[str, Any]) -> str: ...
    def describe_user_by_claims(self, claims: Mapping[str, Any]) -> str: ...
    def user_can_authenticate(self, user: Any) -> bool: ...


#: Makes the claims for one call of a hook: a hook can change what it is given.
HookClaims = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class ResolvedUser:
    """The user of a sign-in. ``created``: this sign-in created the user; ``linked``: it tied the
    identity to an existing user.

    ``repr`` shows little, because Django passes this object to receivers of ``user_login_failed``.
    """

    identity: Identity
    created: bool = False
    linked: bool = False

    @property
    def user(self) -> AbstractBaseUser:
        return self.identity.user

    def __repr__(self) -> str:
        return f"<ResolvedUser: identity {self.identity.pk}>"


@contextmanager
def _refusals_by_the_site() -> Iterator[None]:
    """Turn the exceptions by which mozilla-django-oidc and Django refuse a user into ours."""
    try:
        yield
    except (PermissionDenied, SuspiciousOperation) as refusal:
        raise SignInFailed(
            "user_refused", detail=f"The site's backend refuses: {refusal}"
        ) from refusal


@_refusals_by_the_site()
def resolve(hooks: Hooks, verified: VerifiedIdentity) -> ResolvedUser:
    """Return the user, created or linked at the first sign-in. To be called in a transaction.

    Raises ``SignInFailed`` (``user_refused``, ``microsoft_unreachable``). Raises ``IntegrityError``
    if the same person's first sign-in runs elsewhere at this moment: a second call finds the user.
    Raises ``ConfirmationNeeded`` before it links an existing user, if Microsoft was not asked about
    the domain just now: ask outside the transaction, then call it again.
    """
    connection = verified.connection
    identity = identities.find(verified)
    reported = admission.check_rules(connection, verified.claims)
    hooks.profile = profile = _profile(verified, identity, reported)
    claims = partial(hook_claims, verified.claims, profile, verified.groups)
    _check_admission(hooks, verified, identity, claims)
    mappings = groups.mappings_of(connection, identity.user if identity else None, identity)
    groups.check_admission(mappings, verified.groups, verified.claims.roles)
    decisive = groups.admitting_of(mappings).groups
    if identity is not None:
        resolved = ResolvedUser(identity)
        identities.update(identity, verified, profile, decisive)
        _sync(hooks, connection, identity, claims)
    else:
        resolved = _first_sign_in(hooks, verified, profile, claims, decisive)
    if resolved.linked or hooks.has_own_user_hooks:
        # The user can be in other groups by now than what was read.
        mappings = groups.mappings_of(connection, resolved.user, resolved.identity)
    groups.apply(resolved.identity, mappings, verified.groups, verified.claims.roles)
    return resolved


@_refusals_by_the_site()
def connect(hooks: Hooks, verified: VerifiedIdentity, user: Any) -> Identity:
    """Tie an identity to a signed-in user who asked for it. To be called in a transaction.

    Of the user, only the groups that mappings manage change. Raises as ``resolve``.
    """
    identity = identities.find(verified)
    reported = admission.check_rules(verified.connection, verified.claims)
    hooks.profile = profile = _profile(verified, None, reported)
    claims = partial(hook_claims, verified.claims, profile, verified.groups)
    _check_admission(hooks, verified, identity, claims)
    mappings = groups.mappings_of(verified.connection, user, identity)
    groups.check_admission(mappings, verified.groups, verified.claims.roles)
    if identity is None:
        decisive = groups.admitting_of(mappings).groups
        identity = identities.tie(user, verified, profile, decisive)
    elif identity.user_id != user.pk:
        raise SignInFailed("user_refused", detail="This person is tied to another user already.")
    groups.apply(identity, mappings, verified.groups, verified.claims.roles)
    return identity


@_refusals_by_the_site()
def preview(hooks: Hooks, verified: VerifiedIdentity) -> str:
    """Say which Django user an identity would get, and why. Writes nothing, and sends no signal.

    Raises ``SignInFailed`` if the sign-in would be refused, and ``ConfirmationNeeded`` as
    ``resolve``.
    """
    connection = verified.connection
    identity = identities.find(verified)
    reported = admission.check_rules(connection, verified.claims)
    hooks.profile = profile = _profile(verified, identity, reported)
    claims = partial(hook_claims, verified.claims, profile, verified.groups)
    _check_admission(hooks, verified, identity, claims)
    mappings = groups.mappings_of(connection)
    groups.check_admission(mappings, verified.groups, verified.claims.roles)
    if identity is not None:
        return _("%(user)s, who is tied to this person.") % {"user": identity.user}
    user = find_linkable(hooks, verified.claims, connection, verified.trust, claims())
    if user is not None:
        return _("%(user)s, who has the same address and would be linked.") % {"user": user}
    _require_creation(hooks, connection, claims)
    name = hooks.get_username(claims())
    return _("A new user, %(name)s. Nobody is tied to this person yet, and users are created.") % {
        "name": name
    }


@_refusals_by_the_site()
def check_policies(hooks: Hooks, verified: VerifiedIdentity) -> None:
    """Raise ``SignInFailed`` if the connection's policy or the site's hook refuses the person.

    Reads no user: neither whether there is one, nor whether one would be created.
    """
    hooks.profile = profile = _profile(verified, None, {})
    claims = partial(hook_claims, verified.claims, profile, verified.groups)
    _check_admission(hooks, verified, None, claims)
    mappings = groups.mappings_of(verified.connection)
    groups.check_admission(mappings, verified.groups, verified.claims.roles)


@_refusals_by_the_site()
def provision(hooks: Hooks, verified: VerifiedIdentity) -> ResolvedUser:
    """Return the user of a person whom their directory reports, created if nobody is tied to them.

    Decides as ``resolve``, but the person does not sign in: nothing of groups, and no existing user
    is linked. Where the first sign-in would link one, or be refused, this raises ``SignInFailed``,
    so that the person does not get a second account. To be called in a transaction.
    """
    connection = verified.connection
    identity = identities.find(verified)
    hooks.profile = profile = _profile(verified, identity, {})
    claims = partial(hook_claims, verified.claims, profile, None)
    _check_admission(hooks, verified, identity, claims)
    if identity is not None:
        identities.update_reported(identity, verified, profile)
        _sync(hooks, connection, identity, claims)
        return ResolvedUser(identity)
    try:
        user = find_linkable(hooks, verified.claims, connection, verified.trust, claims())
    except ConfirmationNeeded as needed:
        raise _links_at_sign_in(needed.domain) from needed
    if user is not None:
        raise _links_at_sign_in(verified.claims.email)
    return _create(hooks, verified, profile, claims, signs_in=False)


def _links_at_sign_in(what: str) -> SignInFailed:
    return SignInFailed(
        "user_refused",
        detail=f"An existing user has the same address ({what}). The person's first sign-in links "
        "them, after Microsoft has confirmed the domain.",
    )


def _check_admission(
    hooks: Hooks,
    verified: VerifiedIdentity,
    identity: Identity | None,
    claims: HookClaims,
) -> None:
    """Raise ``SignInFailed`` if the connection's policy or the site's hook refuses the person."""
    if verified.claims.is_guest and not verified.connection.allow_guests:
        raise SignInFailed("user_refused", detail="The connection does not allow guests.")
    if identity is not None:
        _require_active(hooks, identity.user)
    answer: Any = hooks.verify_claims(claims())
    if iscoroutine(answer):
        # It is true, whatever it would return.
        answer.close()
        answer = False
    if not answer:
        raise SignInFailed("user_refused", detail="The site's verify_claims refuses the claims.")


def _require_active(hooks: Hooks, user: Any) -> None:
    if not user.is_active or not hooks.user_can_authenticate(user):
        raise SignInFailed("user_refused", detail="The user is deactivated.")


def _require_creation(hooks: Hooks, connection: Connection, claims: HookClaims) -> None:
    if not connection.create_users:
        raise SignInFailed(
            "user_refused",
            detail="This connection creates no users, and no user is tied to "
            f"{hooks.describe_user_by_claims(claims())}.",
        )


def _first_sign_in(
    hooks: Hooks,
    verified: VerifiedIdentity,
    profile: Profile,
    claims: HookClaims,
    decisive: Collection[str],
) -> ResolvedUser:
    connection = verified.connection
    user = find_linkable(
        hooks, verified.claims, connection, verified.trust, claims(), for_update=True
    )
    if user is not None:
        link_to_identity(user)
        user = _update(hooks, user, claims)
        return ResolvedUser(identities.tie(user, verified, profile, decisive), linked=True)
    return _create(hooks, verified, profile, claims, decisive)


def _create(
    hooks: Hooks,
    verified: VerifiedIdentity,
    profile: Profile,
    claims: HookClaims,
    decisive: Collection[str] = (),
    *,
    signs_in: bool = True,
) -> ResolvedUser:
    _require_creation(hooks, verified.connection, claims)
    user = create_new_user(hooks, claims())
    _require_active(hooks, user)
    identity = identities.tie(user, verified, profile, decisive, signs_in=signs_in)
    signals.user_created.send(
        Identity, user=user, identity=identity, connection=verified.connection
    )
    return ResolvedUser(identity, created=True)


def _profile(
    verified: VerifiedIdentity, identity: Identity | None, reported: Mapping[str, Any]
) -> Profile:
    """Return the person's profile. Without an answer of Graph's, its last one is used.

    ``reported``: what the directory has reported by itself. Graph's answer comes first.
    """
    extended = verified.enrichment.profile
    if extended is None and identity is not None and verified.connection.extended_profile:
        extended = extended_part(identity.profile)
    more = {**reported, **(extended or {})}
    return read_profile(verified.claims, verified.trust, more, verified.enrichment.claims)


def _sync(hooks: Hooks, connection: Connection, identity: Identity, claims: HookClaims) -> None:
    """Update the user of an identity by the hook."""
    before = _governed_fields(identity.user)
    identity.user = user = _update(hooks, identity.user, claims)
    after = _governed_fields(user)
    if changed := [name for name, value in after.items() if before[name] != value]:
        signals.profile_synced.send(
            Identity, user=user, identity=identity, connection=connection, changed=changed
        )


def _update(hooks: Hooks, user: Any, claims: HookClaims) -> Any:
    """Call the hook, and refuse if it returns another user, None or a deactivated user."""
    # Noted before: the hook can change the object itself.
    key, name = user.pk, repr(user)
    updated = hooks.update_user(user, claims())
    if not isinstance(updated, get_user_model()) or updated.pk != key:
        raise SignInFailed("user_refused", detail=f"update_user returned {updated!r} for {name}.")
    _require_active(hooks, updated)
    return updated


def _governed_fields(user: Any) -> dict[str, Any]:
    return {name: getattr(user, name, None) for name in conf.user_fields}
