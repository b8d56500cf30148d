from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from azuread_connections.conf import conf
from azuread_connections.login.log.retention import clear_logs
from azuread_connections.management import arguments
from azuread_connections.models import Event, Revocation
from azuread_connections.setup.expiry import clear_expired


class Command(BaseCommand):
    help = (
        "Delete old events of the sign-in log, sign-outs at Microsoft that are older than any "
        "valid sign-in, and what remains of expired set-up links. Works in batches, so that "
        "sign-ins never wait for it. The log of provisioning requests is included if "
        "azuread_connections.scim is installed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=arguments.days,
            help="keep the events of this many days (default: the setting EVENT_DAYS, 90)",
        )
        parser.add_argument(
            "--batch-size",
            type=arguments.batch_size,
            default=1000,
            help="events deleted at once (default: 1000)",
        )

    def handle(self, *, days: int | None, batch_size: int, **options: Any) -> None:
        now = timezone.now()
        kept = conf.event_days if days is None else days
        deleted = Event.delete_before(now - timedelta(days=kept), batch_size)
        self.stdout.write(f"{deleted} events older than {kept} days deleted.")
        # Not SESSION_COOKIE_AGE: a session can get a longer lifetime (`set_expiry`) and be renewed
        # without limit. One day more, because the clocks of two servers can differ.
        age = timedelta(days=conf.max_sign_in_days + 1)
        deleted = Revocation.delete_sign_outs_before(now - age, batch_size)
        self.stdout.write(f"{deleted} sign-outs at Microsoft older than any valid sign-in deleted.")
        deleted = clear_expired(now, kept, batch_size)
        self.stdout.write(f"{deleted} expired sessions of set-up links deleted.")
        for sentence in clear_logs(now, batch_size):
            self.stdout.write(sentence)
