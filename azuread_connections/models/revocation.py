from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .batches import delete_in_batches
from .connection import Connection
from .primary import PrimaryManager, PrimaryModel


class Revocation(PrimaryModel):
    """Ends the sessions that began before a time: of a connection, one of its directories, a person
    or a session at Microsoft.

    Each request compares its session with it, so that it works with every session engine.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, verbose_name=_("connection"))
    #: Whose sessions end: see ``subjects``. Unique with the connection: repeating adds no row.
    subject = models.CharField(_("subject"), max_length=80)
    since = models.DateTimeField(_("sessions from before"))

    objects = PrimaryManager["Revocation"]()

    class Meta:
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "subject"], name="azuread_revocation_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.subject}"

    @classmethod
    def everybody(cls, connection: Connection) -> None:
        """End all sessions of a connection."""
        cls._write(connection, "*")

    @classmethod
    def of_directory(cls, connection: Connection, tenant_id: str) -> None:
        """End all sessions that a connection has given to people of a directory."""
        cls._write(connection, f"directory:{tenant_id}")

    @classmethod
    def of_identity(cls, connection: Connection, identity_id: int) -> None:
        """End all sessions of one person by a connection."""
        cls._write(connection, f"identity:{identity_id}")

    @classmethod
    def of_microsoft_session(cls, connection: Connection, session_id: str) -> None:
        """End the sessions that were started from one session at Microsoft (`sid`)."""
        cls._write(connection, f"sid:{session_id}")

    @staticmethod
    def subjects(identity_id: int, tenant_id: str, session_id: str) -> list[str]:
        """Return the subjects that a session belongs to."""
        subjects = ["*", f"directory:{tenant_id}", f"identity:{identity_id}"]
        return [*subjects, f"sid:{session_id}"] if session_id else subjects

    @classmethod
    def delete_sign_outs_before(cls, moment: datetime, batch_size: int) -> int:
        """Delete older revocations of sessions at Microsoft in batches; return how many.

        The others are at most one row for each connection, directory or person.
        """
        old = cls._default_manager.filter(subject__startswith="sid:", since__lt=moment)
        return delete_in_batches(old.order_by("pk"), batch_size)

    @classmethod
    def _write(cls, connection: Connection, subject: str) -> None:
        cls._default_manager.update_or_create(
            connection=connection, subject=subject, defaults={"since": timezone.now()}
        )
