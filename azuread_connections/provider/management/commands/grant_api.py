from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...models import API, ClientGrant, OAuthClient


class Command(BaseCommand):
    help = "Say which scopes of an API a client may have for itself. Replaces what was granted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The client's application.")
        parser.add_argument("identifier", help="The API's.")
        parser.add_argument("--scope", action="append", default=[], help="Repeatable.")
        parser.add_argument("--withdraw", action="store_true", help="Take the grant away.")

    def handle(
        self, *, slug: str, identifier: str, scope: list[str], withdraw: bool, **options: Any
    ) -> None:
        client = OAuthClient.objects.filter(application__slug=slug).first()
        if client is None:
            raise CommandError(f"“{slug}” is not a client. See manage.py register_client.")
        api = API._default_manager.filter(identifier=identifier).first()
        if api is None:
            raise CommandError(f"There is no API “{identifier}”. See manage.py register_api.")
        if unknown := [each for each in scope if each not in api.scope_descriptions]:
            raise CommandError(f"The API has no scope {', '.join(unknown)}.")
        if withdraw:
            ClientGrant._default_manager.filter(client=client, api=api).delete()
            self.stdout.write("Withdrawn.")
            return
        ClientGrant._default_manager.update_or_create(
            client=client, api=api, defaults={"scope": " ".join(scope)}
        )
        self.stdout.write(f"Granted: {' '.join(scope) or 'no scopes'}")
