from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from azuread_connections.models import Sealed, UndecryptableError

GOOD_KEY = "r5_mhMRHaQmmVVIUjBqmDtzVleGXzPHHJ0o8imVXL2Y="


@pytest.mark.parametrize("keys", [[], ["short"], [None], [GOOD_KEY, None], [5], None, 5, GOOD_KEY])
def test_without_usable_keys_nothing_is_sealed_and_nothing_opens(settings: Any, keys: Any) -> None:
    sealed = Sealed.seal("Abc8Q~plain")
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}
    with pytest.raises(UndecryptableError, match="and remove the unreadable one"):
        sealed.reveal()
    assert not sealed.is_readable
    for changed in (sealed.sealed_anew, lambda: Sealed.seal("Abc8Q~other")):
        with pytest.raises(ImproperlyConfigured, match=r"ENCRYPTION_KEYS.*Make a key with"):
            changed()
