"""The authentication backend: mozilla-django-oidc's, whose documented hooks a site can override.

``flows.sign_in`` has the sequence of a sign-in, ``users.resolution`` the decision who gets in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from ..conf import conf
from .users import linking, profile, usernames
from .users.resolution import ResolvedUser, VerifiedIdentity


class ConnectionBackend(OIDCAuthenticationBackend):
    """Signs in users by a connection only: it never accepts a password.

    To change a decision about a sign-in, override a hook. Each has the name and the meaning that it
    has in mozilla-django-oidc. ``claims`` are those of the validated ID token, and the profile;
    they have an ``email`` only if its domain is verified, otherwise an ``unverified_email``. Hooks
    run in the transaction of the sign-in. A hook refuses the person by raising ``SignInFailed``,
    ``PermissionDenied`` or ``SuspiciousOperation``.

    ``request``, and ``verified_identity`` with its ``connection``, are set while a hook runs.
    """

    request: HttpRequest | None = None
    verified_identity: VerifiedIdentity

    def __init__(self) -> None:
        # Django builds a backend for every permission check: read no setting and no row here.
        self.UserModel = get_user_model()

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
        return profile.create_user(connection, self.get_username(claims), claims)

    def update_user(self, user: Any, claims: Mapping[str, Any]) -> Any:
        """Update a returning user's fields, save what changed, and return the user."""
        return profile.update_user(self.verified_identity.connection, user, claims)

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
        # mozilla-django-oidc's would keep deactivated users signed in.
        return ModelBackend.get_user(self, user_id)


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
    dead = [
        name
        for name, method in vars(OIDCAuthenticationBackend).items()
        if callable(getattr(OIDCAuthenticationBackend, name)) and name not in LIVE_HOOKS
    ]
    return [
        name
        for name in dead
        if getattr(backend, name) is not getattr(OIDCAuthenticationBackend, name)
    ]


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
    backend.request, backend.verified_identity = request, verified
    return backend
