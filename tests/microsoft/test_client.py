"""The client of Microsoft that is built from the site's settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from azuread_connections.microsoft import client as our_microsoft
from azuread_connections.testing import StandIn


@pytest.mark.parametrize("has_standin", [False, True])
def test_a_process_remembers_microsofts_keys_but_not_a_stand_ins(
    entra: StandIn, settings: Any, monkeypatch: pytest.MonkeyPatch, has_standin: bool
) -> None:
    """A test that clears the cache expects no keys to be left."""
    monkeypatch.setattr(our_microsoft, "RECENT_KEYS", {})
    if has_standin:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"LOGIN_URL": entra.url}
    url, key_id = f"{entra.url}/common/discovery/keys", str(entra.public_jwk()["kid"])
    for _ in range(2):
        our_microsoft.signing_keys().find(url, key_id)
        cache.clear()
    assert entra.count("keys") == (2 if has_standin else 1)
