"""Recognises placeholders that an export writes instead of a client secret.

Each tool has its own: ``##NAME##``, ``@@NAME@@``, ``${NAME}``, ``********``, ``[REDACTED]``. So the
rule defines what a secret can be, not what a placeholder is.
"""

from __future__ import annotations

import re

from ..models.validators import is_guid

#: Azure's format since 2021: some letters, then "~": Abc8Q~ and 34 more of this alphabet.
_WITH_TILDE = re.compile(r"[A-Za-z0-9_.-]{2,7}~[A-Za-z0-9_.~-]+")
#: Azure's older secrets, some of which never expire: random characters of all three classes.
_RANDOM = re.compile(r"[A-Za-z0-9_.~:?/=@*+\[\]-]+")
_CLASSES = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]")))
_MASKED = re.compile(r"([^0-9])\1{4}")
_WRAPPED = re.compile(r"\[.*\]|([^A-Za-z0-9])\1.*\1\1")
_WORDS = re.compile(
    "secret|password|placeholder|redact|masked|hidden|removed|withheld|omitted|example|changeme"
    "|replace|insert|your|://",
    re.IGNORECASE,
)
_PROSE = re.compile(r"[\w.,-]+( [\w.,-]+)+")
_COPIED_ALONG = re.compile(r"[\s\u0080-\U0010ffff]")


def is_placeholder(text: str) -> bool:
    """Return whether a text is a placeholder, not a client secret or a damaged one.

    ``validate_client_secret`` refuses damaged secrets (too short, or with a space or another
    character that was copied along) and secret IDs, and says what to do.
    """
    is_damaged = is_guid(text) or _PROSE.fullmatch(text)
    return not is_damaged and not _can_be_secret(_COPIED_ALONG.sub("", text))


def _can_be_secret(text: str) -> bool:
    if _MASKED.search(text):
        return False
    if _WITH_TILDE.fullmatch(text):
        return bool(_CLASSES[0].search(text))
    return (
        _RANDOM.fullmatch(text) is not None
        and all(letters.search(text) for letters in _CLASSES)
        and not _WRAPPED.fullmatch(text)
        and not _WORDS.search(text)
    )
