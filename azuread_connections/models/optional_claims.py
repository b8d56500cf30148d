"""The names of claims that a connection keeps in the profile."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_NAMES = 30
NAME_MAX_LENGTH = 100

_NAME = re.compile(r"[A-Za-z0-9_.:/-]+")
#: In lower case. Claims that decide who somebody is or that the app reads itself, under the names
#: of both identity APIs, and the protocol's own. The profile must not have a second, unchecked copy
#: of them.
RESERVED_CLAIMS = frozenset(
    {
        # Who somebody is.
        *("tid", "oid", "sub", "puid", "altsecid", "idp", "home_oid", "home_tid", "acct"),
        *("email", "email_verified", "unverified_email", "xms_edov"),
        *("upn", "unique_name", "preferred_username", "username", "onprem_sid"),
        *("name", "given_name", "family_name"),
        # What somebody may do.
        *("groups", "hasgroups", "roles", "wids", "scp", "_claim_names", "_claim_sources"),
        # The token and the session.
        *("iss", "aud", "azp", "appid", "exp", "nbf", "iat", "jti", "nonce", "ver", "uti", "rh"),
        *("aio", "at_hash", "c_hash", "s_hash", "cnf", "typ", "sid", "login_hint", "auth_time"),
        *("amr", "acr", "acrs"),
    }
)


def validate_optional_claims(value: Any) -> None:
    """Refuse what is not a list of claim names. Every wrong name gets its own message."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValidationError(_("Enter a list of claim names."), code="not_names")
    if len(value) > MOST_NAMES:
        raise ValidationError(
            _("At most %(number)d claims."), code="too_many", params={"number": MOST_NAMES}
        )
    errors = []
    for name in value:
        try:
            validate_claim_name(name)
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors)


def validate_claim_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > NAME_MAX_LENGTH:
        raise ValidationError(
            _(
                "“%(name)s” is not a claim's name. Use letters, digits and the characters "
                "“_ . : / -”, at most %(length)d in all."
            ),
            code="claim_name",
            params={"name": name[:NAME_MAX_LENGTH], "length": NAME_MAX_LENGTH},
        )
    if name.lower() in RESERVED_CLAIMS:
        raise ValidationError(
            _("“%(name)s” cannot be kept: this app reads that claim itself and checks it."),
            code="claim_reserved",
            params={"name": name},
        )
