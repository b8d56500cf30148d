"""Verifies that a domain belongs to a connection's directory: asks Microsoft, stores the answer.

Microsoft's discovery document of a domain names the one directory that owns it.
https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc

Where Microsoft knows no directory with the domain, a DNS record of the domain can name the
directory: see ``domain_records``. A directory that Microsoft names always counts more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.utils import timezone

from . import domain_records
from .conf import conf
from .dns_proof.records import Lookup
from .domain_notices import Cause, withdraw
from .entra.cloud import PERSONAL_TENANT_ID, clouds_sharing_login
from .entra.deadline import within
from .entra.errors import DirectoryNotFound, EntraError, MicrosoftError, PersonalDirectory
from .microsoft import client as microsoft
from .models import Connection, DomainAlias
from .models.alias import RETRY_AFTER

#: Microsoft's codes for an unknown directory: 90002 not found, 900023 not a valid name.
_UNKNOWN_DIRECTORY = frozenset({90002, 900023})
#: Domains that one page of the admin asks about at most, so that it does not take too long.
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Answer:
    """Microsoft's answer about a domain in a cloud.

    ``tenant_id``: the directory that it names, or "". ``error``: why a connection cannot have that
    directory as its own, or why none is named; None otherwise. ``records``: what the domain's DNS
    says, if it was asked: only about a domain that Microsoft does not know.
    """

    domain: str
    cloud: str
    tenant_id: str = ""
    error: EntraError | None = None
    records: Lookup | None = None

    @property
    def says_unknown(self) -> bool:
        """Whether Microsoft has answered that no directory owns the domain."""
        if not isinstance(self.error, MicrosoftError):
            return False
        is_named_so = self.error.aadsts_code in _UNKNOWN_DIRECTORY
        return is_named_so or isinstance(self.error, DirectoryNotFound)

    @property
    def is_conclusive(self) -> bool:
        """Whether Microsoft's answer is definite: only such an answer changes what is stored."""
        return self.error is None or bool(self.tenant_id) or self.says_unknown

    @property
    def is_final(self) -> bool:
        """Whether it is definite, and so is the one of the domain's DNS where that was asked."""
        return self.is_conclusive and (self.records is None or self.records.is_conclusive)

    def names(self, tenant_id: str) -> bool:
        """Whether the domain belongs to this directory."""
        return self.error is None and bool(self.tenant_id) and self.tenant_id == tenant_id


def ask(connection: Connection, domain: str) -> Answer:
    """Ask Microsoft, in one request, which directory owns a domain. Stores nothing.

    If Microsoft knows none, the domain's DNS is asked as well, where a record is expected.

    Raises ``ImproperlyConfigured`` if the site's settings do not permit the request.
    """
    try:
        tenant_id = microsoft.find_directory(
            domain=domain, cloud=connection.cloud, identity_api=connection.identity_api
        )
    except PersonalDirectory as error:
        return Answer(domain, connection.cloud, PERSONAL_TENANT_ID, error)
    except EntraError as error:
        answer = Answer(domain, connection.cloud, error=error)
        if answer.says_unknown:
            return replace(answer, records=domain_records.look_up(connection, domain))
        return answer
    return Answer(domain, connection.cloud, tenant_id)


def settle(connection: Connection, answer: Answer) -> None:
    """Store the result of an answer about one of the connection's domains.

    If the answer names the connection's directory, the domain is verified. If it names another one
    or none, the proof is withdrawn, with an event and a notice, here and at every other connection
    that has the domain verified for a directory which the answer does not name. A domain that
    Microsoft does not know can be verified by its DNS record. An inconclusive answer changes
    nothing.

    Call it outside a transaction that could be rolled back. Raises ``Connection.DoesNotExist`` if
    the connection was deleted meanwhile.
    """
    if not answer.is_conclusive:
        return
    if answer.error is None and answer.domain == connection.domain and not connection.tenant_id:
        connection.pin(answer.tenant_id)
    own = DomainAlias._default_manager.filter(connection=connection, domain=answer.domain)
    if answer.names(connection.tenant_id):
        if not own.mark_verified(answer.tenant_id):
            # Somebody entered another domain meanwhile, or deleted the connection.
            Connection._default_manager.get(pk=connection.pk)
    else:
        own.mark_asked(answer.tenant_id)
        if not answer.tenant_id:
            domain_records.settle(connection, answer.domain, answer.records)
    _withdraw_others(answer)


def check(connection: Connection, domain: str) -> Answer:
    """Ask about one of the connection's domains, and store the result. Raises as ``ask``."""
    answer = ask(connection, domain)
    settle(connection, answer)
    return answer


def check_in_turn(connection: Connection, domains: Iterable[str]) -> Iterator[Answer]:
    """Check several domains; stop after the first inconclusive answer."""
    for domain in domains:
        answer = check(connection, domain)
        yield answer
        if not answer.is_conclusive:
            return


def ask_in_turn(connection: Connection, domains: Iterable[str]) -> list[Answer]:
    """Ask about several domains for a page of the admin, within the time of one callback.

    Asks about ``MOST_AT_ONCE`` at most, and stops after the first inconclusive answer.
    """
    answers: list[Answer] = []
    with within(conf.callback_timeout):
        for domain in list(domains)[:MOST_AT_ONCE]:
            answers.append(ask(connection, domain))
            if not answers[-1].is_conclusive:
                break
    return answers


def confirmed_lately(connection: Connection) -> set[str]:
    """Return the domains that were verified minutes ago: a save asks about all others."""
    since = timezone.now() - RETRY_AFTER
    mine = DomainAlias._default_manager.filter(connection=connection, checked_at__gt=since)
    return set(mine.verified().values_list("domain", flat=True))


def _withdraw_others(answer: Answer) -> None:
    stale = DomainAlias._default_manager.filter(
        domain=answer.domain,
        verified_at__isnull=False,
        connection__cloud__in=clouds_sharing_login(answer.cloud),
    ).exclude(found_tenant_id=answer.tenant_id)
    if not answer.tenant_id:
        # A domain that Microsoft does not know can still be verified by DNS.
        stale = stale.filter(verified_by=DomainAlias.VerifiedBy.MICROSOFT)
    rows = stale.select_related("connection").order_by("pk")
    withdraw(((row, Cause.MICROSOFT) for row in rows), answer.tenant_id)
