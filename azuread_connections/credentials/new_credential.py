"""The new credential of a rotation: makes it, finds it again in Azure, and removes it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext_lazy

from ..entra.errors import MalformedResponse
from ..entra.frames import without_frame_variables
from ..entra.graph import GraphError, RegisteredCredentials
from ..entra.registration import is_lifetime_forbidden
from ..models import Connection, Credential, Sealed
from ..models.credential import HINT_LENGTH
from ..models.expiry import as_stored
from .certificates import create_certificate_for
from .lease import Lease
from .registrations import (
    OpenRegistration,
    RotationRefused,
    connections_sharing,
    open_registration,
    signer_for,
)
from .rotation_step import Pace

#: Days that a new credential lasts: the first that the directory's policy permits.
SECRET_DAYS = (180, 90, 60, 30)
CERTIFICATE_DAYS = (365, 180, 90, 60, 30)
_Kind = Credential.Kind
_TOO_SHORT = gettext_lazy("A new credential lasts %(days)d days at most: use a smaller --within.")
_NO_PROOF = gettext_lazy(
    "Microsoft adds a certificate only with the proof of another one that the registration has and "
    "that has not ended. The connection has none: add the new certificate by hand."
)


@dataclass(frozen=True)
class NewCredential:
    """What the lease's row says of it is stored before the next step relies on it.

    All methods raise ``EntraError``, ``RotationRefused`` and ``LeaseLost``.
    """

    pace: Pace
    connection: Connection
    lease: Lease

    def require_permission(self) -> None:
        """Raise ``RotationRefused`` if the app may not change its registration."""
        self._opened  # noqa: B018  # asks Graph

    @cached_property
    def _opened(self) -> OpenRegistration:
        """What Graph says of the registration; asked when it is first needed."""
        return open_registration(self.connection)

    def make(self, kind: str) -> None:
        """Make one that lasts as long as the directory's policy permits."""
        days = CERTIFICATE_DAYS if kind == _Kind.CERTIFICATE else SECRET_DAYS
        fitting = [each for each in days if timedelta(days=each) > self.pace.longer_than]
        if not fitting:
            raise RotationRefused(_TOO_SHORT, days=max(days))
        for each in fitting:
            try:
                if kind == _Kind.CERTIFICATE:
                    self._make_certificate(timedelta(days=each))
                    self._add_certificate()
                else:
                    self._make_secret(timedelta(days=each))
            except GraphError as error:
                if each == fitting[-1] or not is_lifetime_forbidden(error):
                    raise
            else:
                return

    @without_frame_variables
    def _make_secret(self, lifetime: timedelta) -> None:
        """Microsoft chooses the value, and names it only once: it is stored at once."""
        made = self._opened.registration.add_secret(
            self._opened.registered.object_id,
            name=self.lease.row.name_in_azure,
            expires_at=self._now_in_azure() + lifetime,
        )
        if self._opened.registered.has(made.key_id):
            # If it were believed, the other one could be removed in place of this one.
            raise MalformedResponse("Graph answered with the key ID of another credential.")
        self.lease.write(
            value=Sealed.seal(made.value.reveal()),
            hint=made.value.reveal()[:HINT_LENGTH],
            key_id=made.key_id,
            expires_at=as_stored(made.expires_at),
            added_at=self.pace.clock.now(),
        )

    @without_frame_variables
    def _make_certificate(self, lifetime: timedelta) -> None:
        """The key is made here, so it is stored before Microsoft knows its certificate."""
        pair = create_certificate_for(self.connection.name, lifetime)
        made = Credential(
            kind=_Kind.CERTIFICATE, value=pair.private_key, certificate=pair.certificate
        )
        made.derive()
        self.lease.write(
            value=Sealed.seal(pair.private_key),
            certificate=pair.certificate,
            hint=made.hint,
            key_id="",
            expires_at=made.expires_at,
            added_at=None,
        )

    def _add_certificate(self) -> None:
        opened, row = self._opened, self.lease.row
        signer = signer_for(self._credentials(), opened.registered)
        if signer is None:
            raise RotationRefused(_NO_PROOF)
        key_id = opened.registration.add_certificate(
            opened.registered.object_id, row.certificate, name=row.name_in_azure, signer=signer
        )
        if opened.registered.has(key_id):
            key_id = ""  # that of another one, which would be removed in place of this one
        self.lease.write(
            key_id=key_id or self._id_in_azure(opened.registration.credentials()),
            added_at=self.pace.clock.now(),
        )

    def _id_in_azure(self, registered: RegisteredCredentials) -> str:
        """Return the ID of the new credential if the registration has it, otherwise ""."""
        row = self.lease.row
        if row.kind != _Kind.CERTIFICATE:
            return row.key_id if registered.has(row.key_id) else ""
        thumbprint = row.new_credential(self.connection).thumbprints.sha1
        found = [each for each in registered.certificates if each.thumbprint == thumbprint]
        return found[0].key_id if found else ""

    def add_interrupted(self) -> None:
        """Add the stored certificate, unless the run that was killed has added it."""
        if key_id := self._id_in_azure(self._opened.registered):
            self.lease.write(key_id=key_id, added_at=self.pace.clock.now())
        else:
            self._add_certificate()

    def remove(self) -> bool:
        """Remove it from the registration. False if it has to be removed there by hand."""
        opened = open_registration(self.connection)
        object_id, key_id = opened.registered.object_id, self._id_in_azure(opened.registered)
        if not key_id:
            return True
        if self.lease.row.kind != _Kind.CERTIFICATE:
            opened.registration.remove_secret(object_id, key_id)
            return True
        signer = signer_for(self._credentials(), opened.registered)
        if signer is not None:
            opened.registration.remove_certificate(object_id, key_id, signer)
        return signer is not None

    def remove_lost(self) -> None:
        """Remove the secret that was made, but whose value was never stored."""
        opened, name = self._opened, self.lease.row.name_in_azure
        for secret in opened.registered.secrets:
            if secret.name == name:
                opened.registration.remove_secret(opened.registered.object_id, secret.key_id)

    def _credentials(self) -> list[Credential]:
        sharing = connections_sharing(self.connection)
        return list(Credential._default_manager.filter(connection__in=sharing))

    def _now_in_azure(self) -> datetime:
        now = self.pace.clock.now()
        return timezone.make_aware(now) if timezone.is_naive(now) else now
