"""Certificates and federated credentials of a file: reads them, and plans what to add."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from ..credentials.addition import (
    CredentialAddition,
    plan_certificate,
    plan_federated,
    plan_secret,
)
from ..credentials.certificates import read_certificate
from ..entra.certificates import to_der
from ..entra.managed_identity import SYSTEM_ASSIGNED
from ..models import Credential
from ..models.expiry import as_stored
from ..models.validators import expiry_warning
from .changes import Change, Difference, Stored
from .document import ImportIssue, ObjectReader
from .entry import ConnectionEntry, CredentialEntry
from .options import CLIENT_SECRET, CLIENT_SECRET_EXPIRES_AT, CREDENTIALS

_PEM = "-----BEGIN"


def read_credentials(reader: ObjectReader) -> tuple[CredentialEntry, ...]:
    """Read the list of credentials. Its mistakes are added to the reader's."""
    found = (_credential(item) for item in reader.objects(CREDENTIALS) or ())
    return tuple(each for each in found if each is not None)


def _credential(item: ObjectReader) -> CredentialEntry | None:
    before = len(item.mistakes)
    kind = item.text("kind")
    if kind == Credential.Kind.CERTIFICATE:
        entry = CredentialEntry(
            item.place,
            kind,
            private_key=item.lines("private_key") or "",
            certificate=item.lines("certificate") or "",
        )
        if not entry.certificate:
            item.refuse("certificate", _("This key is missing."))
    elif kind == Credential.Kind.FEDERATED:
        entry = CredentialEntry(
            item.place,
            kind,
            token_file=item.text("token_file") or "",
            managed_identity=_managed_identity(item),
        )
    else:
        item.refuse("kind", _("This must be one of: %s.") % "certificate, federated")
        return None
    for path, _value in item.left_over():
        item.refuse(path, _("This key is not known here."))
    return entry if len(item.mistakes) == before else None


def _managed_identity(item: ObjectReader) -> str:
    value = item.take("managed_identity")
    if value is True:
        return SYSTEM_ASSIGNED
    if value in (None, False):
        return ""
    if isinstance(value, str):
        return value
    item.refuse("managed_identity", _("This must be true, or a client ID in quotes."))
    return ""


def plan_credentials(entry: ConnectionEntry, stored: Stored, change: Change, now: datetime) -> None:
    """Compare the credentials of an entry with those stored. Nothing stored is removed."""
    _plan_secret(entry, stored, change, now)
    for item in entry.credentials:
        try:
            addition = _plan(item, stored)
        except ValidationError as error:
            change.mistakes += [ImportIssue(item.place, text) for text in error.messages]
            continue
        if addition is None:
            change.notes.append(
                _("%(place)s: not stored, because the file has no private key for it.")
                % {"place": item.place}
            )
        elif addition.is_new:
            change.credentials.append(addition)
            _tell_addition(addition, change)
    if change.is_new and not change.credentials:
        change.notes.append(
            _("it has no credential: nobody can sign in until one is added in the admin.")
        )


def _plan(item: CredentialEntry, stored: Stored) -> CredentialAddition | None:
    if item.kind == Credential.Kind.FEDERATED:
        return plan_federated(
            stored.credentials,
            token_file=item.token_file,
            managed_identity=item.managed_identity,
        )
    if known := _known_certificate(item, stored):
        return CredentialAddition(known, is_new=False)
    if _PEM not in item.private_key:
        # A placeholder, or an export, which has no private key.
        return None
    pair = read_certificate(f"{item.private_key}\n{item.certificate}".encode())
    return plan_certificate(stored.credentials, pair)


def _known_certificate(item: CredentialEntry, stored: Stored) -> Credential | None:
    try:
        der = to_der(item.certificate)
    except ValueError:
        return None
    certificates = (each for each in stored.credentials if each.kind == Credential.Kind.CERTIFICATE)
    return next((each for each in certificates if to_der(each.certificate) == der), None)


def _plan_secret(entry: ConnectionEntry, stored: Stored, change: Change, now: datetime) -> None:
    expires_at = entry.secret_expires_at and as_stored(entry.secret_expires_at)
    if entry.has_placeholder:
        change.notes.append(
            _("%(key)s: not stored, because it is a placeholder and not a client secret.")
            % {"key": CLIENT_SECRET}
        )
    if entry.secret is None:
        if expires_at is not None:
            change.notes.append(
                _("%(key)s: ignored, because the file has no %(secret)s for it.")
                % {"key": CLIENT_SECRET_EXPIRES_AT, "secret": CLIENT_SECRET}
            )
        return
    try:
        addition = plan_secret(stored.credentials, entry.secret, expires_at)
    except ValidationError as error:
        place = f"{entry.place}, {CLIENT_SECRET}"
        change.mistakes += [ImportIssue(place, text) for text in error.messages]
        return
    if warning := expiry_warning(expires_at, now):
        change.notes.append(f"{CLIENT_SECRET_EXPIRES_AT}: {warning}")
    change.credentials.append(addition)
    if addition.is_new:
        if expires_at is None:
            change.notes.append(
                _("no expiry date (%(key)s): check_secrets cannot warn before it expires.")
                % {"key": CLIENT_SECRET_EXPIRES_AT}
            )
        _tell_addition(addition, change)
    label = addition.credential.get_kind_display()
    for secret in addition.redated:
        change.differences.append(
            Difference(f"{label} {secret}", _date(expires_at), _date(secret.expires_at))
        )


def _tell_addition(addition: CredentialAddition, change: Change) -> None:
    added = addition.credential
    after = str(added) if added.never_ends else f"{added} ({_date(added.expires_at)})"
    if not change.is_new:
        after = _("%(secret)s is added") % {"secret": after}
    change.differences.append(Difference(added.get_kind_display(), after))


def _date(moment: datetime | None) -> str:
    if moment is None:
        return _("no expiry date")
    # In UTC, like the date in the form and in check_secrets.
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    utc = moment.astimezone(UTC)
    return _("expires %(date)s") % {"date": utc.isoformat(sep=" ", timespec="minutes")}
