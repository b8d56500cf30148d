from __future__ import annotations

import pytest

from azuread_connections.testing.directory.apps import Platform
from azuread_connections.testing.portal.checks import (
    MUST_START_WITH,
    NOT_A_URL,
    redirect_uri_error,
)


@pytest.mark.parametrize(
    ("uri", "platform"),
    [
        ("https://portal.contoso.com/login/callback", "web"),
        ("HTTPS://portal.contoso.com", "spa"),
        ("http://localhost:8000/login/callback", "web"),
        ("http://localhost", "public"),
        ("com.contoso.portal://auth", "public"),
        ("urn:ietf:wg:oauth:2.0:oob", "public"),
    ],
)
def test_entra_accepts(uri: str, platform: Platform) -> None:
    assert redirect_uri_error(uri, platform) == ""


@pytest.mark.parametrize(
    ("uri", "platform", "error"),
    [
        ("http://portal.contoso.com/", "web", MUST_START_WITH),
        ("http://localhost.contoso.com/", "web", MUST_START_WITH),
        ("http://portal.localhost/", "web", MUST_START_WITH),
        ("http://127.0.0.1:8000/", "web", MUST_START_WITH),
        ("com.contoso.portal://auth", "web", MUST_START_WITH),
        ("portal.contoso.com/callback", "spa", MUST_START_WITH),
        ("http://portal.contoso.com/", "public", MUST_START_WITH),
        ("https://", "web", NOT_A_URL),
        ("https://portal.contoso.com:port/", "web", NOT_A_URL),
        ("https://[portal/", "web", NOT_A_URL),
        ("https://portal.contoso.com/a b", "web", NOT_A_URL),
        ("portal", "public", NOT_A_URL),
        ("https://*.contoso.com/", "web", "Must not contain wildcards (*)."),
        ("https://contoso.com/#top", "web", "Must not contain a fragment (#)."),
        (f"https://contoso.com/{'x' * 256}", "web", "The value must have a length of at most 256."),
    ],
)
def test_entra_refuses(uri: str, platform: Platform, error: str) -> None:
    assert redirect_uri_error(uri, platform) == error
