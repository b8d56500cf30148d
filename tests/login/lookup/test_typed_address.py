from __future__ import annotations

import pytest

from azuread_connections.login.lookup.typed_address import clean_address


@pytest.mark.parametrize(
    "typed",
    [
        "alice@contoso.test",
        "  alice@contoso.test\r\n",
        "\u00a0alice@contoso.test\u00a0",
        "alice @ contoso.test",
        "\u200balice@con\u00adtoso.test\ufeff",
        "\u202ealice@contoso.test\u202c",
        "a\x00lice@contoso.test\x00",
        "ａｌｉｃｅ＠ｃｏｎｔｏｓｏ．ｔｅｓｔ",
        "alice@contoso。test",
        "alice@contoso.test.",
        "alice@contoso.test;",
        "alice@contoso.test, bob@fabrikam.test",
        "<alice@contoso.test>",
        "alice@contoso.test>",
        "„alice@contoso.test“",
        "«alice@contoso.test»",
        "Ng, Alice <alice@contoso.test>",
        "'Alice Ng' <alice@contoso.test>",
        "Alice Ng alice@contoso.test",
        "Alice@home <alice@contoso.test>",
        "alice@contoso.test (Alice Ng)",
        "MAILTO:alice@contoso.test",
        "mailto:alice%40contoso.test?subject=Hello World",
        "<mailto:alice@contoso.test>",
        "[Alice](mailto:alice@contoso.test)",
        "smtp:alice@contoso.test",
    ],
)
def test_the_address_that_was_meant_is_found(typed: str) -> None:
    assert clean_address(typed) == "alice@contoso.test"


@pytest.mark.parametrize(
    "address", ["O'Neil@contoso.test", "a.b-c_d!e#f^g~h@contoso.test", "jörg@münchen.example"]
)
def test_what_belongs_to_an_address_stays(address: str) -> None:
    assert clean_address(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "alice",
        "contoso.test",
        "@contoso.test",
        "alice@",
        "<>",
        "mailto:",
        "O.CiQ1-opaque_login_hint",
        "a" * 250 + "@contoso.test",
        " " * 2000 + "alice@contoso.test",
    ],
)
def test_text_without_an_address_gives_none(typed: str) -> None:
    assert clean_address(typed) == ""
