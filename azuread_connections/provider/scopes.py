"""What a client can ask to know, and to do."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OPENID = "openid"
PROFILE = "profile"
EMAIL = "email"
GROUPS = "groups"
ROLES = "roles"
OFFLINE_ACCESS = "offline_access"

#: Each scope, and what the consent page says of it.
DESCRIPTIONS: dict[str, Promise] = {
    OPENID: _("who you are"),
    PROFILE: _("your name, and the organisation that you sign in with"),
    EMAIL: _("your email address"),
    GROUPS: _("the groups that you are in at your organisation"),
    ROLES: _("the roles that your organisation has given you"),
    OFFLINE_ACCESS: _("all this also while you are away"),
}


def known(scopes: Iterable[str]) -> list[str]:
    """Return the scopes that exist, each once.

    Others are ignored, as OpenID Connect Core section 3.1.2.1 says. The answer names those that
    were granted (RFC 6749 section 3.3).
    """
    return [scope for scope in dict.fromkeys(scopes) if scope in DESCRIPTIONS]
