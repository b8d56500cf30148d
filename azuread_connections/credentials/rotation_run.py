"""The steps of a rotation, one after the other: see ``rotation``."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db import router, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from ..entra.errors import CredentialFailed, CredentialUnavailable, EntraError
from ..entra.frames import without_frame_variables
from ..entra.graph import GraphError, RegisteredCredentials
from ..entra.registration import is_lifetime_forbidden
from ..login.log.events import record_rotation
from ..microsoft.app_token import request_with
from ..microsoft.wording import describe_error
from ..models import Connection, Credential, Event, Sealed, UndecryptableError
from ..models.credential import HINT_LENGTH
from ..models.expiry import as_stored, day_of
from .certificates import create_certificate_for
from .lease import NOTHING, Lease
from .registrations import (
    OpenRegistration,
    RotationRefused,
    connections_sharing,
    open_registration,
    refusal,
    same_credentials,
    signer_for,
)
from .rotation_step import PROPAGATION, Pace, RotationOutcome, RotationStep, failed_step

#: Days that a new credential lasts: the first that the directory's policy permits.
SECRET_DAYS = (180, 90, 60, 30)
CERTIFICATE_DAYS = (365, 180, 90, 60, 30)
#: Seconds between two attempts; the last one repeats.
_PAUSES = (1, 2, 4, 8, 15)
_GRAPH_FAILED = 500
_Kind = Credential.Kind
_TOO_SHORT = gettext_lazy("A new credential lasts %(days)d days at most: use a smaller --within.")
_NO_PROOF = gettext_lazy(
    "Microsoft adds a certificate only with the proof of another one that the registration has and "
    "that has not ended. The connection has none: add the new certificate by hand."
)


@dataclass(frozen=True)
class RotationRun:
    """One run that holds the registration's lease."""

    pace: Pace
    connection: Connection
    lease: Lease

    def steps(self, credential: Credential | None) -> Iterator[RotationStep]:
        row = self.lease.row
        if row.is_under_way:
            yield self._done(_("An interrupted rotation was found."))
            if row.value is not None:
                yield from self._complete()
                return
            yield from self._remove_unknown()
        if credential is None or credential.connection_id != self.connection.pk:
            return
        if _has_changed(credential):
            yield self._done(_("Another run has rotated it already."))
            return
        yield from self._begin(credential)
        yield from self._complete()

    @cached_property
    def _opened(self) -> OpenRegistration:
        """What Graph says of the registration; asked when it is first needed."""
        return open_registration(self.connection)

    # --- A new credential

    def _begin(self, old: Credential) -> Iterator[RotationStep]:
        """Note what is going to be made, make it, and store it."""
        self._opened.registered  # noqa: B018  # nothing is noted if the app may not
        self.lease.write(
            connection=self.connection, replaces=old, kind=old.kind, marker=uuid.uuid4().hex
        )
        try:
            self._make(old.kind)
        except (GraphError, RotationRefused) as error:
            raise self._given_up(error) from error
        words = self._words()
        yield self._done(_("A new %(kind)s, %(credential)s, is stored here.") % words)

    def _make(self, kind: str) -> None:
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

    # --- Until it is used

    def _complete(self) -> Iterator[RotationStep]:
        if self.lease.row.added_at is None:
            self._add_interrupted()
        error = self._accepted()
        if error is None:
            yield from self._activate()
        elif isinstance(error, CredentialUnavailable | UndecryptableError) or (
            isinstance(error, CredentialFailed) and self._is_overdue()
        ):
            yield from self._discard(error)
        else:
            why = describe_error(error) if isinstance(error, EntraError) else error
            text = _("Microsoft does not accept %(credential)s yet: %(why)s") % {
                **self._words(),
                "why": why,
            }
            yield RotationStep(
                self.connection.name,
                RotationOutcome.WAITING,
                f"{text} {_later()}",
                is_incomplete=not isinstance(error, CredentialFailed),
            )

    def _add_interrupted(self) -> None:
        """Add the stored certificate, unless the run that was killed has added it."""
        if key_id := self._id_in_azure(self._opened.registered):
            self.lease.write(key_id=key_id, added_at=self.pace.clock.now())
            return
        try:
            self._add_certificate()
        except (GraphError, RotationRefused) as error:
            raise self._given_up(error) from error

    def _accepted(self) -> EntraError | UndecryptableError | None:
        """Ask Microsoft for a token until it accepts the new credential; return the last error."""
        clock = self.pace.clock
        ends = clock.now() + self.pace.patience
        credential = self.lease.row.new_credential(self.connection)
        pauses = list(_PAUSES)
        while True:
            self.lease.renew()
            try:
                request_with(self.connection, credential.for_request(self.connection))
            except (CredentialUnavailable, UndecryptableError) as error:
                return error
            except EntraError as error:
                left = (ends - clock.now()).total_seconds()
                if left <= 0:
                    return error
                clock.sleep(min(left, pauses[0]))
                del pauses[: len(pauses) > 1]
            else:
                return None

    def _is_overdue(self) -> bool:
        added_at = self.lease.row.added_at
        return added_at is None or self.pace.clock.now() >= added_at + PROPAGATION

    def _activate(self) -> Iterator[RotationStep]:
        """Make the new credential usable, and the old one its fall-back, in one transaction."""
        row, now = self.lease.row, timezone.now()
        words, kind, ends = self._words(), row.kind, row.expires_at
        with transaction.atomic(using=self._database(), durable=True):
            old = same_credentials(row.replaces) if row.replaces else []
            sharing = {each.connection_id: each.connection for each in old}
            sharing[self.connection.pk] = self.connection
            for connection in sharing.values():
                new = row.new_credential(connection)
                new.last_success_at = now
                new.save(using=self._database())
            keys = [each.pk for each in old]
            replaced = Credential._default_manager.filter(pk__in=keys)
            replaced.update(replaced_at=now)
            # What is known of one is known of all: they are removed by it.
            if key_id := next((each.key_id for each in old if each.key_id), ""):
                replaced.filter(key_id="").update(key_id=key_id)
            self.lease.write_within(**NOTHING)
            for connection in sharing.values():
                text = _rotated(kind, words["credential"], old, ends)
                record_rotation(connection, Event.Kind.SECRET_ROTATED, text)
        text = _("Microsoft accepts %(credential)s, which is used from now on.") % words
        if others := len(sharing) - 1:
            text += " " + ngettext(
                "%(count)d other connection shares the registration, and uses it, too.",
                "%(count)d other connections share the registration, and use it, too.",
                others,
            ) % {"count": others}
        yield self._done(text)

    # --- What did not work

    def _discard(self, error: EntraError | UndecryptableError) -> Iterator[RotationStep]:
        """Remove a new credential that Microsoft does not accept: there first, then here."""
        row, words = self.lease.row, self._words()
        self._remove_in_azure()
        why = describe_error(error) if isinstance(error, EntraError) else error
        self._give_up(f"{row.kind} {words['credential']} was not accepted: {error}")
        text = _(
            "Microsoft does not accept the new %(kind)s %(credential)s, so it was removed again, "
            "and nothing has changed. %(why)s"
        )
        yield failed_step(self.connection, text % {**words, "why": why})

    def _remove_in_azure(self) -> None:
        opened = open_registration(self.connection)
        object_id, key_id = opened.registered.object_id, self._id_in_azure(opened.registered)
        if not key_id:
            return
        if self.lease.row.kind != _Kind.CERTIFICATE:
            opened.registration.remove_secret(object_id, key_id)
        elif signer := signer_for(self._credentials(), opened.registered):
            opened.registration.remove_certificate(object_id, key_id, signer)

    def _remove_unknown(self) -> Iterator[RotationStep]:
        """Remove the secret that was made, but whose value was never stored."""
        opened, name = self._opened, self.lease.row.name_in_azure
        for secret in opened.registered.secrets:
            if secret.name == name:
                opened.registration.remove_secret(opened.registered.object_id, secret.key_id)
        self.lease.write(**NOTHING)
        yield self._done(_("Nothing of it is left in Azure."))

    def _given_up(self, error: Exception) -> RotationRefused:
        """Store that nothing is under way, and return what to do about the error.

        Graph has refused, so it has made nothing. After an error of its own nobody knows.
        """
        if isinstance(error, GraphError) and error.status >= _GRAPH_FAILED:
            raise error
        with override(None):
            self._give_up(str(error))
        if isinstance(error, GraphError):
            return refusal(error, self.connection)
        return error if isinstance(error, RotationRefused) else RotationRefused(str(error))

    def _give_up(self, why: str) -> None:
        with transaction.atomic(using=self._database(), durable=True):
            self.lease.write_within(**NOTHING)
            record_rotation(self.connection, Event.Kind.ROTATION_FAILED, why)

    # --- What the steps need

    def _credentials(self) -> list[Credential]:
        sharing = connections_sharing(self.connection)
        return list(Credential._default_manager.filter(connection__in=sharing))

    def _words(self) -> dict[str, object]:
        new = self.lease.row.new_credential(self.connection)
        return {"kind": new.get_kind_display(), "credential": new}

    def _database(self) -> str:
        return router.db_for_write(Credential, instance=self.connection)

    def _now_in_azure(self) -> datetime:
        now = self.pace.clock.now()
        return timezone.make_aware(now) if timezone.is_naive(now) else now

    def _done(self, text: str) -> RotationStep:
        return RotationStep(self.connection.name, RotationOutcome.DONE, text)


def _rotated(kind: str, new: object, old: list[Credential], ends: datetime | None) -> str:
    until = f", ends on {day_of(ends)}" if ends else ""
    return f"The {kind} {new} replaces {_names(old)}{until}."


def _names(old: list[Credential]) -> str:
    return str(old[0]) if old else "one that was removed"


def _has_changed(credential: Credential) -> bool:
    """Whether it has been rotated or removed since it was read."""
    before = credential.replaced_at
    with suppress(Credential.DoesNotExist):
        # From the database that is written: a replica can lack what was done a moment ago.
        using = router.db_for_write(Credential, instance=credential)
        credential.refresh_from_db(using=using, fields=["replaced_at"])
        return credential.replaced_at != before
    return True


def _later() -> str:
    return _("The next run goes on from here.")
