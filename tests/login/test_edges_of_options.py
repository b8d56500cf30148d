"""Edges of the options: each fails without one line of the code."""

from __future__ import annotations

from unittest import mock

import pytest

from azuread_connections.cache import ForgivingCache
from azuread_connections.login.flows import consent
from azuread_connections.models import (
    ApplicationHost,
    Connection,
    Directory,
    DomainAlias,
    Event,
    GroupMapping,
)
from tests.company import move_to, query_of, unprove
from tests.factories import (
    ApplicationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
GUID = "11112222-bbbb-3333-cccc-4444dddd5555"


def test_a_host_of_another_application_is_not_ones_own(contoso, application, client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "http://testserver"
    }
    ApplicationFactory.create(slug="portal").set_hosts(["portal.example.com"])
    response = client.get(
        "/login/contoso/",
        {"application": "default", "moved": "1"},
        headers={"host": "portal.example.com"},
    )
    assert query_of(response["Location"])["redirect_uri"] == "http://testserver/login/callback"


def test_hosts_are_replaced_and_in_lower_case(application):
    application.set_hosts(["Portal.example.com", "b.example.com"])
    application.set_hosts(["portal.example.com"])
    assert list(ApplicationHost.objects.values_list("host", flat=True)) == ["portal.example.com"]


def test_a_consent_that_failed_is_noted_of_no_directory(contoso, client, rf):
    Directory.objects.get_or_create(
        connection=contoso.connection, tenant_id=contoso.directory.tenant_id
    )
    request = rf.get("/")
    request.user = UserFactory.create(username="u" * 150)
    state = query_of(consent.link_for_administrator(request, contoso.connection))["state"]
    client.get(
        "/login/callback",
        {
            "state": state,
            "error": "access_denied",
            "admin_consent": "True",
            "tenant": contoso.directory.tenant_id,
        },
    )
    assert not Directory.objects.exclude(consent_returned_at=None).exists()
    client.get(
        "/login/callback",
        {
            "state": state,
            "admin_consent": "True",
            "tenant": contoso.directory.tenant_id + "x" * 9000,
        },
    )
    assert all(len(message) < 200 for message in Event.objects.values_list("message", flat=True))


class Down:
    def _fail(self, *args):
        raise ConnectionError("down")

    get = set = add = incr = _fail


def test_without_its_cache_a_sign_in_works_and_floods_nothing(contoso, client):
    with mock.patch("azuread_connections.conf.caches", {"default": Down()}):
        assert contoso.sign_in(client).status_code == 302


def test_a_missing_counter_is_told_from_a_cache_that_is_down():
    missing = mock.Mock()
    missing.incr.side_effect = ValueError("no such key")
    with pytest.raises(ValueError, match="no such key"):
        ForgivingCache(missing).incr("x")


def test_what_is_in_no_connections_groups_admits_nobody_where_groups_are_off(contoso, client):
    GroupMapping.objects.create(connection=contoso.connection, directory_group_id=GUID, admits=True)
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        Connection.objects.get().full_clean()
    mapping = GroupMapping(connection=contoso.connection, directory_group_id=GUID.upper())
    mapping.full_clean()
    assert mapping.directory_group_id == GUID


def test_a_pin_found_for_a_domain_meanwhile_changed_proves_nothing(contoso):
    unprove()
    stale = Connection.objects.get()
    move_to(Connection.objects.get(), "victim.example")
    stale.pin(contoso.directory.tenant_id)
    assert not DomainAlias.objects.exclude(verified_at=None).exists()


def test_an_apps_token_is_of_one_registration_and_directory_and_given_up_in_time(
    contoso, microsoft
):
    from azuread_connections.entra.tokens import AppToken
    from azuread_connections.microsoft import app_token as app_access

    Connection.objects.update(enable_users_api=True)
    connection = Connection.objects.get()
    with mock.patch.object(
        app_access, "request_app_token", side_effect=[AppToken(name, 3599) for name in "abc"]
    ):
        assert app_access.app_token(connection) == app_access.app_token(connection) == "a"
        connection.client_id = GUID
        assert app_access.app_token(connection) == "b"
        connection.tenant_id = GUID
        assert app_access.app_token(connection) == "c"


def test_a_token_is_cached_for_less_than_its_life(contoso):
    from azuread_connections.entra.tokens import AppToken
    from azuread_connections.microsoft import app_token as app_access

    Connection.objects.update(enable_users_api=True)
    with (
        mock.patch.object(app_access, "request_app_token", return_value=AppToken("a", 3599)),
        mock.patch.object(ForgivingCache, "set") as kept,
    ):
        app_access.app_token(Connection.objects.get())
    assert kept.call_args.args[2] < 3599
