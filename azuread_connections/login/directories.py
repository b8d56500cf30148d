"""Which directories a connection takes people from."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from .. import signals
from ..entra.cloud import PERSONAL_TENANT_ID
from ..entra.id_token import IdTokenClaims
from ..models import Connection, Directory
from . import events
from .failures import SignInFailed

#: Granted to everybody who signs in, so they say nothing of consent.
_SIGN_IN_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


def admit(connection: Connection, claims: IdTokenClaims) -> Directory | None:
    """Return the row of a directory that may sign in here.

    None for a single-directory connection, whose ID token has been checked against its own.
    Raises ``SignInFailed`` (``directory_refused``, ``directory_waiting``).
    """
    if not connection.use_common_endpoint:
        return None
    directory = _find(connection, claims)
    if directory is None:
        _check_first_visit(connection, claims)
        directory = _remember(connection, claims)
    _check_status(directory)
    _note_visit(directory)
    return directory


def check(connection: Connection, claims: IdTokenClaims) -> None:
    """Raise what ``admit`` would, and write nothing."""
    if not connection.use_common_endpoint:
        return
    directory = _find(connection, claims)
    if directory is None:
        _check_first_visit(connection, claims)
        directory = _new(connection, claims)
    _check_status(directory)


def note_scopes(connection: Connection, tenant_id: str, known: str, scopes: Iterable[str]) -> None:
    """Note what a directory's people or administrator have granted, where that is news."""
    granted = " ".join(sorted(set(scopes) - _SIGN_IN_SCOPES))
    if granted and granted != known:
        connection.directories.filter(tenant_id=tenant_id).update(
            delegated_scopes=granted, delegated_since=timezone.now()
        )


def _find(connection: Connection, claims: IdTokenClaims) -> Directory | None:
    return connection.directories.filter(tenant_id=claims.tenant_id).first()


def _check_status(directory: Directory) -> None:
    if directory.status == Directory.Status.REFUSED:
        raise SignInFailed("directory_refused", detail="An administrator refused the directory.")
    if directory.status == Directory.Status.WAITING:
        raise SignInFailed("directory_waiting", detail=f"Directory {directory} waits for approval.")


def _check_first_visit(connection: Connection, claims: IdTokenClaims) -> None:
    """Refuse a directory that must not come in by itself."""
    if claims.tenant_id == PERSONAL_TENANT_ID:
        raise SignInFailed(
            "directory_refused", detail="Personal Microsoft accounts are not listed here."
        )
    if _is_pinned_elsewhere(connection, claims.tenant_id):
        raise SignInFailed(
            "directory_refused",
            detail="Another connection is this directory's own. To take its people here too, add "
            f"the directory {claims.tenant_id} to this connection.",
        )
    if connection.new_directories == Connection.NewDirectories.LISTED:
        raise SignInFailed(
            "directory_refused", detail=f"The directory {claims.tenant_id} is not listed."
        )


def _new(connection: Connection, claims: IdTokenClaims) -> Directory:
    holds = connection.new_directories == Connection.NewDirectories.HOLD
    return Directory(
        connection=connection,
        tenant_id=claims.tenant_id,
        status=Directory.Status.WAITING if holds else Directory.Status.ALLOWED,
        domain=_domain(claims),
    )


def _remember(connection: Connection, claims: IdTokenClaims) -> Directory:
    new = _new(connection, claims)
    directory, is_new = connection.directories.get_or_create(
        tenant_id=new.tenant_id, defaults={"status": new.status, "domain": new.domain}
    )
    if is_new and directory.status == Directory.Status.WAITING:
        events.record_directory_waiting(connection, directory)
        signals.directory_waiting.send(Directory, connection=connection, directory=directory)
    return directory


def _is_pinned_elsewhere(connection: Connection, tenant_id: str) -> bool:
    """Without this, a common endpoint would be the way around a stricter connection."""
    others = Connection._default_manager.exclude(pk=connection.pk)
    return others.filter(cloud=connection.cloud, tenant_id=tenant_id).exists()


def _note_visit(directory: Directory) -> None:
    now = timezone.now()
    if not directory.is_seen_lately(now):
        Directory._default_manager.filter(pk=directory.pk).update(last_seen_at=now)


def _domain(claims: IdTokenClaims) -> str:
    name = claims.upn or claims.preferred_username or claims.email
    domain = name.rpartition("@")[2] if "@" in name else ""
    return domain.lower()[:253]
