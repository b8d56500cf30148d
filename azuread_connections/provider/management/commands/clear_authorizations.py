from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ...tokens import delete_expired


class Command(BaseCommand):
    help = (
        "Delete the sign-ins to clients that no token rests on any more, with their tokens, a "
        "batch at a time. Run it daily."
    )

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Deleted: {delete_expired()}")
