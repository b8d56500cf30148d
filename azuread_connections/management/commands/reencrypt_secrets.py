from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azuread_connections.credentials.reencryption import ReencryptionCounts, reencrypt
from azuread_connections.management import arguments


class Command(BaseCommand):
    help = (
        "Encrypt the stored secrets and private keys, and the signing keys for OAuth clients, "
        "with the first of ENCRYPTION_KEYS, so that the keys after it can be removed. Safe while "
        "the site runs; can be stopped and started again. "
        "Exit status: 0 all use the first key, 1 some do not, 2 there is no usable key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only count the secrets, and change nothing"
        )
        parser.add_argument(
            "--batch-size",
            type=arguments.batch_size,
            default=500,
            help="secrets read at once (default: 500)",
        )

    def handle(self, *, dry_run: bool, batch_size: int, **options: Any) -> None:
        try:
            self._reencrypt(dry_run=dry_run, batch_size=batch_size)
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=2) from error

    def _reencrypt(self, *, dry_run: bool, batch_size: int) -> None:
        outcome = ReencryptionCounts()
        for secret in reencrypt(outcome, batch_size=batch_size, dry_run=dry_run):
            self.stderr.write(
                _(
                    "%(secret)s: no key can decrypt it. Restore its key, or add the credential "
                    "again and remove this one."
                )
                % {"secret": secret},
                self.style.ERROR,
            )
        self.stdout.write(_summary(outcome, dry_run=dry_run))
        if left := outcome.unreadable + outcome.changed + (outcome.renewed if dry_run else 0):
            raise CommandError(
                ngettext(
                    "%(count)d secret is not encrypted with the first key. Keep the other keys.",
                    "%(count)d secrets are not encrypted with the first key. Keep the other keys.",
                    left,
                )
                % {"count": left}
                + (_(" Some changed meanwhile: run this again.") if outcome.changed else "")
            )
        self.stdout.write(_("All use the first of ENCRYPTION_KEYS: the others can be removed."))


def _summary(outcome: ReencryptionCounts, *, dry_run: bool) -> str:
    if dry_run:
        template = _("%(renewed)d of %(seen)d secrets would be re-encrypted.")
    else:
        template = _("%(renewed)d of %(seen)d secrets re-encrypted.")
    return template % {"renewed": outcome.renewed, "seen": outcome.seen}
