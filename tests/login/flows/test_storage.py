"""What a sign-in stores is stored whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client

from azuread_connections.login.log import events
from azuread_connections.models import Identity
from tests.company import Company

pytestmark = pytest.mark.django_db

#: The requests whose answer has passed the site's middleware.
answered: list[Any] = []


def keeping(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """A middleware of a site, which asks after the view who is signed in."""

    def middleware(request: HttpRequest) -> Any:
        response = get_response(request)
        answered.append(request)
        return response

    return middleware


def set_auser(request: Any, user: Any, **kwargs: Any) -> None:
    """Set what Django 6.1's login() sets."""

    async def auser() -> Any:
        return user

    request.auser = auser


@pytest.mark.parametrize("engine", ["db", "cache", "signed_cookies"])
def test_who_could_not_be_stored_is_not_signed_in_for_the_rest_of_the_request(
    contoso: Company, settings: Any, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.keeping"]

    def fail(*args: Any) -> None:
        raise ValueError("an error after login()")

    monkeypatch.setattr(events, "record_signed_in", fail)
    user_logged_in.connect(set_auser)
    browser = Client(raise_request_exception=False)
    answered.clear()
    try:
        assert contoso.sign_in(browser).status_code == 500
    finally:
        user_logged_in.disconnect(set_auser)
    request = answered[-1]
    assert not request.user.is_authenticated
    assert not async_to_sync(request.auser)().is_authenticated
    assert request.session.is_empty()
    assert browser.get("/login/profile").status_code == 401
    assert not Session.objects.exists()
    assert not Identity.objects.exists()
