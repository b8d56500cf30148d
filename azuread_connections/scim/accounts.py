"""What a person's row does to their identity and Django user, by the connection's own rules."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, router, transaction
from django.http import HttpRequest

from .. import signals
from ..conf import conf
from ..entra.deadline import within
from ..entra.id_token import IdTokenClaims
from ..login.backend import site_backend
from ..login.log.failures import SignInFailed
from ..login.log.provisioning_events import record_provisioning
from ..login.users import directories
from ..login.users.enrichment import Enrichment
from ..login.users.identities import VerifiedIdentity
from ..login.users.resolution import provision
from ..login.users.trust import NO_DOMAIN, DomainTrust, find_trust
from ..login.users.user_rights import held_permissions
from ..models import Connection, Event, GroupGrant, Identity, Revocation
from . import rights
from .claims import claims_of, extended_profile
from .models import MadeUser, ProvisionedPerson


def trust_of(person: ProvisionedPerson) -> DomainTrust:
    """Return which domains are verified for a person's directory.

    To be called outside a transaction: it can ask Microsoft about a domain.
    """
    claims = claims_of(person.connection, person)
    if claims is None or not person.is_active:
        return NO_DOMAIN
    with within(conf.callback_timeout):
        return find_trust(person.connection, claims)


def admit(
    request: HttpRequest,
    person: ProvisionedPerson,
    trust: DomainTrust,
    *,
    is_last: bool,
    is_first_write: bool = False,
) -> str:
    """Tie an active person to their identity and user, created if the connection's rules allow it.

    Return "", or why the person has no user, or a user that is not updated: their sign-in then
    decides. The row is changed and not saved. To be called in a transaction. ``is_last``: an
    ``IntegrityError`` counts as a refusal, because it is no race with a sign-in.

    ``is_first_write``: the transaction has written nothing yet. A refusal then raises
    ``SignInFailed``, which rolls all of it back, and saves the savepoint for those who are not
    refused.
    """
    claims = claims_of(person.connection, person)
    if claims is None:
        return "externalId is not an object ID, so nobody is tied to this person."
    _reactivate(person)
    was_tied = person.identity_id is not None
    try:
        with nullcontext() if is_first_write else _savepoint():
            directories.check(person.connection, claims)
            resolved = provision(*_verified(request, person, claims, trust))
    except SignInFailed as refused:
        if is_first_write:
            raise
        _tie(person, find_identity(person.connection, claims.object_id))
        return refused.detail
    except IntegrityError as error:
        if is_first_write or not is_last:
            raise
        _tie(person, find_identity(person.connection, claims.object_id))
        return f"Not stored: {error}"
    _tie(person, resolved.identity)
    person.made_user = person.made_user or resolved.created
    # A row that is not stored yet has no memberships: ``people.create`` looks for them later.
    if not was_tied and person.pk is not None:
        rights.give_all(person)
    return ""


def _savepoint() -> AbstractContextManager[None]:
    block: AbstractContextManager[None] = transaction.atomic(using=router.db_for_write(Identity))
    return block


def deactivate(person: ProvisionedPerson) -> None:
    """End a person's sessions, and deactivate their user if nothing else lets them in.

    Changes the row, and does not save it. To be called in a transaction. Tokens of clients end with
    the sessions: provider/ follows the revocation.
    """
    identity = find_identity(person.connection, person.external_id or "")
    _tie(person, identity)
    if identity is None:
        return
    Revocation.of_identity(person.connection, identity.pk)
    user: Any = person.user
    # Also of a user who is inactive already: the note goes with the identity, if that is released.
    person.made_user = person.made_user or _was_made_at_sign_in(person, identity)
    if not person.made_user:
        return
    if user.is_active and _has_field(user) and not _has_another_way_in(person, identity):
        user.is_active = False
        user.save(update_fields=["is_active"])
        person.deactivated_user = True


def release(person: ProvisionedPerson) -> None:
    """Untie a person's identity: sessions and mapped groups end, the user stays.

    An identity that another connection uses stays; only what this connection gave ends.
    """
    identity = person.identity
    if identity is None:
        return
    if _is_shared(person, identity):
        Revocation.of_identity(person.connection, identity.pk)
        GroupGrant.objects.filter(identity=identity, connection=person.connection).end()
    else:
        identity.delete()
    person.identity = None


def record(person: ProvisionedPerson, reason: str, message: str) -> None:
    """Log a change of a person, and send its signal."""
    ends = reason in {"deactivated", "deleted"}
    signal = signals.deprovisioned if ends else signals.provisioned
    signal.send(
        ProvisionedPerson,
        connection=person.connection,
        user=person.user,
        identity=person.identity,
        reason=reason,
    )
    kind = Event.Kind.DEPROVISIONED if ends else Event.Kind.PROVISIONED
    record_provisioning(
        kind, person.connection, person.user_name, message, identity=person.identity
    )


def record_refusal(person: ProvisionedPerson, why: str) -> None:
    """Log that a person is known, but has no user yet."""
    record_provisioning(
        Event.Kind.PROVISIONING_REFUSED,
        person.connection,
        person.user_name,
        f"The person is known but has no user yet: {why}",
        code="user_refused",
    )


def find_identity(connection: Connection, object_id: str) -> Identity | None:
    """Return the identity of a person of the connection's directory."""
    # Not from a replica, which may not have what a sign-in has just stored.
    rows = Identity.objects.using(router.db_for_write(Identity)).select_related("user")
    return rows.filter(
        cloud=connection.identity_cloud, tenant_id=connection.tenant_id, object_id=object_id
    ).first()


