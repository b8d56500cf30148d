from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date

from ....models.expiry import start_of_day
from ...models import OAuthClient, OAuthClientSecret


class Command(BaseCommand):
    help = (
        "Give an OAuth client another client secret, and print it. Those that it has stay valid, "
        "so that the client can change over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The client's application.")
        parser.add_argument(
            "--expires", metavar="YYYY-MM-DD", help="From this day on (UTC) the secret is refused."
        )

    def handle(self, *, slug: str, expires: str | None, **options: Any) -> None:
        client = OAuthClient.objects.filter(application__slug=slug).first()
        if client is None:
            raise CommandError(f"“{slug}” is not a client. See manage.py register_client.")
        if client.is_public:
            raise CommandError(f"“{slug}” is a public client, which can keep no secret.")
        expires_at = _parse_day(expires) if expires else None
        secret = OAuthClientSecret.objects.add(client, expires_at=expires_at)
        self.stdout.write(f"client_secret={secret}")


def _parse_day(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"“{text}” is not a date (YYYY-MM-DD).")
    return start_of_day(day)
