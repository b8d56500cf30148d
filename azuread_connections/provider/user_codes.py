"""The code that a person types: short, and hard to get wrong (RFC 8628 section 6.1)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata

from django.views.decorators.debug import sensitive_variables

from ..conf import conf

#: Consonants without "Y": they spell no word, and none looks like a digit.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8
_CODE = re.compile(f"[{ALPHABET}]{{{_LENGTH}}}")
#: What people type between the letters: spaces, and any dash.
_BETWEEN = re.compile(r"[\s_\u2010-\u2015\u2212-]+")
_PURPOSE = b"azuread_connections.provider.user_code"


def new_code() -> str:
    """Return a code: one of 25,600,000,000."""
    return "".join(secrets.choice(ALPHABET) for _letter in range(_LENGTH))


@sensitive_variables("code")
def shown(code: str) -> str:
    """Return a code as people read it: "WDJB-MJHT"."""
    return f"{code[:4]}-{code[4:]}"


@sensitive_variables("text", "letters")
def parse(text: str) -> str | None:
    """Return the code that was typed, or None for what can be none."""
    letters = _BETWEEN.sub("", unicodedata.normalize("NFKC", text[:100])).upper()
    return letters if _CODE.fullmatch(letters) else None


@sensitive_variables("code")
def digest(code: str) -> str:
    """Return what is stored of a code."""
    return digests(code)[0]


@sensitive_variables("code")
def digests(code: str) -> list[str]:
    """Return what may be stored of a code: by SECRET_KEY, and by its fall-backs.

    Keyed, because who reads the table could try all codes in seconds.
    """
    keys = (hmac.digest(key, _PURPOSE, hashlib.sha256) for key in conf.sealing_keys)
    return [hmac.new(key, code.encode(), hashlib.sha256).hexdigest() for key in keys]
