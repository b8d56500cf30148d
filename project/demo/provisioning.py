"""Gives the demo's Contoso a token, with which the stand-in provisions its people.

Safe to repeat.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azuread_connections.models import Connection
from azuread_connections.scim import tokens
from azuread_connections.scim.addresses import FLAG, base_address
from azuread_connections.scim.models import ScimToken
from azuread_connections.scim.models.token import MAX_TOKENS

from .data import CONTOSO
from .prepare import write_private


def provisioning_jobs(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the stand-in's jobs by the domain of a directory. ``file`` keeps the token, of which
    the site itself stores only a hash."""
    connection = Connection.objects.get(name=CONTOSO.connection)
    if not connection.tenant_id:
        # It provisions before anybody has signed in.
        connection.pin(CONTOSO.tenant_id)
    job = {
        "tenant_url": f"{base_address(connection)}?{FLAG}",
        "token": _token(connection, file),
    }
    return {CONTOSO.domain: [job]}


def _token(connection: Connection, file: Path) -> str:
    """Return the token of an earlier run, or a new one in place of the oldest."""
    kept = file.read_text().strip() if file.exists() else ""
    found = tokens.find(kept)
    if found is not None and not found.is_expired():
        return kept
    stored = ScimToken._default_manager.filter(connection=connection).order_by("pk")
    for old in list(stored)[: max(0, stored.count() - MAX_TOKENS + 1)]:
        old.delete()
    _stored, value = tokens.create(connection, created_by="make demo")
    write_private(file, value + "\n")
    return value
