"""The domains of a set-up: adds and removes them, and asks whether they are verified."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .. import domains
from ..conf import CACHE_PREFIX, conf
from ..dns_proof.records import Lookup, Outcome
from ..entra.deadline import seconds_left, within
from ..login.log import setup_events
from ..models import Connection, DomainAlias, SetupLink
from ..models.validators import clean_alias
from ..rate_limit import RateLimit
from .connections import is_in_use
from .links import LinkError
from .locks import locked

#: Domains that set-up links can add to one connection.
MOST_DOMAINS = 20
#: Seconds in which a domain is asked about at most once, however often its page is opened.
ASK_EVERY = 5
#: Seconds for which a page shows what was found last.
_SHOWN_FOR = 900
#: Questions about the domains of one connection in 15 minutes: each asks Microsoft and the DNS.
_QUESTIONS = RateLimit("setup_domain_questions", limit=300, seconds=900)
#: What a link can type in: a refusal shows that another organization uses this site.
_ADDITIONS = RateLimit("setup_domains", limit=60, seconds=3600)
#: In English: for the log.
_VERIFIED_BY = {
    DomainAlias.VerifiedBy.MICROSOFT: "Microsoft's answer",
    DomainAlias.VerifiedBy.DNS: "its DNS record",
}


@dataclass(frozen=True)
class LastAnswer:
    """What was found last about a domain. ``was_asked``: Microsoft has answered about it."""

    was_asked: bool
    found: Lookup | None = None


def domains_of(connection: Connection) -> list[DomainAlias]:
    """Return the rows of a connection's domains, its own first, each with ``is_disputed``."""
    rows = connection.aliases.with_disputes().select_related("connection")
    return list(rows.order_by("-is_primary", "domain"))


def is_verified(alias: DomainAlias) -> bool:
    """Return whether a row of ``domains_of`` is verified, by no other connection as well."""
    return alias.is_verified_for(alias.connection.tenant_id) and not alias.is_disputed


def can_be_removed(alias: DomainAlias, *, in_use: bool) -> bool:
    """Return whether a link can remove a domain: one that a link has added and, on a connection
    ``in_use``, that leads nobody there."""
    is_added = alias.needs_proof and not alias.is_primary
    return is_added and not (in_use and alias.is_verified_for(alias.connection.tenant_id))


def add_domain(request: HttpRequest, link: SetupLink, typed: str) -> str:
    """Add a further domain to the link's connection; return it in its stored form.

    It leads nobody to the connection until it is verified. Raises ``ValidationError``, also for a
    domain that is verified for another directory: both logs say so then.
    """
    domain = clean_alias(typed)
    if not _ADDITIONS.allows(link.reference):
        raise LinkError(_("You have added many domains. Try again in an hour."), code="limit")
    _refuse_others(request, link, domain)
    with locked(link):
        connection = _open_connection(link)
        if domain in set(connection.aliases.values_list("domain", flat=True)):
            raise LinkError(
                _("%(domain)s is in the list already."), code="present", params={"domain": domain}
            )
        if connection.aliases.filter(needs_proof=True).count() >= MOST_DOMAINS:
            raise LinkError(
                _("You can add %(most)d domains here. Ask who invited you to add the others."),
                code="many",
                params={"most": MOST_DOMAINS},
            )
        connection.aliases.create(domain=domain, needs_proof=True)
    setup_events.record_setup_step(request, link, f"Added the domain {domain}.")
    return domain


def remove_domain(request: HttpRequest, link: SetupLink, domain: str) -> None:
    """Remove a domain, if a link can: see ``can_be_removed``. Raises ``LinkError`` if that is too
    late."""
    with locked(link):
        connection = _open_connection(link)
        in_use = is_in_use(connection)
        # Compared here: PostgreSQL refuses a query with a NUL, and the browser can send anything.
        found = [alias for alias in connection.aliases.all() if alias.domain == domain]
        found = [alias for alias in found if can_be_removed(alias, in_use=in_use)]
        for alias in found:
            alias.delete()
    if found:
        setup_events.record_setup_step(request, link, f"Removed the domain {domain}.")


