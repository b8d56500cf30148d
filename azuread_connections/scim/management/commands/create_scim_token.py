from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from azuread_connections.management import arguments
from azuread_connections.models import Connection
from azuread_connections.scim import addresses, tokens


class Command(BaseCommand):
    help = (
        "Create a bearer token with which a directory provisions people and groups to a "
        "connection, and print it: it is shown this once. Others stay valid, so that Entra can "
        "change over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The connection's name.")
        parser.add_argument(
            "--days",
            type=arguments.days,
            help="after this many days the token is refused (default: it has no end)",
        )
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    @sensitive_variables("value")
    def handle(self, *, name: str, days: int | None, **options: Any) -> None:
        connection = Connection._default_manager.filter(name_key=name.lower()).first()
        if connection is None:
            raise CommandError(f"There is no connection “{name}”.")
        if days == 0:
            raise CommandError("--days must be at least 1: the token would be refused at once.")
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        try:
            token, value = tokens.create(connection, expires_at=expires_at)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        base = addresses.base_address(connection)
        if options["json"]:
            end = None if token.expires_at is None else _utc(token.expires_at).isoformat()
            shown = {"base_address": base, "token": value, "expires_at": end}
            self.stdout.write(json.dumps(shown))
            return
        if base:
            self.stdout.write(f"base_address={base}")
        self.stdout.write(f"token={value}")


def _utc(moment: datetime) -> datetime:
    # With USE_TZ off, the database's times are naive, in the site's time zone.
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(UTC)
