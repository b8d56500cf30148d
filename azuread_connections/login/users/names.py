"""Splits a display name into first and last name, for tokens without these claims.

v2.0 sends `given_name` and `family_name` only as optional claims. Companies write display names in
the order of their address book: "Vance, Adele (EXT)".
"""

from __future__ import annotations

#: They separate a name from what follows and is not part of it: a department, a company, "EXT".
_SEPARATORS = (" - ", " – ", " | ", " / ")
_BRACKETS = {")": "(", "]": "["}
#: In lower case, they begin a family name of several words.
_PARTICLES = frozenset(
    {
        *("af", "al", "av", "ben", "bin", "da", "dal", "das", "de", "degli", "del", "della"),
        *("den", "der", "des", "di", "do", "dos", "du", "el", "het", "ibn", "la", "le", "lo"),
        *("ten", "ter", "van", "vom", "von", "zu", "zum", "zur"),
    }
)
#: They can follow a comma and are not a first name.
_SUFFIXES = frozenset({"cpa", "esq", "ii", "iii", "iv", "jr", "llm", "mba", "msc", "phd", "sr"})
#: Longer texts are not split.
_MAX_LENGTH = 300


def split_name(name: str) -> tuple[str, str]:
    """Return first and last name of a display name; "" for one that cannot be derived.

    A comma separates the last name from the first. Without one, the last name is the last word and
    the particles before it ("de Jong"). A name with more than one comma is not split.
    """
    if len(name) > _MAX_LENGTH:
        return "", ""
    parts = [" ".join(part.split()) for part in _without_affiliation(name).split(",")]
    parts = [part for part in parts if part]
    while len(parts) > 1 and parts[-1].replace(".", "").lower() in _SUFFIXES:
        parts.pop()
    if len(parts) == 2:
        family, given = parts
        return given, family
    return _split_words(parts[0].split()) if len(parts) == 1 else ("", "")


def _without_affiliation(name: str) -> str:
    for separator in _SEPARATORS:
        name = name.partition(separator)[0] or name
    name = name.strip()
    while name[-1:] in _BRACKETS:
        before, bracket, _ = name.rpartition(_BRACKETS[name[-1]])
        if not bracket or not before.strip():
            break
        name = before.strip()
    return name


def _split_words(words: list[str]) -> tuple[str, str]:
    if len(words) == 1:
        return words[0], ""
    last = len(words) - 1
    start = next((n for n in range(1, last) if words[n] in _PARTICLES), last)
    return " ".join(words[:start]), " ".join(words[start:])
