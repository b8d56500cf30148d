"""A view for tokens and for the sessions of sign-ins, as docs/rest-framework.md has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from azuread_connections.models import Identity
from azuread_connections.rest_framework import AzureADBearerAuthentication, HasScope
from project.urls import urlpatterns as site
from tests.company import Company

from .conftest import persons_token

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs" / "rest-framework.md"


def documented() -> Any:
    """Return the view of the page."""
    [source] = re.findall(
        r"```python\n(from rest_framework.authentication.*?)```", PAGE.read_text(), re.S
    )
    names: dict[str, Any] = {
        "__name__": "documented",
        "APIView": APIView,
        "IsAuthenticated": IsAuthenticated,
        "Response": Response,
        "AzureADBearerAuthentication": AzureADBearerAuthentication,
    }
    exec(compile(source, str(PAGE), "exec"), names)
    return names["Both"]


class Both(documented()):  # type: ignore[misc]
    renderer_classes = [JSONRenderer]

    def post(self, request: Any) -> Response:
        return self.get(request)


class SessionFirst(Both):
    authentication_classes = list(reversed(Both.authentication_classes))


class ByScope(Both):
    permission_classes = [HasScope("Files.Read")]


urlpatterns = [
    *site,
    path("api/both", Both.as_view()),
    path("api/session-first", SessionFirst.as_view()),
    path("api/by-scope", ByScope.as_view()),
]


@pytest.fixture(autouse=True)
def _with_these_views(_every_test_calls_it: None, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def browser(api: Company) -> Client:
    """A browser in which the person has signed in."""
    client = Client(enforce_csrf_checks=True)
    assert api.sign_in(client).status_code == 302
    return client


def test_a_session_and_a_token_open_the_view(api: Company, browser: Client) -> None:
    name = "adele.vance@contoso.com"
    assert browser.get("/api/both").json() == {"user": name, "token": False}
    headers = {"Authorization": f"Bearer {persons_token(api)}"}
    assert Client().get("/api/both", headers=headers).json() == {"user": name, "token": True}


def test_a_session_that_has_ended_opens_nothing(api: Company, browser: Client) -> None:
    Identity.objects.get().user.delete()
    ended = browser.get("/api/both")
    assert ended.status_code == 401
    assert ended["WWW-Authenticate"].startswith("Bearer")
    assert browser.get("/api/session-first").status_code == 403


def test_a_session_ends_with_the_connection(api: Company, browser: Client) -> None:
    api.connection.applications.clear()
    assert browser.get("/api/both").status_code == 401


def test_a_session_meets_no_permission_for_tokens(browser: Client) -> None:
    assert browser.get("/api/by-scope").status_code == 403


def test_a_session_changes_nothing_without_the_csrf_token(api: Company, browser: Client) -> None:
    assert browser.post("/api/both").status_code == 403
    headers = {"Authorization": f"Bearer {persons_token(api)}"}
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/api/both", headers=headers).status_code == 200


def test_a_refused_token_is_refused_in_a_browser_with_a_session(browser: Client) -> None:
    assert browser.get("/api/both", headers={"Authorization": "Bearer x"}).status_code == 401
