"""Which domains are verified for a person's directory, so that names in them are trusted.

Only a directory that owns a domain can give people names in it; in any other directory the same
text proves nothing. A guest's name proves nothing either: it comes from the home directory.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import router
from django.db.models import Q
from django.utils import timezone

from ... import domains
from ...conf import CACHE_PREFIX, conf
from ...entra.errors import Unreachable
from ...entra.id_token import IdTokenClaims
from ...models import Connection, DomainAlias
from ...models.alias import CONFIRMED_FOR, RETRY_AFTER, DomainAliases
from ...models.prepared import Parameter, Select
from ..log.failures import SignInFailed
from ..lookup.enabled import OwnDomain
from ..lookup.realm import domain_of

#: Domains in the names of one person, at most: see ``_named_domains``.
_MAX_NAMED = 3
_NAMED = Select(
    lambda: (
        DomainAlias.objects.filter(
            Q(domain=Parameter("domain0"))
            | Q(domain=Parameter("domain1"))
            | Q(domain=Parameter("domain2")),
            connection=Parameter("connection"),
        )
        .with_disputes()
        .order_by()
    ),
    models={"alias": ""},
    columns=("is_disputed",),
)


@dataclass(frozen=True)
class DomainTrust:
    """``domains``: those that are verified for the person's directory, in ASCII.

    ``confirmed``: those of them that Microsoft has confirmed during this sign-in.
    """

    domains: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()

    def vouches_for(self, address: str) -> bool:
        """Return whether an address or UPN is in one of the domains."""
        local, _, domain = address.rpartition("@")
        return bool(local) and domain.lower() in self.domains


NO_DOMAIN = DomainTrust()


class ConfirmationNeeded(Exception):
    """Before an existing user is linked by ``domain``, Microsoft has to be asked about it.

    Raised in a transaction, which must not stay open during a request.
    """

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.domain = domain


def find_trust(
    connection: Connection, claims: IdTokenClaims, known: OwnDomain | None = None
) -> DomainTrust:
    """Return which of the domains in a person's claims are verified for their directory.

    Asks Microsoft again about a domain whose proof is a day old. Makes no query if ``known``, which
    was read with the connection, is sufficient. To be called outside a transaction.
    """
    named = _named_domains(claims)
    if known is not None and not known.has_aliases:
        named &= {connection.domain}
    is_own_member = claims.tenant_id == connection.tenant_id and not claims.is_guest
    if not named or not connection.tenant_id or not is_own_member:
        return NO_DOMAIN
    now = timezone.now()
    if known is not None and named == {connection.domain} and _is_fresh(known.checked_at, now):
        return DomainTrust(named)
    aliases = _read(connection, named)
    asked = _ask_about_due(connection, aliases, now)
    if asked:
        aliases = _read(connection, named)
    trusted = _trusted(connection, aliases)
    return DomainTrust(trusted, trusted & asked)


def confirm(connection: Connection, trust: DomainTrust, domain: str) -> DomainTrust:
    """Ask Microsoft about a domain right before an existing user is linked by it.

    Raises ``SignInFailed`` (``microsoft_unreachable``) if Microsoft does not answer, or the DNS of
    a domain that Microsoft does not know: an earlier proof is not enough to link a user.
    """
    try:
        answer = domains.check(connection, domain)
    except Connection.DoesNotExist as gone:
        raise SignInFailed(
            "connection_disabled", detail="Deleted while the sign-in was open."
        ) from gone
    if not answer.is_conclusive:
        why = answer.error
        raise SignInFailed(
            "microsoft_unreachable",
            detail=f"To link a user, Microsoft has to confirm the domain {domain}: {why}",
            retry_after=why.retry_after if isinstance(why, Unreachable) else None,
        )
    if not answer.is_final:
        raise SignInFailed(
            "microsoft_unreachable",
            detail=f"To link a user, the DNS record of {domain} has to be read, but its DNS "
            "servers do not answer.",
        )
    # From the database: the connection may have been pinned to another directory meanwhile.
    proven = _aliases(connection, {domain}).filter(found_tenant_id=connection.tenant_id)
    if proven.trusted().exists():
        return replace(trust, confirmed=trust.confirmed | {domain})
    return replace(trust, domains=trust.domains - {domain})


def _named_domains(claims: IdTokenClaims) -> frozenset[str]:
    names = (claims.upn, claims.preferred_username, claims.email)
    return frozenset(filter(None, map(domain_of, names)))


def _is_fresh(checked_at: datetime | None, now: datetime) -> bool:
    return checked_at is not None and now - CONFIRMED_FOR < checked_at <= now


def _aliases(connection: Connection, named: Set[str]) -> DomainAliases:
    # Not from a replica, which may lag behind the withdrawal of a proof.
    aliases: DomainAliases = DomainAlias.objects.using(router.db_for_write(DomainAlias))
    return aliases.filter(connection=connection, domain__in=named)


def _read(connection: Connection, named: frozenset[str]) -> list[DomainAlias]:
    # Not from a replica, which may lag behind the withdrawal of a proof.
    using = router.db_for_write(DomainAlias)
    padded = [*named, *[""] * _MAX_NAMED]
    domains_named = {f"domain{number}": padded[number] for number in range(_MAX_NAMED)}
    rows = _NAMED.rows(using, connection=connection.pk, **domains_named)
    return [_disputed_or_not(row.alias, is_disputed=row.is_disputed) for row in rows]


def _disputed_or_not(alias: DomainAlias, *, is_disputed: bool) -> DomainAlias:
    alias.is_disputed = bool(is_disputed)
    return alias


def _trusted(connection: Connection, aliases: list[DomainAlias]) -> frozenset[str]:
    return frozenset(
        alias.domain
        for alias in aliases
        if alias.is_verified_for(connection.tenant_id) and not alias.is_disputed
    )


def _ask_about_due(
    connection: Connection, aliases: list[DomainAlias], now: datetime
) -> frozenset[str]:
    """Return the domains about which Microsoft, or else their DNS, has given a clear answer."""
    due = [each for each in aliases if each.is_due(connection.tenant_id, now) and _may_ask(each)]
    answers = domains.check_in_turn(connection, (each.domain for each in due))
    return frozenset(answer.domain for answer in answers if answer.is_final)


def _may_ask(alias: DomainAlias) -> bool:
    """While Microsoft does not answer, only one sign-in in ten minutes waits for it."""
    key = f"{CACHE_PREFIX}:domain:{alias.connection_id}:{alias.domain}"
    return conf.cache.add(key, 1, RETRY_AFTER // timedelta(seconds=1))
