"""The email address in what a person types or pastes."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

#: RFC 5321 section 4.5.3.1.3, without the angle brackets.
MAX_ADDRESS_LENGTH = 254
#: An address with a display name is shorter; the rest is not looked at.
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
    "mailto:", a semicolon, invisible characters or full-width letters. The result has none of
    these, and is not checked otherwise. Of several addresses it is the first.
    """
    text = _visible(typed[:_MAX_TYPED_LENGTH])
    in_brackets = _IN_BRACKETS.search(text)
    text = _AROUND_AT.sub("@", in_brackets[1] if in_brackets else text)
    candidates = (_unwrap(word) for word in _SEPARATORS.split(text))
    return next((address for address in candidates if _is_address(address)), "")


def _visible(text: str) -> str:
    """Return text without invisible characters, in letters as a keyboard has them (NFKC)."""
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
        # RFC 6068 section 2: percent-encoded, and headers behind the question mark.
        word = _visible(unquote(word[scheme.end() :].partition("?")[0]))
    return word.lstrip(_QUOTES).rstrip(_QUOTES + _END_OF_SENTENCE)


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and len(text) <= MAX_ADDRESS_LENGTH
