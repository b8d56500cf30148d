"""The steps of a rotation, one after the other: see ``rotation``."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import router, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from ..entra.errors import CredentialFailed, CredentialUnavailable, EntraError
from ..entra.graph import GraphError
from ..login.log.events import record_rotation
from ..microsoft.app_token import request_with
from ..microsoft.wording import describe_error
from ..models import Connection, Credential, Event, UndecryptableError
from ..models.expiry import day_of
from .lease import NOTHING, Lease
from .new_credential import NewCredential
from .registrations import RotationRefused, refusal, same_credentials
from .rotation_step import PROPAGATION, Pace, RotationOutcome, RotationStep, failed_step

#: Seconds between two attempts; the last one repeats.
_PAUSES = (1, 2, 4, 8, 15)
_GRAPH_FAILED = 500


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
            self._new.remove_lost()
            self.lease.write(**NOTHING)
            yield self._done(_("Nothing of it is left in Azure."))
        if credential is None or credential.connection_id != self.connection.pk:
            return
        if _has_changed(credential):
            yield self._done(_("Another run has rotated it already."))
            return
        yield from self._begin(credential)
        yield from self._complete()

    @cached_property
    def _new(self) -> NewCredential:
        return NewCredential(self.pace, self.connection, self.lease)

    # --- A new credential

    def _begin(self, old: Credential) -> Iterator[RotationStep]:
        """Note what is going to be made, make it, and store it."""
        self._new.require_permission()  # nothing is noted if the app may not
        self.lease.write(
            connection=self.connection, replaces=old, kind=old.kind, marker=uuid.uuid4().hex
        )
        try:
            self._new.make(old.kind)
        except (GraphError, RotationRefused) as error:
            raise self._given_up(error) from error
        words = self._words()
        yield self._done(_("A new %(kind)s, %(credential)s, is stored here.") % words)

    # --- Until it is used

    def _complete(self) -> Iterator[RotationStep]:
        if self.lease.row.added_at is None:
            try:
                self._new.add_interrupted()
            except (GraphError, RotationRefused) as error:
                raise self._given_up(error) from error
        failure = self._accepted()
        if failure is None:
            yield from self._activate()
        elif isinstance(failure, CredentialUnavailable | UndecryptableError) or (
            isinstance(failure, CredentialFailed) and self._is_overdue()
        ):
            yield from self._discard(failure)
        else:
            why = describe_error(failure) if isinstance(failure, EntraError) else failure
            text = _("Microsoft does not accept %(credential)s yet: %(why)s") % {
                **self._words(),
                "why": why,
            }
            yield RotationStep(
                self.connection.name,
                RotationOutcome.WAITING,
                f"{text} {_later()}",
                is_incomplete=not isinstance(failure, CredentialFailed),
            )

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
            old = same_credentials(row.replaces, self.connection) if row.replaces else []
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
        is_gone = self._new.remove()
        why = describe_error(error) if isinstance(error, EntraError) else error
        self._give_up(f"{row.kind} {words['credential']} was not accepted: {error}")
        if is_gone:
            text = _(
                "Microsoft does not accept the new %(kind)s %(credential)s, so it was removed "
                "again, and nothing has changed. %(why)s"
            )
        else:
            text = _(
                "Microsoft does not accept the new %(kind)s %(credential)s, so it is not used. "
                "Remove it in Azure by hand: no other certificate is left that could prove to "
                "Microsoft who asks. %(why)s"
            )
        yield failed_step(self.connection, text % {**words, "why": why})

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

    def _words(self) -> dict[str, object]:
        new = self.lease.row.new_credential(self.connection)
        return {"kind": new.get_kind_display(), "credential": new}

    def _database(self) -> str:
        return router.db_for_write(Credential, instance=self.connection)

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
