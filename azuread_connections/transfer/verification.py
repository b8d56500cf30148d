"""Verifies domains after an import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from .. import domains
from ..models import Connection


def verify_domains(names: Iterable[str]) -> Iterator[str]:
    """Ask Microsoft about the domains of these connections that were not verified recently.

    Yields problems, as sentences. Stops once Microsoft cannot be asked: ``check_connections`` or a
    sign-in verifies the rest later.
    """
    for name in names:
        connection = Connection._default_manager.filter(name_key=name.lower()).first()
        if connection is None:
            continue
        known = domains.confirmed_lately(connection)
        due = [alias.domain for alias in connection.aliases.all() if alias.domain not in known]
        try:
            for answer in domains.check_in_turn(connection, due):
                if not answer.is_conclusive:
                    yield _unasked(str(answer.error))
                    return
                if answer.tenant_id != connection.tenant_id and not _is_verified(
                    connection, answer.domain
                ):
                    yield f"{name}: {_describe_answer(connection, answer)}"
        except ImproperlyConfigured as error:
            yield _unasked(str(error))
            return
        except Connection.DoesNotExist:
            continue  # deleted meanwhile


def _is_verified(connection: Connection, domain: str) -> bool:
    return connection.aliases.verified().filter(domain=domain).exists()


def _unasked(why: str) -> str:
    return _(
        "Microsoft could not be asked whether the domains belong to the directories. Run "
        "check_connections later. %(why)s"
    ) % {"why": why}


def _describe_answer(connection: Connection, answer: domains.Answer) -> str:
    if not answer.tenant_id:
        text = _("Microsoft knows no directory with the domain %(domain)s.")
    elif connection.tenant_id:
        text = _("%(domain)s belongs to the directory %(found)s, not to %(pinned)s.")
    else:
        text = _("%(domain)s belongs to the directory %(found)s; the connection has none yet.")
    return text % {
        "domain": answer.domain,
        "found": answer.tenant_id,
        "pinned": connection.tenant_id,
    }
