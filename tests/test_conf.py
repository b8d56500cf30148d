from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from azuread_connections.conf import conf

pytestmark = pytest.mark.django_db


def test_only_http_and_https_are_development_hosts(settings):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"LOGIN_URL": "ftp://localhost/"}
    with pytest.raises(ImproperlyConfigured):
        _ = conf.login_url
