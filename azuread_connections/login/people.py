"""From a validated ID token to the Django user that its ``(cloud, tid, oid)`` is tied to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone

from .. import signals
from ..conf import conf
from ..entra.id_token import IdTokenClaims
from ..models import Connection, Identity
from .failures import SignInFailed
from .profile import Profile, cut, is_own_address, read_profile, sync_user


@dataclass(frozen=True)
class Person:
    """Who a sign-in turned out to be. ``created``: this sign-in made the user."""

    identity: Identity
    created: bool

    @property
    def user(self) -> AbstractBaseUser:
        return self.identity.user


def find_or_create(claims: IdTokenClaims, connection: Connection) -> Person:
    """Return the person, made at their first sign-in. To be called in a transaction.

    Raises ``SignInFailed`` (``user_refused``), and ``IntegrityError`` if the same person's first
    sign-in runs elsewhere at this moment: try again, and they are found.
    """
    profile = read_profile(claims, connection)
    identity = _find(claims, connection)
    if identity is None:
        return Person(_create(claims, connection, profile), created=True)
    if not identity.user.is_active:
        raise SignInFailed("user_refused", detail="The user is deactivated.")
    _refresh(identity, connection, profile)
    return Person(identity, created=False)


def _find(claims: IdTokenClaims, connection: Connection) -> Identity | None:
    return (
        Identity._default_manager.select_related("user")
        .filter(cloud=connection.cloud, tenant_id=claims.tenant_id, object_id=claims.object_id)
        .first()
    )


def _create(claims: IdTokenClaims, connection: Connection, profile: Profile) -> Identity:
    user = _new_user(claims, connection)
    if connection.sync_profile != Connection.SyncProfile.NEVER:
        sync_user(user, profile)
    user.save()
    identity = Identity._default_manager.create(
        user=user,
        cloud=connection.cloud,
        tenant_id=claims.tenant_id,
        object_id=claims.object_id,
        connection=connection,
        login_name=_login_name(profile),
        profile=profile.as_dict(),
        last_sign_in_at=timezone.now(),
    )
    signals.user_created.send(Identity, user=user, identity=identity, connection=connection)
    return identity


def _refresh(identity: Identity, connection: Connection, profile: Profile) -> None:
    identity.connection = connection
    identity.login_name = _login_name(profile)
    identity.profile = profile.as_dict()
    identity.last_sign_in_at = timezone.now()
    identity.save(update_fields=["connection", "login_name", "profile", "last_sign_in_at"])
    if connection.sync_profile != Connection.SyncProfile.EACH_LOGIN:
        return
    user = identity.user
    if changed := sync_user(user, profile):
        user.save(update_fields=changed)
        signals.profile_synced.send(
            Identity, user=user, identity=identity, connection=connection, changed=changed
        )


def _login_name(profile: Profile) -> str:
    field = Identity._meta.get_field("login_name")
    return cut(profile.username or profile.email or profile.name, field)


def _new_user(claims: IdTokenClaims, connection: Connection) -> Any:
    user_model = get_user_model()
    user = user_model(**{user_model.USERNAME_FIELD: _username(claims, connection)})
    user.set_unusable_password()
    return user


def _username(claims: IdTokenClaims, connection: Connection) -> str:
    """Return a username that this directory may give, and that nobody else has."""
    if (function := conf.username_function) is not None:
        return function(claims, connection)
    user_model = get_user_model()
    field = cast("models.Field[Any, Any]", user_model._meta.get_field(user_model.USERNAME_FIELD))
    own = _own_name(claims, connection)
    if own and len(own) <= (field.max_length or len(own)):
        if not _is_taken(own):
            return own
        if isinstance(field, models.EmailField):
            # The account with this address may be somebody else's; it is never taken over.
            raise SignInFailed("user_refused", detail=f"Another user has the address {own}.")
    return _made_up_name(claims, field)


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
