"""Who calls an API: what a validated access token says, and the user of a call without a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AccessTokenAuth:
    """What a validated access token says: ``request.auth``. The token itself is not kept.

    ``client_id``: the application that has asked for the token (`azp` or `appid`). ``scopes``: what
    it may do on behalf of the person; empty without a person. ``roles``: app roles, of the
    application where ``is_app_only``, else of the person. ``tenant_id`` and ``object_id``: the
    directory and object of the person or application, "" for a client of this site's own provider.
    ``connection``: the key of the connection, None likewise. Times are in seconds since 1970.
    """

    issuer: str
    audience: str
    client_id: str
    is_app_only: bool
    scopes: frozenset[str]
    roles: frozenset[str]
    tenant_id: str
    object_id: str
    connection: int | None
    issued_at: float
    expires_at: float


class AppOnlyCaller:
    """The user of a call that an application makes for itself, without a person.

    It counts as authenticated, is not a row of the user model, and has no permission of Django's.
    Its ``pk``, by which Django REST framework throttles, is neither a user's nor another
    application's.
    """

    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = False
    is_superuser = False
    id = None
    username = ""

    def __init__(self, auth: AccessTokenAuth) -> None:
        self.client_id = auth.client_id
        self.tenant_id = auth.tenant_id

    @property
    def pk(self) -> str:
        return f"app:{self.tenant_id}:{self.client_id}"

    def get_username(self) -> str:
        return self.username

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, module: str) -> bool:
        return False

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        return set()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AppOnlyCaller) and self.pk == other.pk

    def __hash__(self) -> int:
        return hash(self.pk)

    def __str__(self) -> str:
        return f"application {self.client_id}"
