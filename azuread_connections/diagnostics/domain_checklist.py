"""The checklist's step about domains: which are verified for the directory."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F
from django.utils.translation import gettext as _

from ..models import Connection, DomainAlias
from .checklist_item import Item, Place, day

#: More domains than this are counted, not named.
_NAMED = 3
#: A connection can have 1,000 domains; no page needs them all.
_MOST_READ = 200


def domains_item(connection: Connection) -> Item:
    """Return the step, in one query."""
    worst_first = ("-is_primary", F("withdrawn_at").desc(nulls_last=True), "domain")
    rows = list(connection.aliases.with_disputes().order_by(*worst_first)[:_MOST_READ])
    verified = [row for row in rows if row.is_verified_for(connection.tenant_id)]
    disputed = [row for row in verified if row.is_disputed]
    others = [row for row in rows if row not in verified]
    # The own domain if it belongs to another directory, and every domain no longer verified.
    wrong = [
        row
        for row in others
        if row.withdrawn_at or (row.is_primary and _is_elsewhere(connection, row))
    ]
    evidence = " ".join(filter(None, [*map(_withdrawn, wrong), _verified(verified)]))
    if disputed:
        evidence += " " + _(
            "Not trusted, because a connection of another directory has verified them too: %s."
        ) % _named(disputed)
    state, advice = "done", ""
    if wrong or disputed:
        state = "warning"
        advice = _(
            "Names and addresses in such a domain are not used, and link nobody. "
            "Correct the connection, or ask the directory's administrator, then press “Check now”."
        )
    elif any(row.is_primary for row in others) or not rows:
        state, advice = "todo", _("Press “Check now” to ask Microsoft whose domain it is.")
    if signposts := [row for row in others if row not in wrong]:
        evidence += " " + _("Not verified: %s.") % _named(signposts)
    place = Place.CHECK if advice else None
    return Item("domains", _("Domains verified"), state, evidence.strip(), advice, place)


def _is_elsewhere(connection: Connection, row: DomainAlias) -> bool:
    return row.checked_at is not None and row.found_tenant_id != connection.tenant_id


def _withdrawn(row: DomainAlias) -> str:
    if row.has_token_for(row.connection.tenant_id) and not row.found_tenant_id:
        text = _("%(domain)s is not verified any more since %(day)s: its DNS record is gone.")
    elif row.found_tenant_id:
        text = _(
            "Microsoft said on %(day)s that %(domain)s belongs to another directory, %(found)s."
        )
    else:
        text = _("Microsoft said on %(day)s that it knows no directory with the domain %(domain)s.")
    when = day(row.checked_at) if row.checked_at else "–"
    return text % {"domain": row.domain, "found": row.found_tenant_id, "day": when}


def _verified(rows: list[DomainAlias]) -> str:
    if not rows:
        return ""
    dated = [_dated(row) for row in rows[:_NAMED] if row.verified_at]
    return ", ".join(dated) + (_more(rows)) + "."


def _dated(row: DomainAlias) -> str:
    when = day(row.verified_at) if row.verified_at else "–"
    by_dns = row.verified_by == DomainAlias.VerifiedBy.DNS
    return f"{row} ({_('%s, by DNS') % when if by_dns else when})"


def _named(rows: list[DomainAlias]) -> str:
    return ", ".join(map(str, rows[:_NAMED])) + _more(rows)


def _more(rows: Iterable[DomainAlias]) -> str:
    more = len(list(rows)) - _NAMED
    return _(" and %d more") % more if more > 0 else ""
