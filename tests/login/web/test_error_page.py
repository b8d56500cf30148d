from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils.log import AdminEmailHandler

import azuread_connections
from azuread_connections.models import Credential, EnabledConnection
from tests.company import Company, error_code, query_of
from tests.mail import set_admins

pytestmark = pytest.mark.django_db


@pytest.fixture
def admins(settings: Any) -> Iterator[None]:
    """Mail errors as Django's own LOGGING does with DEBUG off, with all variables as HTML."""
    set_admins(settings, "ada@example.com")
    handler = AdminEmailHandler(include_html=True)
    handler.setLevel(logging.ERROR)
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


def test_try_again_keeps_the_destination_where_it_can_help(contoso, client):
    url = contoso.start(client, next="/deep/")
    Credential.objects.all().delete()
    page = contoso.come_back(client, url).content.decode()
    assert 'href="/login/?next=%2Fdeep%2F"' in page  # secret_rejected: not to the same connection
    url = contoso.start(client, next="/deep/")
    EnabledConnection.objects.all().delete()
    assert 'href="/login/?next=%2Fdeep%2F"' in contoso.come_back(client, url).content.decode()


def test_fifty_failed_callbacks_of_strangers_mail_nobody(contoso: Company, admins: None) -> None:
    for _ in range(50):
        client = Client()
        state = query_of(contoso.start(client))["state"]
        answer = {"state": state, "code": "1.Axxx", "error": "server_error"}
        assert client.get("/login/callback", answer).status_code == 502
    assert mail.outbox == []


@pytest.mark.parametrize("name", ["a", "error", "iss"])
def test_a_callback_with_a_thousand_parameters_mails_nobody(
    client: Client, contoso: Company, admins: None, name: str
) -> None:
    """Django refuses more, and logs an error wherever they are parsed."""
    response = client.get("/login/callback?" + "&".join([f"{name}=1"] * 1001))
    assert (response.status_code, error_code(response)) == (400, "transaction_missing")
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"status": 503}, 503), ({"aadsts": 7000222}, 502), ({"aadsts": 65001}, 403)],
)
def test_no_answer_that_is_in_our_log_is_logged_or_mailed_by_django(
    contoso: Company,
    client: Client,
    admins: None,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, int],
    status: int,
) -> None:
    contoso.microsoft.fault("token", **fault)
    assert contoso.sign_in(client).status_code == status
    assert mail.outbox == []
    assert not [record for record in caplog.records if record.name == "django.request"]
    assert [record.levelname for record in caplog.records if "sign_in_failed" in record.message]


def test_no_other_answer_of_ours_has_a_status_that_django_mails() -> None:
    """``failure_page`` creates all of them, and marks them. Django REST framework marks its own,
    and so do the health checks."""
    package = Path(azuread_connections.__file__).parent
    status = re.compile(r"status(_code)?\s*=\s*(5\d\d|failed\.failure\.status|failure\.status)")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if status.search(path.read_text()) and "testing" not in path.parts
    }
    assert found == {
        *("health/views.py", "login/web/error_page.py", "rest_framework/exceptions.py"),
    }