def ask_about(request: HttpRequest, link: SetupLink, aliases: Iterable[DomainAlias]) -> None:
    """Ask Microsoft and the DNS about the domains of a link's connection that are not verified, and
    store the answers.

    At most once in ``ASK_EVERY`` seconds for each, and within the time of one callback.
    """
    due = [alias for alias in aliases if not is_verified(alias)]
    # So that no domain waits for others whose servers never answer.
    random.shuffle(due)
    with within(conf.callback_timeout):
        for alias in due:
            if seconds_left() <= 0:
                return
            if not conf.cache.add(_key(alias, "asked"), 1, ASK_EVERY):
                continue
            if not _QUESTIONS.allows(str(alias.connection_id)):
                return
            try:
                answer = domains.check(alias.connection, alias.domain)
            except Connection.DoesNotExist:
                return
            _remember(alias, answer)
            if not answer.is_conclusive:
                return
            _log_verified(request, link, alias)


def _log_verified(request: HttpRequest, link: SetupLink, alias: DomainAlias) -> None:
    """Log that a conclusive answer has verified a domain, which was not before."""
    rows = DomainAlias._default_manager.filter(pk=alias.pk).with_disputes()
    now = rows.select_related("connection").first()
    # One that is disputed is asked about again and again: it would be logged each time.
    if now is None or not is_verified(now):
        return
    by = _VERIFIED_BY[DomainAlias.VerifiedBy(now.verified_by)]
    setup_events.record_setup_step(request, link, f"Verified the domain {now.domain} by {by}.")


def last_answer(alias: DomainAlias) -> LastAnswer | None:
    """Return what ``ask_about`` has found last, for a page; None if that is not known."""
    kept: dict[str, Any] | None = conf.cache.get(_key(alias, "answer"))
    if kept is None:
        return None
    if kept["texts"] is None:
        return LastAnswer(kept["was_asked"])
    problem = Outcome(kept["problem"]) if kept["problem"] else None
    return LastAnswer(kept["was_asked"], Lookup(tuple(kept["texts"]), problem))


def _remember(alias: DomainAlias, answer: domains.Answer) -> None:
    found = answer.records
    kept = {
        "was_asked": answer.is_conclusive,
        # As much as a page shows: the records of a domain can be long.
        "texts": None if found is None else list(found.seen),
        "problem": found.problem.value if found is not None and found.problem else "",
    }
    conf.cache.set(_key(alias, "answer"), kept, _SHOWN_FOR)


def _key(alias: DomainAlias, what: str) -> str:
    return f"{CACHE_PREFIX}:setup-domain:{what}:{alias.pk}"


def _open_connection(link: SetupLink) -> Connection:
    """Return the connection of a locked link, if the link can still change it."""
    if link.connection is None or not link.is_usable or link.finished_at is not None:
        raise LinkError(_("The set-up is finished, so its domains cannot be changed."), code="over")
    return link.connection


def _refuse_others(request: HttpRequest, link: SetupLink, domain: str) -> None:
    """Raise ``LinkError`` if a connection of another directory has verified the domain.

    That verification is renewed first: the domain may have changed hands.
    """
    connection = link.connection
    tenant_id = connection.tenant_id if connection is not None else ""
    for alias in _verified_elsewhere(domain, tenant_id):
        domains.check(alias.connection, domain)
    if still := list(_verified_elsewhere(domain, tenant_id)):
        setup_events.record_setup_step(
            request,
            link,
            f"Refused the domain {domain}: it is verified for the connection "
            f"{still[0].connection.name}, which trusts another directory.",
        )
        setup_events.record_domain_refused(
            still[0].connection,
            link,
            f"The set-up of the connection {link.connection_name} asked for the domain {domain}, "
            "which is verified for this connection.",
        )
        raise LinkError(
            _(
                "%(domain)s is verified for another Microsoft directory on this site. If it is "
                "yours, ask who invited you: both administrators see this in their log."
            ),
            code="elsewhere",
            params={"domain": domain},
        )


def _verified_elsewhere(domain: str, tenant_id: str) -> Iterable[DomainAlias]:
    verified = DomainAlias.objects.verified().filter(domain=domain)
    return verified.exclude(found_tenant_id=tenant_id).select_related("connection")[:3]
