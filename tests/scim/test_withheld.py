"""The token is in no report of an error: not in a request's META, not in an ASGI scope."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.views.debug import ExceptionReporter

from azuread_connections.scim import withheld
from azuread_connections.scim.withheld import authorization, withhold_from_reports

pytestmark = pytest.mark.django_db

PATH = "/scim/contoso/v2/ServiceProviderConfig"


class Reported(Exception):
    pass


def test_a_token_is_gone_before_any_view_runs(token: str) -> None:
    environ: dict[str, Any] = {
        "PATH_INFO": PATH,
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "REDIRECT_HTTP_AUTHORIZATION": f"Bearer {token}",
    }
    withhold_from_reports(environ=environ)
    assert token not in repr(environ)


def test_a_token_is_gone_from_the_scope_of_asgi(token: str) -> None:
    bearer = f"Bearer {token}".encode()
    scope: dict[str, Any] = {
        "path": PATH,
        "headers": [(b"authorization", bearer), (b"x-copy", bearer), (b"accept", b"*/*")],
    }
    withhold_from_reports(scope=scope)
    assert token not in repr(scope)
    assert [name for name, _value in scope["headers"]] == [b"x-copy", b"accept"]


def test_a_token_at_a_wrong_address_is_withheld_too(token: str) -> None:
    environ: dict[str, Any] = {"PATH_INFO": "/scmi/", "HTTP_AUTHORIZATION": f"Bearer {token}"}
    withhold_from_reports(environ=environ)
    assert token not in repr(environ)


def test_a_secret_pasted_by_mistake_is_withheld_on_our_paths_only() -> None:
    ours: dict[str, Any] = {"PATH_INFO": PATH, "HTTP_AUTHORIZATION": "Bearer Abc8Q~secret"}
    others: dict[str, Any] = {"PATH_INFO": "/api/", "HTTP_AUTHORIZATION": "Bearer Abc8Q~secret"}
    withhold_from_reports(environ=ours)
    withhold_from_reports(environ=others)
    assert "8Q~" not in repr(ours)
    assert others["HTTP_AUTHORIZATION"] == "Bearer Abc8Q~secret"


def test_the_view_still_gets_the_token(client: Client, token: str) -> None:
    response = client.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200


async def ask_async(token: str) -> int:
    client = AsyncClient()
    response = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
    return response.status_code


@pytest.mark.django_db(transaction=True)
def test_the_view_gets_it_under_asgi(token: str) -> None:
    from asgiref.sync import async_to_sync

    assert async_to_sync(ask_async)(token) == 200


def test_a_request_that_did_not_pass_the_signal_is_cleaned_when_it_is_read(
    rf: Any, token: str
) -> None:
    request = rf.get("/", headers={"Authorization": f"Bearer {token}"})
    assert authorization(request) == f"Bearer {token}"
    assert token not in repr(request.META)
    assert authorization(request) == f"Bearer {token}"


def test_a_report_of_an_unforeseen_error_shows_no_token(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    reports: list[str] = []

    def broken(*args: Any, **kwargs: Any) -> None:
        raise Reported

    monkeypatch.setattr("azuread_connections.scim.tokens.hash_of", broken)
    client.raise_request_exception = False
    response = client.get(PATH, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 500
    record = next(each for each in caplog.records if each.exc_info)
    reporter = ExceptionReporter(record.request, *record.exc_info)
    reports += [reporter.get_traceback_html(), reporter.get_traceback_text()]
    assert all("Reported" in report for report in reports)
    assert not [report for report in reports if token in report]


def test_a_token_in_a_text_is_redacted(token: str) -> None:
    assert withheld.redacted(f"a {token} b") == "a azscim_******************** b"
