"""Verifies a domain by its DNS record: which record is expected, and what an answer changes.

The record has a random token, which belongs to one connection, one domain and one directory: a
connection that trusts another directory later needs a new record. It is asked for only where
Microsoft knows no directory with the domain; ``domains`` calls this after Microsoft's answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import router
from django.utils import timezone

from .conf import conf
from .dns_proof.records import Lookup, Outcome
from .domain_notices import Cause, withdraw
from .entra.deadline import seconds_left
from .models import Connection, DomainAlias
from .models.alias import DNS_PROOF_LIFETIME, DomainAliases


def look_up(connection: Connection, domain: str) -> Lookup | None:
    """Ask the DNS for a domain's record, within the time that this thread has left.

    Returns None if the connection expects no record. Stores nothing.
    """
    if not connection.pk or not any(
        alias.has_token_for(connection.tenant_id) for alias in _own(connection, domain)
    ):
        return None
    # dnspython takes as long to import as this app's models: only where a domain is verified.
    from .dns_proof import resolver

    return resolver.look_up(domain, conf.dns_servers, min(seconds_left(), resolver.LIFETIME))


def settle(connection: Connection, domain: str, found: Lookup | None) -> None:
    """Store what a look-up means for a domain that Microsoft does not know.

    The connection's row is verified if the record is there. One answer decides for all connections
    that have verified the domain by DNS: their proof is withdrawn, with an event and a notice, if
    their record is not among those found. Without an answer, a proof stays for
    ``DNS_PROOF_LIFETIME`` after it was last confirmed.

    A connection that expects no record yet is given a token for the next time.
    """
    for alias in _own(connection, domain):
        alias.issue_dns_token(connection.tenant_id)
        if found is not None and found.outcome_for(alias.dns_token) is Outcome.FOUND:
            # With the token and the directory: either may have changed since the row was read.
            _own(connection, domain).filter(
                dns_token=alias.dns_token, dns_tenant_id=connection.tenant_id
            ).mark_verified(connection.tenant_id, DomainAlias.VerifiedBy.DNS)
    if found is not None:
        withdraw(_contradicted(domain, found), "")


def _own(connection: Connection, domain: str) -> DomainAliases:
    # Not from a replica, which may lag behind a new token.
    aliases: DomainAliases = DomainAlias.objects.using(router.db_for_write(DomainAlias))
    return aliases.filter(connection=connection, domain=domain)


def _contradicted(domain: str, found: Lookup) -> Iterator[tuple[DomainAlias, Cause]]:
    """Yield the rows whose verification by DNS the answer ends, and why."""
    by_dns = DomainAlias.objects.using(router.db_for_write(DomainAlias)).filter(
        domain=domain, verified_at__isnull=False, verified_by=DomainAlias.VerifiedBy.DNS
    )
    now = timezone.now()
    oldest = now - DNS_PROOF_LIFETIME
    for row in by_dns.select_related("connection").order_by("pk"):
        outcome = found.outcome_for(row.dns_token)
        if outcome is Outcome.NOT_FOUND:
            yield row, Cause.NO_RECORD
        elif outcome is Outcome.WRONG:
            yield row, Cause.OTHER_RECORD
        elif not outcome.is_conclusive and not _is_between(row.verified_at, oldest, now):
            yield row, Cause.NO_DNS_ANSWER


def _is_between(moment: datetime | None, earliest: datetime, latest: datetime) -> bool:
    return moment is not None and earliest < moment <= latest
