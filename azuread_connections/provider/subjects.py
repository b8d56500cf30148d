"""The person's ``sub``: the same for good, and never another person's."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import router

from ..login.state.sealing import base64url
from ..models import Identity
from .models import Auth0Subject, OAuthClient

_AUTH0 = "waad|"
#: An identity is read anew in each request, and remembers for it whether the name is its own.
_MEMO = "_azuread_provider_has_auth0_subject"


def subject(identity: Identity, client: OAuthClient) -> str:
    """Return by which ``sub`` a client knows a person.

    For a client that knows its people by Auth0's IDs, ``waad|<object ID>``: one query at most. An
    object ID is unique in its directory only. Should two directories have the same, the name stays
    that of the first person whom such a client came to know, and the other keeps the usual one.
    """
    usual = _usual_subject(identity)
    if client.uses_auth0_subjects and _has_auth0_subject(identity, usual):
        return _AUTH0 + identity.object_id.lower()
    return usual


def is_subject(identity: Identity, claimed: object) -> bool:
    """Return whether a person is the one in an ID token of ours, whichever client it is for."""
    usual = _usual_subject(identity)
    if claimed == _AUTH0 + identity.object_id.lower():
        return _has_auth0_subject(identity, usual)
    return claimed == usual


def _usual_subject(identity: Identity) -> str:
    """Microsoft never gives ``(tid, oid)`` to another person. A digest, so that no client takes it
    for anything else than a name of the person here."""
    key = f"{identity.cloud}|{identity.tenant_id}|{identity.object_id}".lower()
    return "azuread|" + base64url(hashlib.sha256(key.encode()).digest())


def _has_auth0_subject(identity: Identity, usual: str) -> bool:
    known = vars(identity).get(_MEMO)
    if known is None:
        rows: Any = Auth0Subject._default_manager.using(router.db_for_write(Auth0Subject))
        row, _created = rows.get_or_create(
            object_id=identity.object_id.lower(), defaults={"subject": usual}
        )
        known = row.subject == usual
        setattr(identity, _MEMO, known)
    return bool(known)