def _verified(
    request: HttpRequest, person: ProvisionedPerson, claims: IdTokenClaims, trust: DomainTrust
) -> tuple[Any, VerifiedIdentity]:
    extended = extended_profile(person.attributes)
    verified = VerifiedIdentity(person.connection, claims, Enrichment(profile=extended), trust)
    return site_backend(request, verified), verified


def tie_again(person: ProvisionedPerson) -> None:
    """Give a person who was deleted and is reported again their user back.

    Not a user who has got rights or another identity, or was activated, meanwhile: they may have
    become another person's. The row is changed and not saved; it must have a key. To be called in a
    transaction.
    """
    claims = claims_of(person.connection, person)
    user: Any = person.user
    if claims is None or user is None:
        return
    identity = find_identity(person.connection, claims.object_id)
    # Asked here, too: no receiver hears of an activation by ``QuerySet.update``.
    was_activated = person.deactivated_user and user.is_active
    if identity is None and not (
        was_activated or _is_privileged(user) or user.azuread_identities.exists()
    ):
        identity = Identity(
            user=user,
            cloud=person.connection.identity_cloud,
            tenant_id=claims.tenant_id,
            object_id=claims.object_id,
            connection=person.connection,
            login_name=person.user_name,
        )
        identity.save(force_insert=True)
    _tie(person, identity)
    rights.give_all(person)


def _tie(person: ProvisionedPerson, identity: Identity | None) -> None:
    """Let a row follow the identity, and the user whom the identity is tied to now.

    An administrator can have tied it to another user, or untied it: what is noted of the former
    user holds for no other, and a directory has no say in a user that its person was untied from.
    """
    user = identity.user if identity is not None else None
    if person.user_id != (user and user.pk):
        person.made_user = person.deactivated_user = False
    person.identity, person.user = identity, user


def _reactivate(person: ProvisionedPerson) -> None:
    """Undo what ``deactivate`` did to the user, and nothing else."""
    if not person.deactivated_user:
        return
    _tie(person, find_identity(person.connection, person.external_id or ""))
    user: Any = person.user
    if person.deactivated_user and not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
    person.deactivated_user = False


def _was_made_at_sign_in(person: ProvisionedPerson, identity: Identity) -> bool:
    """Return whether a sign-in by the connection has made the user, before anybody reported the
    person."""
    made = MadeUser._default_manager.using(router.db_for_write(MadeUser))
    same = made.filter(identity=identity, user=identity.user_id, connection=person.connection)
    return same.exists()


def _has_another_way_in(person: ProvisionedPerson, identity: Identity) -> bool:
    """Return whether a person's user can sign in otherwise than by the person's connection."""
    user: Any = identity.user
    if _is_staff(user) or (user.password and user.has_usable_password()):
        return True
    if identity.connection_id not in {None, person.connection_id}:
        return True
    if _reported_elsewhere(person, identity).filter(is_active=True).exists():
        return True
    return bool(user.azuread_identities.exclude(pk=identity.pk).exists())


def _is_shared(person: ProvisionedPerson, identity: Identity) -> bool:
    """Return whether another connection uses an identity."""
    if identity.connection_id not in {None, person.connection.pk}:
        return True
    return _reported_elsewhere(person, identity).exists()


def _reported_elsewhere(person: ProvisionedPerson, identity: Identity) -> Any:
    """Return the rows that other connections to the same directory have of a person."""
    others = ProvisionedPerson._default_manager.filter(identity=identity, deleted_at=None)
    return others.exclude(pk=person.pk)


def _is_staff(user: Any) -> bool:
    return bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def _is_privileged(user: Any) -> bool:
    return _is_staff(user) or bool(held_permissions(user))


def _has_field(user: Any) -> bool:
    try:
        user._meta.get_field("is_active")
    except FieldDoesNotExist:  # a user model without it: everybody is active
        return False
    return True
