from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ....models.validators import is_plain
from ...models import API
from ...models.api import parse_scope


class Command(BaseCommand):
    help = "Register an API that clients can ask access tokens for, or replace its scopes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("identifier", help="The audience, such as https://api.example.com/")
        parser.add_argument("--name", default="", help="Default: the identifier.")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            metavar="SCOPE=MEANING",
            help="A scope and what it means to people: “read:orders=see your orders”. Repeatable.",
        )

    def handle(self, *, identifier: str, name: str, scope: list[str], **options: Any) -> None:
        # PostgreSQL cannot look for what the field's validators refuse.
        known = API._default_manager.filter(identifier=identifier) if is_plain(identifier) else ()
        api = next(iter(known), None) or API(identifier=identifier)
        api.name = name or api.name or identifier
        before = api.scope_descriptions
        try:
            api.scopes = dict(parse_scope(text) for text in scope) or api.scopes
            api.full_clean()
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        api.save()
        self.stdout.write(f"{api.identifier}: {' '.join(api.scope_descriptions) or 'no scopes'}")
        if removed := [scope for scope in before if scope not in api.scope_descriptions]:
            self.stderr.write(f"Careful: no longer a scope, also for clients: {' '.join(removed)}")
