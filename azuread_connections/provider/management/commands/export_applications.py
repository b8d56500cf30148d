from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ....management.files import write_pieces
from ...models import OAuthClient
from ...transfer.exporter import export_applications


class Command(BaseCommand):
    help = (
        "Write OAuth clients, APIs and client grants as JSON for import_applications, without "
        "client secrets: add those again after the import."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "slugs",
            metavar="SLUG",
            nargs="*",
            help="applications to export, with the APIs granted to them (default: all)",
        )
        parser.add_argument(
            "--output", metavar="FILE", help="write to this file instead of standard output"
        )

    def handle(self, *, slugs: list[str], output: str | None, **options: Any) -> None:
        write_pieces(self.stdout, output, _pieces(slugs))


def _pieces(slugs: list[str]) -> Iterator[str]:
    yield from export_applications(_named(slugs))


def _named(slugs: list[str]) -> QuerySet[OAuthClient]:
    clients = OAuthClient.objects.all()
    if not slugs:
        return clients
    clients = clients.filter(application__slug__in=slugs)
    known = set(clients.values_list("application__slug", flat=True))
    if unknown := [slug for slug in slugs if slug not in known]:
        raise CommandError(
            _("There is no client with the slug %(slugs)s.") % {"slugs": ", ".join(unknown)}
        )
    return clients
