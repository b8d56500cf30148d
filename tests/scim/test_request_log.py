from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InterfaceError
from django.http import HttpResponse, JsonResponse
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim import request_log
from azuread_connections.scim.models import ProvisioningRequest

pytestmark = pytest.mark.django_db

JSON = "application/scim+json"


def post(rf: Any, body: Any, path: str = "Users") -> Any:
    return rf.post(f"/scim/contoso/v2/{path}", body, content_type=JSON)


def logged() -> ProvisioningRequest:
    return ProvisioningRequest.objects.get()


def test_a_request_is_stored_with_its_response(rf: Any, connection: Connection) -> None:
    request = post(rf, b'{"userName": "adele"}')
    response = JsonResponse({"id": "1"}, status=201)
    request_log.record(request, response, connection, subject="adele", milliseconds=12)
    row = logged()
    assert (row.method, row.path, row.status, row.subject) == ("POST", "Users", 201, "adele")
    assert '"userName": "adele"' in row.request_body
    assert '"id": "1"' in row.response_body
    assert (row.milliseconds, row.address) == (12, "127.0.0.1")


def test_a_query_is_stored_as_people_read_it(rf: Any, connection: Connection) -> None:
    request = rf.get("/scim/Contoso/v2/Users", {"filter": 'userName eq "adele@contoso.com"'})
    request_log.record(request, HttpResponse(), connection)
    assert logged().path == 'Users?filter=userName eq "adele@contoso.com"'


def test_texts_that_are_too_long_or_odd_are_stored_as_far_as_possible(
    rf: Any, connection: Connection
) -> None:
    request = rf.get("/scim/contoso/v2/Users/" + "x" * 600)
    request_log.record(
        request,
        HttpResponse("\x00\ud800".encode("utf-8", "surrogatepass")),
        connection,
        subject="\x00" + "y" * 300,
        scim_type="z" * 50,
        detail="\ud800" + "d" * 9000,
        milliseconds=-5,
    )
    row = logged()
    assert (len(row.path), len(row.subject), len(row.scim_type)) == (500, 254, 32)
    assert len(row.detail) <= 4000
    assert row.milliseconds == 0


def test_neither_token_nor_password_is_stored(rf: Any, connection: Connection, token: str) -> None:
    body = f'{{"password": "hunter2", "title": "{token}"}}'
    request = rf.post(
        f"/scim/contoso/v2/Users?token={token}",
        body,
        content_type=JSON,
        headers={"Authorization": f"Bearer {token}"},
    )
    request_log.record(
        request, JsonResponse({"detail": token}), connection, subject=token, detail=token
    )
    stored = repr(ProvisioningRequest.objects.values().get())
    assert token not in stored
    assert "hunter2" not in stored


def test_a_body_that_is_too_long_is_not_read(rf: Any, connection: Connection) -> None:
    request = post(rf, b"x" * (1024 * 1024 + 1))
    request_log.record(request, HttpResponse(status=413), connection)
    assert logged().request_body == "[1048577 bytes, not stored]"


@pytest.mark.parametrize(
    ("length", "stored"), [("x", "[could not be read]"), ("-1", "{}"), ("", "{}")]
)
def test_a_malformed_length_fails_no_request(
    rf: Any, connection: Connection, length: str, stored: str
) -> None:
    request = post(rf, b"{}")
    request.META["CONTENT_LENGTH"] = length
    request_log.record(request, HttpResponse(), connection)
    assert logged().request_body == stored


def test_a_body_that_was_streamed_is_not_read_again(rf: Any, connection: Connection) -> None:
    request = post(rf, b"{}")
    request.read(1)
    request_log.record(request, HttpResponse(), connection)
    assert logged().request_body.startswith("[read")


@pytest.mark.django_db(transaction=True)
def test_a_log_that_cannot_be_written_fails_no_request(rf: Any, connection: Connection) -> None:
    gone = Connection(pk=connection.pk + 1000, name="gone")
    request_log.record(post(rf, b"{}"), HttpResponse(), gone)
    assert not ProvisioningRequest.objects.exists()


def test_a_log_whose_connection_to_the_database_is_closed_fails_no_request(
    rf: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(row: Any) -> None:
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(request_log, "_insert", fail)
    request_log.record(post(rf, b"{}"), HttpResponse(), connection)
    assert not ProvisioningRequest.objects.exists()


def test_requests_are_deleted_after_30_days(rf: Any, connection: Connection) -> None:
    for _number in range(2):
        request_log.record(post(rf, b"{}"), HttpResponse(), connection)
    old = timezone.now() - timedelta(days=30, minutes=1)
    ProvisioningRequest.objects.filter(pk=ProvisioningRequest.objects.first().pk).update(  # type: ignore[union-attr]
        created_at=old
    )
    out = StringIO()
    call_command("clear_events", stdout=out)
    assert "1 provisioning requests older than 30 days deleted." in out.getvalue()
    assert ProvisioningRequest.objects.count() == 1


def test_the_setting_says_for_how_long(rf: Any, connection: Connection, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SCIM_LOG_DAYS": 2}
    request_log.record(post(rf, b"{}"), HttpResponse(), connection)
    assert "0 provisioning" in request_log.clear(timezone.now() + timedelta(days=1), 10)
    assert "1 provisioning" in request_log.clear(timezone.now() + timedelta(days=3), 10)
