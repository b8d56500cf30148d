"""Removes invisible characters from Microsoft's texts.

People paste zero-width spaces, byte order marks and bidirectional controls into the names and
addresses of a directory. An address with one of them is another address for a mail server or a
comparison, and a bidirectional control makes a text look like another one.

Unicode Standard Annex 44, Default_Ignorable_Code_Point; RFC 8264 section 9.13.
"""

from __future__ import annotations

import re
import unicodedata

#: Default_Ignorable_Code_Point. Other invisible characters have the category Cf.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Used in Persian, Indic scripts and emoji: they join or separate two letters.
_JOINERS = frozenset("\u200c\u200d")
#: They select a variant of the letter before them, as in Japanese names.
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))


def storable(text: str) -> str:
    """Return a text without NUL and lone surrogates, which databases do not store."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def is_storable(text: str) -> bool:
    """Return whether every database stores a text as it is."""
    return storable(text) == text


def clean_address(text: str) -> str:
    """Return an address or user principal name without any invisible character."""
    text = storable(text)
    if not _is_plain(text):
        text = "".join(letter for letter in text if not _is_invisible(letter))
    return text.strip()


def clean_name(text: str) -> str:
    """Return a text for people without invisible characters.

    Those that belong to a word outside ASCII stay: joiners between two letters, and variation
    selectors after one. Tabs and line breaks become spaces.
    """
    text = storable(text)
    return text.strip() if _is_plain(text) else _clean_name(text).strip()


def _clean_name(text: str) -> str:
    kept = [""]
    for position, letter in enumerate(text):
        before, after = kept[-1], text[position + 1 : position + 2]
        if letter.isspace():
            kept.append(letter if unicodedata.category(letter) == "Zs" else " ")
        elif not _is_invisible(letter) or _is_spelled(letter, before, after):
            kept.append(letter)
    return "".join(kept)


def _is_spelled(letter: str, before: str, after: str) -> bool:
    """Return whether an invisible character belongs to the spelling of a word."""
    if letter in _JOINERS:
        return (_is_foreign(before) or before in _SELECTORS) and _is_foreign(after)
    return letter in _SELECTORS and _is_foreign(before)


def _is_foreign(letter: str) -> bool:
    return not letter.isascii() and not _is_invisible(letter)


def _is_invisible(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf"} or _IGNORABLE.match(letter) is not None


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
