"""Finds the email address in the text that a person types or pastes."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

#: RFC 5321 section 4.5.3.1.3, without the angle brackets.
MAX_ADDRESS_LENGTH = 254
#: An address with a display name is shorter; the rest of the text is ignored.
_MAX_TYPED_LENGTH = 1000
_IN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
_AROUND_AT = re.compile(r"\s*@\s*")
_SEPARATORS = re.compile(r"[\s,;|()\[\]]+")
_SCHEME = re.compile(r"(mailto|smtp|sip):", re.IGNORECASE)
#: What mail programs and documents put around an address.
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›<>{}"
_END_OF_SENTENCE = ".:!?"


def clean_address(typed: str) -> str:
    """Return the one email address that was meant, or "" if there is none.

    People paste addresses from mail programs and documents: with a display name, quotes, a
    "mailto:", a semicolon, invisible characters or full-width letters. These are removed; nothing
    else is checked. Of several addresses, the first is returned.
    """
    text = _visible(typed[:_MAX_TYPED_LENGTH])
    in_brackets = _IN_BRACKETS.search(text)
    text = _AROUND_AT.sub("@", in_brackets[1] if in_brackets else text)
    candidates = (_unwrap(word) for word in _SEPARATORS.split(text))
    return next((address for address in candidates if _is_address(address)), "")


def _visible(text: str) -> str:
    """Return text without invisible characters, in normal form NFKC."""
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    # Cc: controls, of which line breaks and tabs separate; Cf: zero-width and direction marks.
    return "".join(
        " " if letter.isspace() else letter
        for letter in plain
        if letter.isspace() or unicodedata.category(letter) not in {"Cc", "Cf", "Cs"}
    )


def _unwrap(word: str) -> str:
    word = word.strip(_QUOTES)
    if scheme := _SCHEME.match(word):
        # RFC 6068 section 2: percent-encoded, and headers after the question mark.
        word = _visible(unquote(word[scheme.end() :].partition("?")[0]))
    return word.lstrip(_QUOTES).rstrip(_QUOTES + _END_OF_SENTENCE)


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and len(text) <= MAX_ADDRESS_LENGTH
