from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, router, transaction

from ....models import Application
from ...models import OAuthClient, OAuthClientSecret


class Command(BaseCommand):
    help = (
        "Make an application an OAuth client. Prints its client ID, and the client secret of a "
        "confidential one, which is never shown again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The application.")
        parser.add_argument(
            "--client-id",
            default="",
            help="The client ID to keep. Default: the application's external ID, or a new one.",
        )
        parser.add_argument(
            "--third-party",
            action="store_true",
            help="Ask people whether the client may know who they are.",
        )
        parser.add_argument(
            "--pkce-optional",
            action="store_true",
            help="For a confidential client that is too old for PKCE.",
        )
        parser.add_argument(
            "--web-origin",
            action="append",
            default=[],
            metavar="ORIGIN",
            help="An origin whose scripts call the endpoints, such as https://app.example.com.",
        )

    def handle(
        self,
        *,
        slug: str,
        client_id: str,
        third_party: bool,
        pkce_optional: bool,
        web_origin: list[str],
        **options: Any,
    ) -> None:
        application = Application._default_manager.filter(slug=slug).first()
        if application is None:
            raise CommandError(
                f"There is no application “{slug}”. Add it in the admin, or by import_applications."
            )
        if OAuthClient.objects.filter(application=application).exists():
            raise CommandError(f"“{slug}” is a client already. See manage.py add_client_secret.")
        try:
            with transaction.atomic(using=router.db_for_write(OAuthClient)):
                client = OAuthClient.objects.register(
                    application,
                    client_id=client_id,
                    is_first_party=not third_party,
                    is_pkce_required=not pkce_optional,
                    web_origins=web_origin,
                )
                secret = "" if client.is_public else OAuthClientSecret.objects.add(client)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except IntegrityError as error:
            taken = client_id or application.external_id
            raise CommandError(f"The client ID “{taken}” is taken.") from error
        self.stdout.write(f"client_id={client.client_id}")
        if secret:
            self.stdout.write(f"client_secret={secret}")
        if not client.grant_types:
            self.stderr.write("Careful: the application has no grant type that its type can use.")
