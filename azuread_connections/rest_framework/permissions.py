"""Permissions by what an access token says.

Scopes are what an application may do on behalf of a person; roles are what an application, or a
person, may do itself. Neither ever stands for the other, even if they have the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission

from ..bearer.callers import AccessTokenAuth
from .exceptions import InsufficientScope, challenge

_Condition = Callable[[AccessTokenAuth], bool]


class _TokenPermission(BasePermission):
    condition: _Condition
    #: The scopes that a token of a person needs, for the header.
    scope = ""
    message = _("The access token has not the scope or the role that this needs.")

    def has_permission(self, request: Any, view: Any) -> bool:
        """Return whether the token has what is needed; raise ``InsufficientScope`` if not.

        Combined with others by ``|`` it only returns False: another one may give permission.
        """
        if not isinstance(request.auth, AccessTokenAuth):
            return False
        if type(self).condition(request.auth):
            return True
        if type(self) in getattr(view, "permission_classes", ()):
            scope = {"scope": self.scope} if self.scope else {}
            realm = getattr(request.successful_authenticator, "realm", "api")
            header = challenge(realm, error="insufficient_scope", **scope)
            raise InsufficientScope(self.message, header)
        return False


def HasScope(*scopes: str) -> type[BasePermission]:
    """Return a permission for calls on behalf of a person, with all of these scopes."""
    return _permission("HasScope", _with_scopes(scopes), scopes)


def HasRole(*roles: str) -> type[BasePermission]:
    """Return a permission for calls of an application without a person, with one of these app
    roles."""
    return _permission("HasRole", _of_app_with(roles))


def HasPersonRole(*roles: str) -> type[BasePermission]:
    """Return a permission for calls on behalf of a person who has one of these app roles."""
    return _permission("HasPersonRole", _of_person_with(roles))


def HasScopeOrRole(*scopes: str, role: str) -> type[BasePermission]:
    """Return a permission for both: on behalf of a person with all of these scopes, or of an
    application without a person, with the app role."""
    by_scope, by_role = _with_scopes(scopes), _of_app_with((role,))
    return _permission("HasScopeOrRole", lambda auth: by_scope(auth) or by_role(auth), scopes)


def _with_scopes(scopes: tuple[str, ...]) -> _Condition:
    if not scopes:
        raise TypeError("Name at least one scope.")
    return lambda auth: not auth.is_app_only and auth.scopes.issuperset(scopes)


def _of_app_with(roles: tuple[str, ...]) -> _Condition:
    if not roles:
        raise TypeError("Name at least one role.")
    return lambda auth: auth.is_app_only and not auth.roles.isdisjoint(roles)


def _of_person_with(roles: tuple[str, ...]) -> _Condition:
    if not roles:
        raise TypeError("Name at least one role.")
    return lambda auth: not auth.is_app_only and not auth.roles.isdisjoint(roles)


def _permission(
    name: str, condition: _Condition, scopes: tuple[str, ...] = ()
) -> type[BasePermission]:
    members = {"condition": staticmethod(condition), "scope": " ".join(scopes)}
    return type(name, (_TokenPermission,), members)
