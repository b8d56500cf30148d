"""Chooses the username of a new Django user: one in a verified domain, or a made-up one."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models

from ...conf import conf
from ...entra.id_token import IdTokenClaims
from ...models import Connection
from ...models.primary import read_primary
from ..log.failures import SignInFailed
from .trust import DomainTrust


def username_for(claims: IdTokenClaims, connection: Connection, trust: DomainTrust) -> str:
    """Return a username for a person. Raises ``SignInFailed`` (``user_refused``)."""
    field = _field()
    if (function := conf.username_function) is not None:
        return require_usable(function(claims, connection), "USERNAME_FUNCTION")
    own = _own_name(claims, trust)
    if own and _is_accepted(own, field):
        if not _is_taken(own):
            return own
        if isinstance(field, models.EmailField):
            # The existing account may be somebody else's.
            raise SignInFailed("user_refused", detail=f"Another user has the address {own}.")
    return _made_up_name(claims, field)


def require_usable(name: Any, made_by: str) -> str:
    """Return a name made by the site's own code. Raises ``SignInFailed`` if the column cannot hold
    it."""
    field = _field()
    if not isinstance(name, str) or not name:
        raise SignInFailed("user_refused", detail=f"{made_by} returned no name.")
    if len(name) > (field.max_length or len(name)):
        raise SignInFailed("user_refused", detail=f"{made_by} returned a name that is too long.")
    return name


def _is_accepted(name: str, field: models.Field[Any, Any]) -> bool:
    """Return whether the user model accepts this name unchanged. With any other name, the admin's
    form would refuse every later change of the user."""
    if get_user_model().normalize_username(name) != name:
        return False
    try:
        field.run_validators(name)
    except ValidationError:
        return False
    return len(name) <= (field.max_length or len(name))


def _field() -> models.Field[Any, Any]:
    user_model = get_user_model()
    return cast("models.Field[Any, Any]", user_model._meta.get_field(user_model.USERNAME_FIELD))


def _own_name(claims: IdTokenClaims, trust: DomainTrust) -> str:
    names = (claims.upn, claims.preferred_username, claims.email)
    return next((name for name in names if trust.vouches_for(name)), "")


def _is_taken(username: str) -> bool:
    user_model = get_user_model()
    same = {f"{user_model.USERNAME_FIELD}__iexact": username}
    return read_primary(user_model).filter(**same).exists()


def _made_up_name(claims: IdTokenClaims, field: models.Field[Any, Any]) -> str:
    key = f"{claims.object_id}@{claims.tenant_id}"
    if isinstance(field, models.EmailField):
        # RFC 2606 section 2: nobody can own an address under .invalid.
        key += ".azuread.invalid"
    digest = hashlib.sha256(key.encode()).hexdigest()[: field.max_length]
    names = [name for name in (key, digest) if len(name) <= (field.max_length or len(name))]
    # A model that accepts neither needs USERNAME_FUNCTION.
    return next((name for name in names if _is_accepted(name, field)), names[0])
