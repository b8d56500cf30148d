from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from ...key_rotation import rotate
from ...models import SigningKey


class Command(BaseCommand):
    help = (
        "Publish the next key that signs tokens for clients, 24 hours before it signs, and delete "
        "the keys that no valid token was signed with. Run it once in a while from cron: while a "
        "key waits, it changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--compromised",
            action="store_true",
            help="A private key has leaked: sign with a new key at once and withdraw all others. "
            "Tokens signed so far become invalid, and clients refuse sign-ins until they have "
            "fetched the keys again.",
        )

    def handle(self, *, compromised: bool, **options: Any) -> None:
        try:
            rotation = rotate(is_compromised=compromised)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if rotation.deleted:
            self.stdout.write(f"Deleted: {rotation.deleted}")
        self.stdout.write(f"Signs now: {rotation.current.kid}")
        if rotation.next is not None:
            self.stdout.write(f"{_from(rotation.next)}{'' if rotation.is_new else ' (waiting)'}")


def _from(key: SigningKey) -> str:
    moment = key.activates_at
    shown = localtime(moment) if moment.tzinfo else moment
    return f"Signs from {shown:%Y-%m-%d %H:%M %Z}: {key.kid}"
