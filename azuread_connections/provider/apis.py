"""Which API a client asks an access token for, and with which scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..models.validators import is_plain
from .models import API, ClientGrant, OAuthClient


class InvalidTarget(Exception):
    """RFC 8707 section 2: the API is unknown, or the client may not ask for it."""


@dataclass(frozen=True)
class Target:
    """An API, and the scopes of it that a client can be given."""

    api: API
    scopes: frozenset[str]


def target_name(parameters: Any) -> str:
    """Return the identifier that a request names: ``audience``, as at Auth0, or ``resource``
    (RFC 8707). Raises ``InvalidTarget`` for two different ones."""
    named = {parameters.get(name) for name in ("audience", "resource")} - {None, ""}
    if len(named) > 1 or not all(isinstance(each, str) for each in named):
        raise InvalidTarget
    return str(named.pop()) if named else ""


def find_target(client: OAuthClient, identifier: str, *, for_itself: bool) -> Target:
    """Return what a client may ask of an API. Raises ``InvalidTarget``.

    A first-party client may ask for every API on behalf of people: it is of this site, and what
    they may do is the API's to decide. For itself, a client needs a grant.
    """
    api = API._default_manager.filter(identifier=identifier if is_plain(identifier) else "").first()
    if api is None:
        raise InvalidTarget
    possible = possible_scopes(client, api, for_itself=for_itself)
    if possible is None:
        raise InvalidTarget
    return Target(api, possible)


def possible_scopes(client: OAuthClient, api: API, *, for_itself: bool) -> frozenset[str] | None:
    """Return the scopes of an API that a client can be given; None if it may not ask for the API.
    One query, or none."""
    defined = frozenset(api.scope_descriptions)
    if client.is_first_party and not for_itself:
        return defined
    grant = ClientGrant._default_manager.filter(client=client, api=api).first()
    return None if grant is None else defined.intersection(grant.scope.split())
