from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...models import API
from ...scopes import DESCRIPTIONS


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
        api = API._default_manager.filter(identifier=identifier).first() or API(
            identifier=identifier
        )
        api.name = name or api.name or identifier
        scopes = dict(_scope(text) for text in scope)
        api.scopes = scopes or api.scopes
        try:
            api.full_clean()
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        api.save()
        self.stdout.write(f"{api.identifier}: {' '.join(api.scope_descriptions) or 'no scopes'}")


def _scope(text: str) -> tuple[str, str]:
    name, _separator, meaning = text.partition("=")
    # RFC 6749 section 3.3.
    if not name or not name.isascii() or not name.isprintable() or set(name) & set(' "\\'):
        raise CommandError(f"“{name}” is not a scope.")
    if name in DESCRIPTIONS:
        raise CommandError(f"“{name}” is a scope of OpenID Connect.")
    return name, meaning or name
