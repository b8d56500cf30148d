"""Removes credentials that a rotation has replaced: in Azure first, then here.

A credential goes only if no connection needs it any more, and Microsoft accepts another one of
every connection that has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..entra.errors import CredentialFailed, EntraError
from ..entra.graph import GraphError, RegisteredCredentials
from ..login.log.events import record_rotation
from ..microsoft.app_token import token_with
from ..microsoft.wording import describe_error
from ..models import Connection, Credential, Event, UndecryptableError
from ..models.credential import in_order_of_use
from .lease import Lease, LeaseLost
from .registrations import (
    RotationRefused,
    connections_sharing,
    open_registration,
    refusal,
    same_credentials,
    signer_for,
)
from .rotation_step import RotationOutcome, RotationStep

_NO_OTHER = gettext_lazy("Microsoft accepts no other credential of %(name)s.")
_NO_PROOF = gettext_lazy("No certificate is left that could prove to Microsoft who asks.")

_ANOTHER = gettext_lazy(
    "Azure has another credential with the key ID that is stored here. Remove it by hand, in Azure "
    "and here."
)


def replaced_before(connection: Connection, moment: datetime) -> list[Credential]:
    """Return the credentials of a connection that were replaced by this time."""
    return list(connection.credentials.filter(replaced_at__lte=moment).order_by("pk"))


def remove_replaced(connection: Connection, keep: timedelta) -> Iterator[RotationStep]:
    """Remove what was replaced at least ``keep`` ago; yield what became of each."""
    moment = timezone.now() - keep
    if not replaced_before(connection, moment):
        return
    lease = Lease.take(connection)
    if lease is None:
        text = _("Another run is changing the credentials at this moment.")
        yield RotationStep(connection.name, RotationOutcome.WAITING, text)
        return
    try:
        for credential in replaced_before(connection, moment):
            lease.renew()
            yield _remove(connection, credential, moment)
    except LeaseLost:
        text = _("This took too long, and another run has taken over.")
        yield RotationStep(connection.name, RotationOutcome.WAITING, text)
    finally:
        lease.release()


def _remove(connection: Connection, credential: Credential, moment: datetime) -> RotationStep:
    words = {"kind": credential.get_kind_display(), "credential": credential}
    same = same_credentials(credential)
    if why := _needed_by(same, moment) or _not_known(same):
        return RotationStep(connection.name, RotationOutcome.WAITING, why % words)
    try:
        for each in {each.connection_id: each.connection for each in same}.values():
            _require_another(each, same)
        _remove_in_azure(connection, same)
    except GraphError as error:
        return _kept(connection, words, refusal(error, connection))
    except (RotationRefused, EntraError) as error:
        is_incomplete = isinstance(error, EntraError)
        reason = describe_error(error) if isinstance(error, EntraError) else error
        return _kept(connection, words, reason, is_incomplete=is_incomplete)
    Credential._default_manager.filter(pk__in=[each.pk for each in same]).delete()
    text = f"The {credential.kind} {credential} was removed here and in Azure."
    for each in {each.connection_id: each.connection for each in same}.values():
        record_rotation(each, Event.Kind.SECRET_REMOVED, text)
    done = _("The %(kind)s %(credential)s, which was replaced, is removed here and in Azure.")
    return RotationStep(connection.name, RotationOutcome.DONE, done % words)


def _needed_by(same: list[Credential], moment: datetime) -> str:
    """Return that another connection uses the credential, "" if none does."""
    users = [each for each in same if each.replaced_at is None or each.replaced_at > moment]
    if not users:
        return ""
    names = ", ".join(sorted({each.connection.name for each in users}))
    text = _("The %(kind)s %(credential)s stays: it is used by %(names)s.")
    return text.replace("%(names)s", names.replace("%", "%%"))


def _not_known(same: list[Credential]) -> str:
    if any(each.key_id for each in same):
        return ""
    return _(
        "The %(kind)s %(credential)s stays: its key ID in Azure is not known. check_secrets --sync "
        "finds it; otherwise remove it by hand, in Azure and here."
    )


def _require_another(connection: Connection, same: list[Credential]) -> None:
    """Raise ``RotationRefused`` unless Microsoft accepts another credential at this moment."""
    gone = {each.pk for each in same}
    for other in in_order_of_use(list(connection.credentials.all())):
        if other.pk in gone:
            continue
        try:
            token_with(connection, other)
        except (CredentialFailed, UndecryptableError):
            continue
        return
    raise RotationRefused(_NO_OTHER, name=connection.name)


def _remove_in_azure(connection: Connection, same: list[Credential]) -> None:
    """Remove it from the registration, if that still has it: by its key ID, never by guessing."""
    opened = open_registration(connection)
    object_id = opened.registered.object_id
    for key_id in sorted({each.key_id for each in same if each.key_id}):
        if not opened.registered.has(key_id):
            continue
        if not _is_same_in_azure(same[0], opened.registered, key_id):
            raise RotationRefused(_ANOTHER)
        if same[0].kind != Credential.Kind.CERTIFICATE:
            opened.registration.remove_secret(object_id, key_id)
            continue
        sharing = Credential._default_manager.filter(connection__in=connections_sharing(connection))
        signer = signer_for(list(sharing), opened.registered, key_id)
        if signer is None:
            raise RotationRefused(_NO_PROOF)
        opened.registration.remove_certificate(object_id, key_id, signer)


def _is_same_in_azure(
    credential: Credential, registered: RegisteredCredentials, key_id: str
) -> bool:
    """Whether what Azure shows of the credential with this key ID fits: it never shows a value."""
    if credential.kind == Credential.Kind.CERTIFICATE:
        shown = [each.thumbprint for each in registered.certificates if each.key_id == key_id]
        return shown in ([""], [credential.thumbprints.sha1])
    shown = [each.hint for each in registered.secrets if each.key_id == key_id]
    return shown in ([""], [credential.hint])


def _kept(
    connection: Connection, words: dict[str, object], why: object, *, is_incomplete: bool = False
) -> RotationStep:
    text = _("The %(kind)s %(credential)s, which was replaced, stays: %(why)s")
    return RotationStep(
        connection.name, RotationOutcome.FAILED, text % {**words, "why": why}, is_incomplete
    )
