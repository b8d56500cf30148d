"""The list of a connection's domains: which are verified, by whom, and how to verify the others."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ...dns_proof.records import record_name, record_value
from ...models import Connection, DomainAlias
from ..widgets.dates import short_time

#: Rows shown; the others are counted.
_MOST_SHOWN = 20


@dataclass(frozen=True)
class ShownDomain:
    """A row of the list. ``record``: name and value of the DNS record to create, if any."""

    domain: str
    state: str
    words: str
    record: tuple[str, str] | None = None


def shown_proofs(connection: Connection) -> SafeString:
    """Return the list as HTML, in two queries; those that are not verified come first."""
    rows = connection.aliases.with_disputes().order_by("verified_at", "domain")
    shown = [_shown(connection, row) for row in rows[: _MOST_SHOWN + 1]]
    more = connection.aliases.count() - _MOST_SHOWN if len(shown) > _MOST_SHOWN else 0
    return render_to_string(
        "azuread_connections/admin/domain_proofs.html",
        {"domains": shown[:_MOST_SHOWN], "more": more},
    )


def _shown(connection: Connection, row: DomainAlias) -> ShownDomain:
    if row.is_verified_for(connection.tenant_id):
        if row.is_disputed:
            words = _(
                "Not trusted: a connection of another directory has verified it too. One of the "
                "two must give it up."
            )
            return ShownDomain(row.domain, "refused", words)
        by_dns = row.verified_by == DomainAlias.VerifiedBy.DNS
        words = (
            _("Verified by a DNS record on %s.") if by_dns else _("Verified by Microsoft on %s.")
        )
        when = short_time(row.verified_at) if row.verified_at else "–"
        return ShownDomain(row.domain, "valid", words % when)
    words, record = _unverified(connection, row)
    if row.needs_proof:
        words += " " + _(
            "A set-up link has added it: nobody with such an address is sent here until it is "
            "verified."
        )
    return ShownDomain(row.domain, "refused" if row.found_tenant_id else "unknown", words, record)


def _unverified(connection: Connection, row: DomainAlias) -> tuple[str, tuple[str, str] | None]:
    if row.found_tenant_id and row.found_tenant_id != connection.tenant_id:
        words = _("Microsoft says that it belongs to another directory, %s.")
        return words % row.found_tenant_id, None
    if row.has_token_for(connection.tenant_id):
        record = record_name(row.domain), record_value(row.dns_token)
        lost = row.withdrawn_at is not None
        words = (
            _("No longer verified: its DNS record is gone. Create it again and press “Check now”:")
            if lost
            else _(
                "Microsoft knows no directory with it. To verify it, create this DNS record, then "
                "press “Check now”:"
            )
        )
        return words, record
    return _("Not verified yet: it is checked when you save or press “Check now”."), None
