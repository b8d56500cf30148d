from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ....conf import conf
from ...logout_delivery import send_due
from ...sweep import end_invalid


class Command(BaseCommand):
    help = (
        "End the sign-ins to clients that are no longer valid, and tell the clients that have a "
        "back-channel logout URL. Run it every minute from cron: what a client does not confirm is "
        "sent again after growing pauses, for a day."
    )

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Ended: {end_invalid()}")
        if not conf.public_url:
            raise CommandError("Set PUBLIC_URL: the issuer of the notices is built on it.")
        confirmed, failed = send_due()
        self.stdout.write(f"Sent: {confirmed}")
        if failed:
            self.stdout.write(f"Not confirmed: {failed}")
