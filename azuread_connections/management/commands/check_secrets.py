from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.color import no_style
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azuread_connections.conf import conf
from azuread_connections.credentials import verification as upkeep
from azuread_connections.credentials.notices import send_notices
from azuread_connections.credentials.report import CredentialLine
from azuread_connections.credentials.sources import report
from azuread_connections.credentials.status import CredentialStatus
from azuread_connections.management import arguments
from azuread_connections.management.exit_status import FAILED, FOUND, ExitStatusCommand, reason_of
from azuread_connections.models.expiry import day_of
from azuread_connections.setup.renewal import renewal_address

#: ``--fail-on``: each level includes the levels before it.
FAIL_ON: dict[str, frozenset[CredentialStatus]] = {
    "never": frozenset(),
    "expired": frozenset({CredentialStatus.EXPIRED}),
    "expiring": frozenset({CredentialStatus.EXPIRED, CredentialStatus.EXPIRING}),
    "unknown": frozenset(
        {CredentialStatus.EXPIRED, CredentialStatus.EXPIRING, CredentialStatus.UNKNOWN}
    ),
}
#: The number of lines by what they count as, and by status.
Found = Counter[tuple[CredentialStatus | None, CredentialStatus]]
#: Lines aligned together: columns can widen from one batch to the next, never narrow.
BATCH = 500


class Command(ExitStatusCommand):
    help = (
        "List secrets and certificates that are expired, refused by Microsoft, expire soon, or "
        "have no recorded expiry date. A refused one counts as expired. The secrets of OAuth "
        "clients are included if azuread_connections.provider is installed, SCIM tokens that have "
        "an end if azuread_connections.scim is. "
        "Exit status: 0 nothing to do, 1 problems found (see --fail-on), 2 the check failed or is "
        "incomplete."
    )
    #: Something could not be checked or sent, so that an empty report proves nothing.
    has_problems = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=arguments.days,
            help="report secrets that expire within this many days (default: the setting "
            "SECRET_WARNING_DAYS, 30)",
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument(
            "--fail-on",
            choices=list(FAIL_ON),
            default="expiring",
            help="exit with 1 on this or worse (default: expiring, which includes expired)",
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help="also show superseded secrets: those that another secret has replaced",
        )

        parser.add_argument(
            "--verify",
            action="store_true",
            help="first ask Microsoft whether each credential works (client credentials)",
        )
        parser.add_argument(
            "--sync",
            action="store_true",
            help="first read the expiry dates through Graph, if the app has the permission",
        )
        parser.add_argument(
            "--email",
            action="store_true",
            help="send notices to ADMINS and to the connections' contacts, once per threshold of "
            "30, 14, 7, 1 and 0 days",
        )

    def run(self, **options: Any) -> int:
        found = self._check(**options)
        failing = FAIL_ON[options["fail_on"]]
        if any(counts_as in failing for counts_as, _status in found):
            return FOUND
        return FAILED if self.has_problems else 0

    def describe_failure(self, error: Exception) -> str:
        return _("The secrets could not be checked: %(reason)s") % {"reason": reason_of(error)}

    def _check(self, *, days: int | None, format: str, all: bool, **options: Any) -> Found:
        """Print the report; return the number of lines of each kind."""
        if options["sync"]:
            self._remark(upkeep.sync())
        if options["verify"]:
            self._remark(upkeep.verify())
        found: Found = Counter()
        days = conf.secret_warning_days if days is None else days
        lines = _counted(report(days, include_superseded=all), found)
        if format == "json":
            self._print_json(lines)
        else:
            coloured = self.stdout.isatty() or options["force_color"]
            self._print_text(lines, self.style if coloured else no_style())
            self.stdout.write(_summary(found, is_complete=not self.has_problems))
        if options["email"]:
            self._send_notices()
        return found

    def _send_notices(self) -> None:
        delivery = send_notices(renewal_address=renewal_address)
        for problem in delivery.problems:
            self.has_problems = True
            self.stderr.write(problem, self.style.NOTICE)
        self.stderr.write(
            ngettext("%(count)d notice sent.", "%(count)d notices sent.", delivery.told)
            % {"count": delivery.told}
        )

    def _remark(self, remarks: Iterable[upkeep.Remark]) -> None:
        # Not in the report on standard output, which other programs read.
        for remark in remarks:
            self.has_problems = self.has_problems or remark.is_problem
            self.stderr.write(f"{remark.connection}: {remark.text}", self.style.NOTICE)

    def _print_json(self, lines: Iterable[CredentialLine]) -> None:
        # Write the bracket with the first line: a database error then leaves no partial document.
        before = "[\n"
        for line in lines:
            self.stdout.write(before + json.dumps(_as_json(line)), ending="")
            before = ",\n"
        self.stdout.write("[]" if before.startswith("[") else "\n]")

    def _print_text(self, lines: Iterator[CredentialLine], style: Any) -> None:
        colours = {
            CredentialStatus.EXPIRED: style.ERROR,
            CredentialStatus.EXPIRING: style.WARNING,
            CredentialStatus.UNKNOWN: style.WARNING,
        }
        widths = [0, 0, 0, 0]
        while batch := list(islice(lines, BATCH)):
            rows = [(line, _columns(line)) for line in batch]
            for number in range(len(widths)):
                widths[number] = max(widths[number], *(len(row[number]) for _line, row in rows))
            for line, row in rows:
                padded = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
                text = "  ".join([*padded, row[-1]]).rstrip()
                colour = colours.get(line.counts_as) if line.counts_as else None
                self.stdout.write(colour(text) if colour else text)


def _counted(lines: Iterable[CredentialLine], found: Found) -> Iterator[CredentialLine]:
    for line in lines:
        found[line.counts_as, line.status] += 1
        yield line


def _columns(line: CredentialLine) -> tuple[str, str, str, str, str]:
    text = line.text
    if line.superseded:
        text = _("%(text)s, superseded") % {"text": text}
    return (
        line.connection or _("client %(client)s") % {"client": line.client},
        line.name or "-",
        day_of(line.expires_at).isoformat() if line.expires_at else "-",
        text,
        ", ".join(line.applications),
    )


def _as_json(line: CredentialLine) -> dict[str, Any]:
    return {
        "connection": line.connection,
        "kind": line.kind or None,
        "hint": line.hint,
        "key_id": line.key_id,
        "expires_at": _utc(line.expires_at).isoformat() if line.expires_at else None,
        "refused_at": _utc(line.refused_at).isoformat() if line.refused_at else None,
        "days_left": line.days_left,
        "status": line.status.value,
        "applications": list(line.applications),
        "superseded": line.superseded,
        **({"client": line.client} if line.client else {}),
    }


def _utc(moment: datetime) -> datetime:
    # With USE_TZ off, the database's times are naive, in the site's time zone.
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(UTC)


def _summary(found: Found, *, is_complete: bool) -> str:
    counts: Counter[CredentialStatus] = Counter()
    for (counts_as, status), count in found.items():
        if counts_as:
            counts[status] += count
    texts = {
        CredentialStatus.MISSING: _("%(count)d without any secret"),
        CredentialStatus.REFUSED: _("%(count)d refused"),
        CredentialStatus.EXPIRED: _("%(count)d expired"),
        CredentialStatus.EXPIRING: _("%(count)d expiring"),
        CredentialStatus.UNKNOWN: _("%(count)d without an expiry date"),
    }
    parts = [text % {"count": counts[status]} for status, text in texts.items() if counts[status]]
    if parts:
        return ", ".join(parts) + "."
    if is_complete:
        return _("All secrets are fine.")
    return _("No problems found, but not everything could be checked: see above.")
