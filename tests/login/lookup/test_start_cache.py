"""What a start has read is kept for two seconds, and nobody is signed in by it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection as database
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.login.lookup import start_cache
from azuread_connections.models import (
    Application,
    ApplicationHost,
    Connection,
    EnabledConnection,
    Event,
)
from tests import replica
from tests.company import CALLBACK_URL, Company
from tests.factories import ApplicationFactory

#: Within a transaction, nothing is cached.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch, _no_start_cache: None) -> None:
    monkeypatch.setattr(start_cache, "START_CACHE_TTL", 2.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Clock:
        now = 1000.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.now

    monkeypatch.setattr(start_cache, "time", Clock)
    return Clock


def statements_of_start(company: Company, path: str = "", **extra: Any) -> int:
    with CaptureQueriesContext(database) as queries:
        response = Client(**extra).get(path or f"/login/{company.connection.name}/")
    assert response.status_code == 302
    return len(queries)


def test_the_second_start_within_two_seconds_reads_nothing(contoso: Company, clock: Any) -> None:
    assert [statements_of_start(contoso) for _ in range(3)] == [1, 0, 0]
    clock.now += 1.9
    assert statements_of_start(contoso) == 0
    clock.now += 0.2
    assert statements_of_start(contoso) == 1
    assert statements_of_start(contoso) == 0


def test_a_name_that_leads_nowhere_is_not_kept(contoso: Company) -> None:
    for _ in range(2):
        with CaptureQueriesContext(database) as queries:
            assert Client().get("/login/nobody/").status_code == 403
        assert queries[0]["sql"].startswith("SELECT")
    assert not start_cache._cache


def test_another_application_host_or_setting_is_another_start(
    contoso: Company, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    shop = ApplicationFactory.create(slug="shop")
    shop.connections.add(contoso.connection)
    path = f"/login/{contoso.connection.name}/"
    assert statements_of_start(contoso) == 1
    assert statements_of_start(contoso, f"{path}?application=shop") == 1
    assert statements_of_start(contoso, HTTP_HOST="shop.example.com") == 1
    settings.AZUREAD_CONNECTIONS |= {"DEFAULT_APPLICATION": "shop"}
    assert statements_of_start(contoso) == 1
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "http://testserver"}
    assert statements_of_start(contoso) == 1


def test_another_path_is_another_start(contoso: Company) -> None:
    """As of tenants in folders."""
    for prefix in ("", "/one", "/two"):
        assert [statements_of_start(contoso, SCRIPT_NAME=prefix) for _ in range(2)] == [1, 0]


def test_another_database_is_another_start(contoso: Company, settings: Any) -> None:
    statements_of_start(contoso)
    with replica.configured():
        settings.DATABASE_ROUTERS = [Elsewhere()]
        # Django's test case lets nobody ask it.
        with pytest.raises(AssertionError, match=replica.REPLICA):
            statements_of_start(contoso)


class Elsewhere:
    def db_for_write(self, model: Any, **hints: Any) -> str:
        return replica.REPLICA


def test_tenants_of_one_address_have_starts_of_their_own(
    contoso: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As django-tenants and others have them, by a header or a session."""
    for schema in ("one", "two"):
        monkeypatch.setattr(connections["default"], "schema_name", schema, raising=False)
        assert [statements_of_start(contoso) for _ in range(2)] == [1, 0]


