"""The issuer that a browser's return from Microsoft names, where it names one (RFC 9207).

Microsoft sends no `iss` today. An answer that names another issuer was made by another server, so
nothing in it counts: neither its code nor its error.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from ...entra.cloud import check_issuers
from ...microsoft import client as microsoft
from ...models import Connection


def named_issuers(request: HttpRequest) -> tuple[str, ...]:
    """Return every `iss` parameter. RFC 6749 section 3.1: one without a value counts as left
    out."""
    return tuple(filter(None, request.GET.getlist("iss")))


def check_named_issuers(connection: Connection, issuers: Sequence[str]) -> None:
    """Raise ``IssuerMismatch`` if an answer to this connection's request names another issuer.

    Where the directory is not known yet (the common endpoint; a connection that is not pinned),
    any directory of the connection's cloud passes: the ID token's own decides later.
    """
    tenant_id = "" if connection.use_common_endpoint else connection.tenant_id
    authority = microsoft.authority(
        connection.cloud, connection.sign_in_segment, connection.identity_api
    )
    check_issuers(authority, issuers, tenant_id=tenant_id or None)
