"""In which domains a person's directory may give names and addresses here.

Only a directory that owns a domain can give people names in it; in any other directory the same
text proves nothing. Nor does it of a guest, whose names come from the home directory.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import router
from django.utils import timezone

from ... import domains
from ...conf import CACHE_PREFIX, conf
from ...entra.errors import Unreachable
from ...entra.id_token import IdTokenClaims
from ...models import Connection, DomainAlias
from ...models.alias import CONFIRMED_FOR, RETRY_AFTER, DomainAliases
from ..log.failures import SignInFailed
from ..lookup.enabled import OwnDomain
from ..lookup.realm import domain_of


@dataclass(frozen=True)
class DomainTrust:
    """``domains``: those that are proven to be the person's directory's, in ASCII.

    ``confirmed``: those of them that Microsoft was asked about during this very sign-in.
    """

    domains: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()

    def vouches_for(self, address: str) -> bool:
        """Return whether an address or UPN is in one of the domains."""
        local, _, domain = address.rpartition("@")
        return bool(local) and domain.lower() in self.domains


NO_DOMAIN = DomainTrust()


class ConfirmationNeeded(Exception):
    """An existing user would be linked by an address in ``domain``: Microsoft is asked first.

    Raised in a transaction, which must not be held open for a request.
    """

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.domain = domain


def find_trust(
    connection: Connection, claims: IdTokenClaims, known: OwnDomain | None = None
) -> DomainTrust:
    """Return which of the domains in a person's claims are believed.

    Microsoft is asked again about a domain whose proof is a day old. No statement where ``known``,
    which was read with the connection, tells enough. To be called outside a transaction.
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
    """Ask Microsoft at the moment when an existing user would be linked.

    Raises ``SignInFailed`` (``microsoft_unreachable``) where it cannot be asked: no proof of an
    earlier time hands over an account.
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
            detail=f"Before a user is linked, Microsoft is asked about {domain}: {why}",
            retry_after=why.retry_after if isinstance(why, Unreachable) else None,
        )
    # As it is stored: the connection may trust another directory than when it was read.
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
    # Not of a replica, which may not have heard of a proof that was just withdrawn.
    aliases: DomainAliases = DomainAlias.objects.using(router.db_for_write(DomainAlias))
    return aliases.filter(connection=connection, domain__in=named)


def _read(connection: Connection, named: frozenset[str]) -> list[DomainAlias]:
    return list(_aliases(connection, named).with_disputes().order_by())


def _trusted(connection: Connection, aliases: list[DomainAlias]) -> frozenset[str]:
    return frozenset(
        alias.domain
        for alias in aliases
        if alias.is_verified_for(connection.tenant_id) and not alias.is_disputed
    )


def _ask_about_due(
    connection: Connection, aliases: list[DomainAlias], now: datetime
) -> frozenset[str]:
    """Return the domains that Microsoft has given a clear answer about."""
    due = [each for each in aliases if each.is_due(connection.tenant_id, now) and _may_ask(each)]
    answers = domains.check_in_turn(connection, (each.domain for each in due))
    return frozenset(answer.domain for answer in answers if answer.is_conclusive)


def _may_ask(alias: DomainAlias) -> bool:
    """Where Microsoft does not answer, one sign-in in ten minutes waits for it."""
    key = f"{CACHE_PREFIX}:domain:{alias.connection_id}:{alias.domain}"
    return conf.cache.add(key, 1, RETRY_AFTER // timedelta(seconds=1))
