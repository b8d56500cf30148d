"""What a set-up still lacks before people can sign in."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..models import Connection, SetupLink
from .credentials import has_accepted_credential


def lacking(link: SetupLink) -> list[str]:
    """Return what is missing, as sentences for the customer's administrator."""
    connection = link.connection
    if connection is None:
        return [_("The connection was deleted.")]
    found = []
    if not has_proven_directory(connection):
        found.append(
            _("The domain and the client ID are missing, or Microsoft has not yet accepted them.")
        )
    elif not has_accepted_credential(link):
        found.append(_("Microsoft has not yet accepted a secret or a certificate."))
    if link.domains == SetupLink.Domains.REQUIRED and link.purpose == SetupLink.Purpose.SETUP:
        found += _unproven_domains(connection)
    return found


def has_proven_directory(connection: Connection) -> bool:
    """Return whether the connection has a client ID, a domain, and the directory of that domain."""
    return connection.is_complete and bool(connection.tenant_id)


def _unproven_domains(connection: Connection) -> list[str]:
    verified = set(connection.aliases.trusted().values_list("domain", flat=True))
    names = set(connection.aliases.values_list("domain", flat=True))
    if unproven := sorted(names - verified):
        return [_("These domains are not verified yet: %s.") % ", ".join(unproven)]
    return []
