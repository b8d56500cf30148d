from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.provider import user_codes


def test_a_code_is_eight_consonants() -> None:
    codes = {user_codes.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert set("".join(codes)) == set("BCDFGHJKLMNPQRSTVWXZ")
    assert {len(code) for code in codes} == {8}


@pytest.mark.parametrize(
    "typed",
    [
        "WDJB-MJHT",
        "wdjb-mjht",
        "wdjbmjht",
        " WDJB MJHT\n",
        "W D J B M J H T",
        "WDJB\u2013MJHT",
        "wdjb\u00a0mjht",
        "WDJB_MJHT",
        "\uff37\uff24\uff2a\uff22\uff2d\uff2a\uff28\uff34",
    ],
)
def test_case_spaces_and_dashes_do_not_matter(typed: str) -> None:
    assert user_codes.parse(typed) == "WDJBMJHT"


@pytest.mark.parametrize(
    "typed", ["", "WDJB", "WDJBMJHTT", "ADJBMJHT", "WDJB.MJHT", "12345678", "\x00", "WDJBMJH" * 999]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert user_codes.parse(typed) is None


def test_a_code_is_read_as_it_is_shown() -> None:
    assert user_codes.shown("WDJBMJHT") == "WDJB-MJHT"
    assert user_codes.parse(user_codes.shown("WDJBMJHT")) == "WDJBMJHT"


def test_the_stored_digest_needs_the_sites_key(settings: Any) -> None:
    before = user_codes.digest("WDJBMJHT")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "x" * 60
    assert user_codes.digest("WDJBMJHT") != before
    settings.SECRET_KEY_FALLBACKS = [old]
    assert before in user_codes.digests("WDJBMJHT")
