from __future__ import annotations

import pytest
from django.contrib.auth import get_user
from django.test import RequestFactory

from azuread_connections.login.state.access import has_access
from tests.factories import ApplicationFactory, EnabledConnectionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.django_db
def test_a_session_of_a_connection_not_enabled_there_does_not_enter(contoso, fabrikam, client):
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(
        application=portal, connection=fabrikam.connection
    )  # the application has a connection, but another one
    contoso.sign_in(client)
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = get_user(client)
    assert has_access(request, "default")
    assert not has_access(request, "portal")
