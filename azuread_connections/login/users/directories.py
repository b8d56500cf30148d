"""Which directories a connection accepts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from ... import signals
from ...entra.cloud import PERSONAL_TENANT_ID, clouds_sharing_login
from ...entra.id_token import IdTokenClaims
from ...models import Connection, Directory, GroupGrant, Revocation
from ...models.directory import pinned_by_another, status_of_new
from ...models.prepared import Parameter, Select
from ...models.validators import DOMAIN_MAX_LENGTH
from ..log import events
from ..log.failures import SignInFailed

#: Granted at every sign-in, so they say nothing about consent.
_SIGN_IN_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})

_OWN = Directory.AdmittedBy.OWN
_BY_KEY = Select(
    lambda: (
        Directory._default_manager.filter(
            connection=Parameter("connection"), tenant_id=Parameter("tenant_id")
        )
        .annotate(is_pinned_elsewhere=pinned_by_another())
        .order_by()
    ),
    models={"directory": ""},
    columns=("is_pinned_elsewhere",),
)


def admit(connection: Connection, claims: IdTokenClaims) -> Directory | None:
    """Return the row of the person's directory, if it is allowed.

    None for a single-directory connection: the validation of the ID token has checked its own.
    Raises ``SignInFailed`` (``directory_refused``, ``directory_waiting``).
    """
    if not connection.use_common_endpoint:
        # Older versions could pin a connection to the directory of personal accounts.
        _refuse_personal_accounts(claims)
        return None
    known = _find(connection, claims)
    if known is None:
        _check_first_visit(connection, claims)
        known = _Known(_remember(connection, claims))
    elif _is_held_today(known.directory):
        _hold(connection, known.directory)
    _check_status(known)
    _note_visit(known.directory)
    return known.directory


def check(connection: Connection, claims: IdTokenClaims) -> None:
    """Raise what ``admit`` would raise, and write nothing."""
    if not connection.use_common_endpoint:
        _refuse_personal_accounts(claims)
        return
    known = _find(connection, claims)
    if known is None:
        _check_first_visit(connection, claims)
        known = _Known(_new(connection, claims))
    _check_status(known)


def follow_pin(
    sender: type[Connection], connection: Connection, former: str, **kwargs: Any
) -> None:
    """Update the rows of directories after a connection was pinned to a directory.

    A receiver of ``directory_pinned``. The pinned directory gets a row that is allowed. People of
    the ``former`` one can no longer sign in, and their sessions and mapped groups end. At other
    connections that admitted the directory by itself, it waits for an administrator's approval.
    """
    using = router.db_for_write(Directory)
    with transaction.atomic(using=using):
        _let_own_in(connection)
        if former:
            _end_trust(connection, former)
        directories = Directory._default_manager.using(using)
        # Read before any update: usually there are none, and an update would lock.
        elsewhere = directories.filter(
            pinned_by_another(),
            tenant_id=connection.tenant_id,
            admitted_by=Directory.AdmittedBy.ITSELF,
            status=Directory.Status.ALLOWED,
        )
        for directory in elsewhere.exclude(connection=connection).select_related("connection"):
            _hold(directory.connection, directory)


def note_scopes(connection: Connection, tenant_id: str, known: str, scopes: Iterable[str]) -> None:
    """Store the scopes that a directory's people or administrator have granted, if they changed."""
    granted = " ".join(sorted(set(scopes) - _SIGN_IN_SCOPES))
    if granted and granted != known:
        connection.directories.filter(tenant_id=tenant_id).update(
            delegated_scopes=granted, delegated_since=timezone.now()
        )


@dataclass(frozen=True)
class _Known:
    """A directory's row. ``is_pinned_elsewhere``: another connection has it as its own."""

    directory: Directory
    is_pinned_elsewhere: bool = False


def _find(connection: Connection, claims: IdTokenClaims) -> _Known | None:
    # Not from a replica, which may lag behind an administrator's decision.
    rows = _BY_KEY.rows(
        router.db_for_write(Directory), connection=connection.pk, tenant_id=claims.tenant_id
    )
    for row in rows:
        row.directory.connection = connection
        return _Known(row.directory, bool(row.is_pinned_elsewhere))
    return None


def _refuse_personal_accounts(claims: IdTokenClaims) -> None:
    """Refuse personal accounts, which anybody can create, unless their directory is listed."""
    if claims.tenant_id == PERSONAL_TENANT_ID:
        raise SignInFailed(
            "directory_refused", detail="Personal Microsoft accounts are not on the list."
        )


def _check_status(known: _Known) -> None:
    """Refuse a directory by its row, and one admitted by itself also by today's policy and pins."""
    directory = known.directory
    status = directory.status_today
    if status == Directory.Status.REFUSED:
        raise SignInFailed("directory_refused", detail=_why_refused(directory))
    if status == Directory.Status.WAITING:
        raise SignInFailed("directory_waiting", detail=f"Directory {directory} waits for approval.")
    came_by_itself = directory.admitted_by == Directory.AdmittedBy.ITSELF
    if came_by_itself and known.is_pinned_elsewhere and not directory.is_own:
        raise _own_of_another(directory.tenant_id)


