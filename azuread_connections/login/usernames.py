"""What a new Django user is called: a name that its directory may give, and that nobody has."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.db import models

from ..conf import conf
from ..entra.id_token import IdTokenClaims
from ..models import Connection
from .failures import SignInFailed
from .profile import is_own_address


def new_user(claims: IdTokenClaims, connection: Connection) -> Any:
    """Return a new Django user without a password, not saved yet. Raises ``SignInFailed``."""
    user_model = get_user_model()
    user = user_model(**{user_model.USERNAME_FIELD: username_for(claims, connection)})
    user.set_unusable_password()
    return user


def username_for(claims: IdTokenClaims, connection: Connection) -> str:
    """Return a username for a person. Raises ``SignInFailed`` (``user_refused``)."""
    if (function := conf.username_function) is not None:
        return function(claims, connection)
    field = _field()
    own = _own_name(claims, connection)
    if own and len(own) <= (field.max_length or len(own)):
        if not _is_taken(own):
            return own
        if isinstance(field, models.EmailField):
            # The account with this address may be somebody else's; it is never taken over.
            raise SignInFailed("user_refused", detail=f"Another user has the address {own}.")
    return _made_up_name(claims, field)


def _field() -> models.Field[Any, Any]:
    user_model = get_user_model()
    return cast("models.Field[Any, Any]", user_model._meta.get_field(user_model.USERNAME_FIELD))


def _own_name(claims: IdTokenClaims, connection: Connection) -> str:
    names = (claims.upn, claims.preferred_username, claims.email)
    return next((name for name in names if is_own_address(name, claims, connection)), "")


def _is_taken(username: str) -> bool:
    user_model = get_user_model()
    same = {f"{user_model.USERNAME_FIELD}__iexact": username}
    return user_model._default_manager.filter(**same).exists()


def _made_up_name(claims: IdTokenClaims, field: models.Field[Any, Any]) -> str:
    key = f"{claims.object_id}@{claims.tenant_id}"
    if isinstance(field, models.EmailField):
        # RFC 2606 section 2: nobody can own an address under .invalid.
        key += ".azuread.invalid"
    if field.max_length and len(key) > field.max_length:
        return hashlib.sha256(key.encode()).hexdigest()[: field.max_length]
    return key
