"""The authentication backend: mozilla-django-oidc's, whose documented hooks a site can override.

``flows.sign_in`` has the sequence of a sign-in, ``users.resolution`` the decision who gets in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from ..conf import conf
from ..models.primary import read_primary
from .users import linking, usernames
from .users.identities import VerifiedIdentity
from .users.profile import Profile, create_user, update_user
from .users.resolution import ResolvedUser


def _not_called(name: str) -> Callable[..., NoReturn]:
    """Return a method in place of one of the base class, which trusts tokens that nobody checked.

    Other packages call those, such as mozilla_django_oidc.contrib.drf.
    """

    def method(self: ConnectionBackend, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__}.{name} does not exist: a sign-in by a connection redeems the "
            "code and validates the ID token itself."
        )

    return method


class ConnectionBackend(OIDCAuthenticationBackend):
    """Signs in users by a connection only: it never accepts a password.

    To change a decision about a sign-in, override a hook. Each has the name and the meaning that it
    has in mozilla-django-oidc. ``claims`` are those of the validated ID token, and the profile;
    they have an ``email`` only if its domain is verified, otherwise an ``unverified_email``. Hooks
    run in the transaction of the sign-in. A hook refuses the person by raising ``SignInFailed``,
    ``PermissionDenied`` or ``SuspiciousOperation``.

    ``request``, ``verified_identity`` with its ``connection``, and ``profile`` are set while a hook
    runs. Each hook gets a copy of the claims of its own.
    """

    request: HttpRequest | None = None
    profile: Profile
    _verified: VerifiedIdentity | None = None

    def __init__(self) -> None:
        # Django builds a backend for every permission check: read no setting and no row here.
        self.UserModel = get_user_model()

    @property
    def verified_identity(self) -> VerifiedIdentity:
        """The person whom Microsoft has identified. Raises ``RuntimeError`` outside a sign-in."""
        if self._verified is None:
            raise RuntimeError("The backend's hooks work only during a sign-in by a connection.")
        return self._verified

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the person may sign in."""
        return True

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> Iterable[Any]:
        """Return the existing users that a person without an identity could be linked to.

        Called only if the connection links users and the domain of ``email`` is verified. Only a
        single user without permissions is ever linked: see ``users.linking``.
        """
        return linking.users_with_email(claims.get("email", ""))

    def create_user(self, claims: Mapping[str, Any]) -> Any:
        """Return a new user, saved. Called only if the connection creates users."""
        connection = self.verified_identity.connection
        return create_user(connection, self.get_username(claims), self.profile, claims)

    def update_user(self, user: Any, claims: Mapping[str, Any]) -> Any:
        """Update a returning user's fields, save what changed, and return the user."""
        return update_user(self.verified_identity.connection, user, self.profile, claims)

    def get_username(self, claims: Mapping[str, Any]) -> str:
        """Return the username of a new user: one in a verified domain, or a made-up one."""
        verified = self.verified_identity
        return usernames.username_for(verified.claims, verified.connection, verified.trust)

    def describe_user_by_claims(self, claims: Mapping[str, Any]) -> str:
        """Return how the log names a person who has no user."""
        if email := claims.get("email"):
            return f"email {email}"
        return f"object ID {claims.get('oid')} of directory {claims.get('tid')}"

    def authenticate(
        self, request: HttpRequest | None, *, azuread_user: ResolvedUser
    ) -> AbstractBaseUser:
        """Return the user of a sign-in.

        Its parameters keep Django from passing it a password, or a sign-in to other backends.
        """
        return azuread_user.user

    async def aauthenticate(
        self, request: HttpRequest | None, *, azuread_user: ResolvedUser
    ) -> AbstractBaseUser:
        # ModelBackend's would accept passwords.
        return await sync_to_async(self.authenticate)(request, azuread_user=azuread_user)

    def get_user(self, user_id: Any) -> AbstractBaseUser | None:
        # mozilla-django-oidc's would keep deactivated users signed in, and Django's would ask a
        # replica, which may not have a user that was just created or deactivated.
        try:
            user = read_primary(self.UserModel).get(pk=user_id)
        except self.UserModel.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None

    async def aget_user(self, user_id: Any) -> AbstractBaseUser | None:
        return await sync_to_async(self.get_user)(user_id)

    get_token = _not_called("get_token")
    verify_token = _not_called("verify_token")
    get_userinfo = _not_called("get_userinfo")
    get_or_create_user = _not_called("get_or_create_user")
    get_payload_data = _not_called("get_payload_data")
    retrieve_matching_jwk = _not_called("retrieve_matching_jwk")

    @property
    def has_own_user_hooks(self) -> bool:
        """Whether the site's subclass creates or updates users by code of its own."""
        own = type(self)
        return (own.create_user, own.update_user) != (
            ConnectionBackend.create_user,
            ConnectionBackend.update_user,
        )


#: The base class's methods that a sign-in calls. Overriding another has no effect.
LIVE_HOOKS = frozenset(
    {
        "__init__",
        "aauthenticate",
        "authenticate",
        "create_user",
        "describe_user_by_claims",
        "filter_users_by_claims",
        "get_user",
        "get_username",
        "update_user",
        "verify_claims",
    }
)


def ignored_hooks(backend: type[ConnectionBackend]) -> list[str]:
    """Return mozilla-django-oidc's methods that a subclass overrides, but that are never called."""
    return [
        name
        for name in vars(OIDCAuthenticationBackend)
        if name not in LIVE_HOOKS
        and callable(getattr(OIDCAuthenticationBackend, name))
        and getattr(backend, name) is not getattr(ConnectionBackend, name)
    ]


def unusable_hooks(backend: type[ConnectionBackend]) -> list[str]:
    """Return the hooks of a subclass that cannot work: coroutines, and an ``authenticate`` that
    takes passwords."""
    coroutines = {
        name
        for name in LIVE_HOOKS - {"aauthenticate"}
        if inspect.iscoroutinefunction(getattr(backend, name))
    }
    open_doors = {
        name
        for name in ("authenticate", "aauthenticate")
        if _accepts_password(getattr(backend, name))
    }
    return sorted(coroutines | open_doors)


def _accepts_password(method: Callable[..., Any]) -> bool:
    try:
        inspect.signature(method).bind(None, None, username="", password="")
    except TypeError:
        return False
    return True


def backend_class() -> type[ConnectionBackend]:
    """Return the site's backend: the first subclass of ours in AUTHENTICATION_BACKENDS."""
    for path in conf.authentication_backends:
        found = import_string(path)
        if isinstance(found, type) and issubclass(found, ConnectionBackend):
            return found
    raise ImproperlyConfigured(
        "AUTHENTICATION_BACKENDS needs 'azuread_connections.backends.ConnectionBackend'."
    )


def site_backend(request: HttpRequest, verified: VerifiedIdentity) -> ConnectionBackend:
    """Return the site's backend, with the request and the identity of one sign-in set."""
    backend = backend_class()()
    backend.request, backend._verified = request, verified
    return backend