def test_tenants_of_the_same_name_have_starts_of_their_own(contoso: Company, settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.tenant_by_header", *settings.MIDDLEWARE]
    for key in ("1", "2"):
        extra = {"HTTP_X_TENANT": key}
        assert [statements_of_start(contoso, **extra) for _ in range(2)] == [1, 0]


class Tenant:
    """A row of a site's own model, whose names are not unique."""

    def __init__(self, pk: str) -> None:
        self.pk = pk

    def __str__(self) -> str:
        return "Contoso"


def tenant_by_header(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        request.tenant = Tenant(request.headers["X-Tenant"])
        return get_response(request)

    return middleware


def test_what_another_thread_read_before_the_edit_was_committed_is_not_kept(
    contoso: Company,
) -> None:
    statements_of_start(contoso)
    kept = dict(start_cache._cache)
    with transaction.atomic():
        contoso.connection.save()
        start_cache._cache.update(kept)
    assert statements_of_start(contoso) == 1


def test_within_a_transaction_nothing_is_cached(contoso: Company, client: Client) -> None:
    """Neither is an edit that is rolled back shown to others, nor is one's own edit missed."""
    before = client_id_in(contoso.start(client))
    start_cache.clear()
    with transaction.atomic():
        Connection.objects.update(client_id=str(uuid4()))
        assert client_id_in(contoso.start(client)) != before
        assert not start_cache._cache
        transaction.set_rollback(True)
    assert client_id_in(contoso.start(client)) == before
    with transaction.atomic():
        Connection.objects.update(client_id=(edited := str(uuid4())))
        assert client_id_in(contoso.start(client)) == edited


def test_a_site_without_autocommit_can_edit_a_connection(contoso: Company) -> None:
    """Django runs no ``on_commit`` there, and raises an error."""
    transaction.set_autocommit(False)
    try:
        contoso.connection.display_name = "Contoso Ltd."
        contoso.connection.save()
        EnabledConnection.objects.get().save()
        transaction.commit()
        assert Connection.objects.get().display_name == "Contoso Ltd."
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_it_is_bounded(contoso: Company, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr(start_cache, "_MAX_ENTRIES", 3)
    for number in range(9):
        statements_of_start(contoso, HTTP_HOST=f"h{number}.example.com")
        assert len(start_cache._cache) <= 3


@pytest.mark.parametrize(
    "edit",
    [
        lambda company: company.connection.save(),
        lambda company: Application.objects.get().save(),
        lambda company: ApplicationHost.objects.create(
            application=Application.objects.get(), host="shop.example.com"
        ),
        lambda company: Application.objects.get().connections.add(company.connection),
        lambda company: EnabledConnection.objects.get().save(),
    ],
    ids=["connection", "application", "host", "enabled", "pair"],
)
def test_an_edit_in_this_process_is_read_at_once(contoso: Company, edit: Any) -> None:
    statements_of_start(contoso)
    edit(contoso)
    assert statements_of_start(contoso) == 1


def test_a_pair_deleted_in_this_process_is_refused_at_once(contoso: Company) -> None:
    path = f"/login/{contoso.connection.name}/"
    assert Client().get(path).status_code == 302
    EnabledConnection.objects.get().delete()
    assert Client().get(path).status_code == 403


@pytest.mark.parametrize("switch_off", ["delete", "disable"])
def test_one_that_was_just_switched_off_signs_nobody_in(
    contoso: Company, client: Client, switch_off: str
) -> None:
    """Even if the start, in another process, has not heard of it."""
    statements_of_start(contoso)
    kept = dict(start_cache._cache)
    if switch_off == "delete":
        contoso.connection.delete()
    else:
        EnabledConnection.objects.all().delete()
    start_cache._cache.update(kept)
    url = contoso.start(client)
    response = contoso.come_back(client, url)
    assert response.status_code == 403
    assert Event.objects.latest("pk").code == "connection_disabled"
    assert contoso.microsoft.count("token") == 0
    assert "_auth_user_id" not in client.session


def client_id_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["client_id"][0]


def other_app(company: Company) -> str:
    """Register another app with the same secret; return its client ID."""
    app = company.directory.add_app(redirect_uris=[CALLBACK_URL])
    app.secrets[:] = company.app.secrets
    return app.client_id


@pytest.mark.parametrize("seconds_ago", [0, 2])
def test_a_sign_in_that_began_with_what_was_edited_begins_again_by_itself(
    contoso: Company, client: Client, seconds_ago: int
) -> None:
    other = other_app(contoso)
    statements_of_start(contoso)
    contoso.edited_before(seconds_ago, client_id=other, prompt="login")
    old = contoso.start(client, next="/welcome/")
    assert client_id_in(old) != other
    response = contoso.come_back(client, old)
    again = response["Location"]
    assert (response.status_code, client_id_in(again)) == (302, other)
    # Nobody was asked yet what the connection has Microsoft ask now.
    assert parse_qs(urlsplit(again).query)["prompt"] == ["login"]
    assert contoso.microsoft.count("token") == 0
    assert "_auth_user_id" not in client.session
    response = contoso.come_back(client, again)
    assert (response.status_code, response["Location"]) == (302, "/welcome/")
    assert client.session["_auth_user_id"]


def test_the_person_chooses_the_account_again(contoso: Company, client: Client) -> None:
    """They may have asked for it at the first start, which is not known any more."""
    url = contoso.start(client, prompt="select_account")
    contoso.edited_before(1, client_id=other_app(contoso))
    again = contoso.come_back(client, url)["Location"]
    assert parse_qs(urlsplit(again).query)["prompt"] == ["select_account"]


@pytest.mark.parametrize("fields", [["client_id"], ("client_id",), {"client_id"}])
def test_an_edit_of_some_fields_counts(contoso: Company, client: Client, fields: Any) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    contoso.connection.client_id = other_app(contoso)
    contoso.connection.save(update_fields=fields)
    assert contoso.come_back(client, url).status_code == 302


def test_an_edit_of_a_connection_of_which_only_a_part_was_read_counts(
    contoso: Company, client: Client
) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    connection = Connection.objects.only("client_id").get()
    connection.client_id = other_app(contoso)
    connection.save()
    assert contoso.come_back(client, url).status_code == 302


def test_it_begins_again_only_once(contoso: Company, client: Client) -> None:
    contoso.edited_before(60)
    url = contoso.start(client)
    contoso.edited_before(0, client_id=other_app(contoso))
    again = contoso.come_back(client, url)["Location"]
    contoso.edited_before(0, client_id=other_app(contoso))
    assert contoso.come_back(client, again).status_code == 400
    assert Event.objects.latest("pk").code == "transaction_expired"
    assert contoso.microsoft.count("token") == 0


@pytest.mark.parametrize("seconds_ago", [4, 3600, -5])
def test_one_that_was_edited_at_another_time_is_told(
    contoso: Company, client: Client, seconds_ago: int
) -> None:
    url = contoso.start(client)
    contoso.edited_before(seconds_ago, client_id=other_app(contoso))
    response = contoso.come_back(client, url)
    assert response.status_code == 400
    assert Event.objects.latest("pk").code == "transaction_expired"
