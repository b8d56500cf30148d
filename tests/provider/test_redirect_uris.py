from __future__ import annotations

import pytest

from azuread_connections.provider.redirect_uris import is_allowed

WEB = ["https://app.example/cb", "http://localhost:3000/cb", "http://127.0.0.1/cb"]
NATIVE = [*WEB, "com.example.app:/cb", "http://[::1]/cb", "http://127.0.0.1/q?a=1", 7]


@pytest.mark.parametrize("uri", WEB)
@pytest.mark.parametrize("is_native", [False, True])
def test_listed(uri: str, is_native: bool) -> None:
    assert is_allowed(uri, WEB, is_native=is_native)


@pytest.mark.parametrize(
    "uri",
    [
        "com.example.app:/cb",
        "http://127.0.0.1:51004/cb",
        "http://localhost:51004/cb",
        "http://[::1]:8/cb",
        "http://127.0.0.1:8/q?a=1",
    ],
)
def test_listed_for_a_native_application(uri: str) -> None:
    assert is_allowed(uri, NATIVE, is_native=True)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:51004/cb", "http://localhost:51004/cb"])
def test_a_web_application_has_no_other_port(uri: str) -> None:
    assert not is_allowed(uri, WEB, is_native=False)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://app.example/cb/",
        "https://app.example/cb?x",
        "https://app.example:443/cb",
        "https://APP.example/cb",
        "https://app.example:8/cb",
        "https://127.0.0.1:8/cb",
        "http://127.0.0.1:8/other",
        "http://127.0.0.1:8/cb?a=1",
        "http://127.0.0.1:8/cb#a",
        "http://127.0.0.1:8/cb#",
        "http://127.0.0.1:8/cb?",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:08/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:x/cb",
        "http://127.0.0.2:8/cb",
        "http://127.0.0.1.evil.example:8/cb",
        "http://evil.example@127.0.0.1:8/cb",
        "http://127.0.0.1:8@evil.example/cb",
        "http://127.0.0.1\\@evil.example:8/cb",
        "http://127.0.0.1:8/../cb",
        "http://LOCALHOST:8/cb",
        "HTTP://127.0.0.1:8/cb",
        " http://127.0.0.1:8/cb",
        "http://127.0.0.1:8/cb\n",
        "com.example.app:/cb2",
        "com.example.app2:/cb",
    ],
)
def test_everything_else_is_refused(uri: str) -> None:
    assert not is_allowed(uri, NATIVE, is_native=True)


@pytest.mark.parametrize("listed", [None, "https://app.example/cb", {}, 7])
def test_a_list_that_is_none_allows_nothing(listed: object) -> None:
    assert not is_allowed("https://app.example/cb", listed, is_native=True)
