from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ... import device_codes, tokens


class Command(BaseCommand):
    help = (
        "Delete the sign-ins to clients that no token rests on any more, with their tokens, a "
        "batch at a time, and the codes of devices. Run it daily."
    )

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Deleted: {tokens.delete_expired() + device_codes.delete_expired()}")