def _is_held_today(directory: Directory) -> bool:
    waits = directory.status_today == Directory.Status.WAITING
    return waits and directory.status == Directory.Status.ALLOWED


def _hold(connection: Connection, directory: Directory) -> None:
    """Set an allowed directory to waiting, and ask for approval once."""
    rows = Directory._default_manager.filter(pk=directory.pk, status=Directory.Status.ALLOWED)
    directory.status = Directory.Status.WAITING
    if rows.update(status=directory.status, admitted_by=directory.admitted_by):
        _ask_for_approval(connection, directory)


def _ask_for_approval(connection: Connection, directory: Directory) -> None:
    events.record_directory_waiting(connection, directory)
    signals.directory_waiting.send(Directory, connection=connection, directory=directory)


def _let_own_in(connection: Connection) -> None:
    own, is_new = connection.directories.get_or_create(
        tenant_id=connection.tenant_id, defaults={"domain": connection.domain, "admitted_by": _OWN}
    )
    # An administrator's decision to refuse it, or to let it wait, stays.
    if is_new or own.admitted_by == Directory.AdmittedBy.ADMINISTRATOR:
        return
    if (own.admitted_by, own.status) != (_OWN, Directory.Status.ALLOWED):
        connection.directories.filter(pk=own.pk).update(
            admitted_by=_OWN, status=Directory.Status.ALLOWED
        )


def _end_trust(connection: Connection, tenant_id: str) -> None:
    """End sessions and mapped groups of a directory that the connection no longer trusts."""
    rows = connection.directories.filter(tenant_id=tenant_id)
    # Not an administrator's decision: ``_let_own_in`` lifts it if the directory is pinned again.
    rows.filter(status=Directory.Status.ALLOWED).update(
        status=Directory.Status.REFUSED, admitted_by=_OWN
    )
    Revocation.of_directory(connection, tenant_id)
    GroupGrant.objects.filter(connection=connection, identity__tenant_id=tenant_id).end()
    events.record_directory_moved(connection, tenant_id)


def _why_refused(directory: Directory) -> str:
    if directory.status != Directory.Status.REFUSED:
        return (
            f"No administrator has listed the directory {directory}, and the connection now "
            "accepts only listed ones. To let its people in, approve it."
        )
    if directory.admitted_by == _OWN:
        return f"The connection no longer trusts the directory {directory} as its own."
    return "An administrator refused the directory."


def _own_of_another(tenant_id: str) -> SignInFailed:
    return SignInFailed(
        "directory_refused",
        detail="Another connection has this directory as its own. To let its people in here too, "
        f"approve or add the directory {tenant_id} at this connection.",
    )


def _check_first_visit(connection: Connection, claims: IdTokenClaims) -> None:
    """Refuse a new directory that needs an administrator to list it."""
    _refuse_personal_accounts(claims)
    if _is_pinned_elsewhere(connection, claims.tenant_id):
        raise _own_of_another(claims.tenant_id)
    if connection.new_directories == Connection.NewDirectories.LISTED:
        raise SignInFailed(
            "directory_refused", detail=f"The directory {claims.tenant_id} is not listed."
        )


def _new(connection: Connection, claims: IdTokenClaims) -> Directory:
    return Directory(
        connection=connection,
        tenant_id=claims.tenant_id,
        status=status_of_new(connection),
        admitted_by=Directory.AdmittedBy.ITSELF,
        domain=_domain(claims),
    )


def _remember(connection: Connection, claims: IdTokenClaims) -> Directory:
    new = _new(connection, claims)
    directory, is_new = connection.directories.get_or_create(
        tenant_id=new.tenant_id,
        defaults={"status": new.status, "admitted_by": new.admitted_by, "domain": new.domain},
    )
    if is_new and directory.status == Directory.Status.WAITING:
        _ask_for_approval(connection, directory)
    return directory


def _is_pinned_elsewhere(connection: Connection, tenant_id: str) -> bool:
    """Without this check, a common endpoint would bypass a stricter connection."""
    others = Connection._default_manager.exclude(pk=connection.pk)
    # By login host: US Government and DoD share one, and therefore their directories.
    clouds = clouds_sharing_login(connection.cloud)
    return others.filter(cloud__in=clouds, tenant_id=tenant_id).exists()


def _note_visit(directory: Directory) -> None:
    now = timezone.now()
    if not directory.is_seen_lately(now):
        Directory._default_manager.filter(pk=directory.pk).update(last_seen_at=now)


def _domain(claims: IdTokenClaims) -> str:
    name = claims.upn or claims.preferred_username or claims.email
    domain = name.rpartition("@")[2] if "@" in name else ""
    return domain.lower() if len(domain) <= DOMAIN_MAX_LENGTH else ""
