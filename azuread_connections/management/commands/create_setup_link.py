from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from azuread_connections.conf import conf
from azuread_connections.management import arguments
from azuread_connections.models import Application, Connection, SetupLink
from azuread_connections.setup.links import (
    DEFAULT_LIFETIME,
    DEFAULT_OPENINGS,
    CreatedLink,
    create_link,
)

#: The display name of a new connection if none is given.
_NEW = "New customer"


class Command(BaseCommand):
    help = (
        "Create a link with which a customer's administrator sets up a connection, without an "
        "account here. Prints its address, which is shown only once. Whoever has it can use it: "
        "send it to that administrator only. Needs the setting PUBLIC_URL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        target = parser.add_mutually_exclusive_group()
        target.add_argument(
            "--connection", metavar="NAME", help="a connection that exists (default: a new one)"
        )
        target.add_argument(
            "--name",
            metavar="CUSTOMER",
            help=f"the customer's name, after which a new connection is named (default: {_NEW})",
        )
        parser.add_argument(
            "--application",
            nargs="+",
            action="extend",
            default=[],
            metavar="SLUG",
            help="enable the connection for these applications in the end",
        )
        parser.add_argument(
            "--purpose",
            choices=SetupLink.Purpose.values,
            default=SetupLink.Purpose.SETUP.value,
            help="“renew” only adds a credential to a connection (default: setup)",
        )
        parser.add_argument(
            "--days",
            type=arguments.days,
            default=DEFAULT_LIFETIME.days,
            help="days for which the link is valid (default: 5)",
        )
        parser.add_argument(
            "--openings",
            type=int,
            default=DEFAULT_OPENINGS,
            metavar="NUMBER",
            help="how often it can be opened (default: 10)",
        )
        parser.add_argument(
            "--auto-enable",
            action="store_true",
            help="enable the connection when the customer has finished, without approval here",
        )
        parser.add_argument(
            "--domains",
            choices=SetupLink.Domains.values,
            default=SetupLink.Domains.OPTIONAL.value,
            help="“required”: all domains must be verified before the end (default: optional)",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object with “url”, “expires_at” and “connection”",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not conf.public_url:
            raise CommandError(_("Set AZUREAD_CONNECTIONS['PUBLIC_URL'] to the site's address."))
        try:
            made = create_link(
                applications=_applications(options["application"]),
                connection=_connection(options["connection"]),
                name=_name(options),
                purpose=options["purpose"],
                lifetime=timedelta(days=options["days"]),
                max_openings=options["openings"],
                auto_enable=options["auto_enable"],
                domains=options["domains"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        self._print(made, as_json=options["json"])

    def _print(self, made: CreatedLink, *, as_json: bool) -> None:
        ends = _utc(made.link.expires_at).isoformat(timespec="seconds")
        found = {
            "url": made.address(),
            "expires_at": ends,
            "connection": made.link.connection_name,
        }
        if as_json:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(found["url"])
        self.stderr.write(
            _("For the connection %(connection)s, valid until %(ends)s, %(number)d openings.")
            % {
                "connection": found["connection"],
                "ends": ends,
                "number": made.link.max_openings,
            }
        )


def _applications(slugs: list[str]) -> list[Application]:
    found = {each.slug: each for each in Application._default_manager.filter(slug__in=slugs)}
    if unknown := [slug for slug in slugs if slug not in found]:
        raise CommandError(
            _("There is no application with the slug %(slugs)s.") % {"slugs": ", ".join(unknown)}
        )
    return list(found.values())


def _name(options: dict[str, Any]) -> str:
    if options["connection"] is not None:
        return ""
    return _NEW if options["name"] is None else str(options["name"])


def _connection(name: str | None) -> Connection | None:
    if name is None:
        return None
    connection = Connection._default_manager.filter(name_key=name.lower()).first()
    if connection is None:
        raise CommandError(_("There is no connection called %(name)s.") % {"name": name})
    return connection


def _utc(moment: datetime) -> datetime:
    # With USE_TZ off, the database's times are naive, in the site's time zone.
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(UTC)
