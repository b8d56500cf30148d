"""Email domains that lead to a connection, in addition to its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext

from ...domains import Answer
from ...models import Connection, DomainAlias

#: Nobody reads a longer list of warnings.
MOST_WARNINGS = 10


def further_domains(connection: Connection) -> list[str]:
    # From the row's own database: a replica can be behind it.
    return list(
        connection.aliases.db_manager(connection._state.db)
        .filter(is_primary=False)
        .order_by("domain")
        .values_list("domain", flat=True)
    )


def set_further_domains(connection: Connection, domains: Iterable[str]) -> None:
    """Replace the connection's aliases; the row of its own domain does not change."""
    wanted = set(domains)
    connection.aliases.filter(is_primary=False).exclude(domain__in=wanted).delete()
    present = set(connection.aliases.values_list("domain", flat=True))
    DomainAlias._default_manager.bulk_create(
        DomainAlias(connection=connection, domain=domain) for domain in sorted(wanted - present)
    )


def unproven_domains(connection: Connection, answers: Iterable[Answer]) -> Iterator[str]:
    """Yield a warning for each alias that, as Microsoft has just said, is not the directory's, and
    that no DNS record has verified."""
    verified = set(connection.aliases.verified().values_list("domain", flat=True))
    for answer in answers:
        if answer.domain == connection.domain or not answer.is_conclusive:
            continue
        if answer.domain in verified:
            continue
        message = (
            gettext("The domain %(domain)s belongs to another directory (%(found)s).")
            if answer.tenant_id
            else gettext("Microsoft knows no directory with the domain %(domain)s.")
        )
        message += " " + gettext(
            "It leads people here, but an address in it links nobody and is not used as a name."
        )
        if answer.says_unknown and connection.tenant_id:
            message += " " + gettext(
                "To verify it, create the DNS record that is shown under “Verified domains”."
            )
        yield message % {"domain": answer.domain, "found": answer.tenant_id}


def shared_domains(connection: Connection, visible: QuerySet[Connection]) -> Iterator[str]:
    """Yield a warning for each of its domains that also leads to another connection.

    ``visible``: the connections that the reader may see. Others are not named.
    """
    own = connection.aliases.discoverable().order_by().values("domain")
    others = DomainAlias._default_manager.discoverable().filter(domain__in=own)
    others = others.exclude(connection=connection)
    rows = others.order_by("domain", "connection__name_key")
    shared: dict[str, list[str]] = {}
    found = list(rows.values_list("domain", "connection__name", "connection"))
    seen = set(visible.filter(pk__in={key for _, _, key in found}).values_list("pk", flat=True))
    for domain, name, key in found:
        names = shared.setdefault(domain, [])
        if key in seen:
            names.append(name)
    for domain, names in list(shared.items())[:MOST_WARNINGS]:
        message = gettext(
            "The domain %(domain)s also leads to %(others)s: people with such an address can "
            "choose wherever both are enabled."
        )
        yield message % {
            "domain": domain,
            "others": ", ".join(names) or gettext("another connection"),
        }
