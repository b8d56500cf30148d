from __future__ import annotations

from unittest import mock

import pytest
from django.core.cache import caches

from azuread_connections.cache import ForgivingCache

pytestmark = pytest.mark.django_db


class Down:
    def _fail(self, *args):
        raise ConnectionError("down")

    get = set = add = incr = _fail


def test_the_cache_of_the_setting_is_the_one_used(contoso, client, settings):
    settings.CACHES = {
        n: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": n}
        for n in ("default", "other")
    }
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"CACHE": "other"}
    contoso.sign_in(client)
    assert not caches["default"]._cache
    assert len(caches["other"]._cache) >= 2


def test_without_its_cache_a_sign_in_works_and_floods_nothing(contoso, client):
    with mock.patch("azuread_connections.conf.caches", {"default": Down()}):
        assert contoso.sign_in(client).status_code == 302


def test_a_missing_counter_is_distinguished_from_a_cache_that_is_down():
    missing = mock.Mock()
    missing.incr.side_effect = ValueError("no such key")
    with pytest.raises(ValueError, match="no such key"):
        ForgivingCache(missing).incr("x")
