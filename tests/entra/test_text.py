"""Invisible characters in names and addresses from Microsoft."""

from __future__ import annotations

import unicodedata

import pytest

from azuread_connections.entra.text import clean_address, clean_name, storable

INVISIBLE = {
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "word joiner": "\u2060",
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "left-to-right mark": "\u200e",
    "right-to-left override": "\u202e",
    "left-to-right embedding": "\u202a",
    "pop directional formatting": "\u202c",
    "first strong isolate": "\u2068",
    "pop directional isolate": "\u2069",
    "Arabic letter mark": "\u061c",
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Mongolian vowel separator": "\u180e",
    "variation selector": "\ufe0f",
    "tag letter": "\U000e0041",
    "interlinear annotation": "\ufff9",
    "NUL": "\x00",
    "escape": "\x1b",
    "delete": "\x7f",
    "next line": "\x9b",
}


@pytest.mark.parametrize("letter", INVISIBLE.values(), ids=INVISIBLE)
def test_an_invisible_character_leaves_addresses_and_names(letter: str) -> None:
    for text in (f"{letter}ab@contoso.com", f"a{letter}b@contoso.com", f"ab@contoso.com{letter}"):
        assert clean_address(text) == "ab@contoso.com"
    for text in (f"{letter}Adele", f"Ad{letter}ele", f"Adele{letter}"):
        assert clean_name(text) == "Adele"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Adele Vance",
        "Zoë O'Brien-Núñez",
        "Zoe\u0308",
        "علی\u200cرضا",  # Persian: the zero width non-joiner is spelling
        "ශ්\u200dරී",  # Sinhala: the joiner is
        "👩\u200d🚀 ❤\ufe0f",
        "葛\U000e0100城",  # a Japanese name's own shape of its first letter
        "山田\u3000太郎",
        "\u00a0Adele".strip(),
        "Иван Петров",
        "محمد علي",
    ],
    ids=ascii,
)
def test_what_a_name_is_spelled_with_stays(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Adele\tVance", "Adele Vance"),
        ("Adele\r\nVance", "Adele  Vance"),
        ("Adele\u2028Vance", "Adele Vance"),
        ("  Adele ", "Adele"),
        ("علی\u200c", "علی"),
        ("علی\u200c\u200cرضا", "علی\u200cرضا"),
        ("\u200dعلی", "علی"),
        ("Adele\ufe0f", "Adele"),
        ("\u202eecnaV eledA", "ecnaV eledA"),
    ],
    ids=ascii,
)
def test_a_name_is_one_line_without_hidden_letters(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.slow
def test_no_address_keeps_a_letter_of_an_invisible_category() -> None:
    everything = "".join(map(chr, range(0x110000)))
    left = {unicodedata.category(letter) for letter in clean_address(everything)}
    assert left.isdisjoint({"Cc", "Cf", "Cs"})


def test_a_lone_surrogate_is_replaced_because_no_database_stores_it() -> None:
    assert storable("a\ud800\x00b") == "a?b"
