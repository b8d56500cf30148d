"""A callback during which something fails: how long it may take, and how it may end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from azuread_connections.models import Event, Identity
from tests.company import Company, error_code

Limits = dict[str, float]

#: Time limits of a site in these tests, reached only on a very busy machine.
LIMITS: Limits = dict.fromkeys(
    ("CONNECT_TIMEOUT", "READ_TIMEOUT", "TOTAL_TIMEOUT", "CALLBACK_TIMEOUT"), 4.0
)
#: The same for tests that reach them: short enough for a fast suite.
HASTY: Limits = {
    "CONNECT_TIMEOUT": 0.4,
    "READ_TIMEOUT": 0.4,
    "TOTAL_TIMEOUT": 0.6,
    "CALLBACK_TIMEOUT": 1.0,
}
#: Seconds that a callback may take on top of its limit, on a busy machine.
MARGIN = 1.5


def browser() -> Client:
    """A browser that shows a server error as a page, and not as an exception of the test's."""
    return Client(raise_request_exception=False)


@contextmanager
def in_time(limits: Limits = LIMITS) -> Iterator[None]:
    """Assert that a callback ends within the site's limit, whatever fails."""
    with override_settings(AZUREAD_CONNECTIONS=settings.AZUREAD_CONNECTIONS | limits):
        started = time.monotonic()
        yield
        took = time.monotonic() - started
    assert took < limits["CALLBACK_TIMEOUT"] + MARGIN


def come_back(
    company: Company, client: Client, before: Callable[[], Any] = bool, limits: Limits = LIMITS
) -> Any:
    """Go to Microsoft, let something happen there, and return in time."""
    callback_url = company.microsoft.sign_in(company.start(client), company.person)
    before()
    with in_time(limits):
        return client.get(callback_url)


def assert_failed(response: Any, status: int, code: str) -> Event:
    """Assert the page, that nothing is half-written, and a log line that support can find."""
    assert (response.status_code, error_code(response)) == (status, code)
    assert_nobody_came_in()
    event = Event.objects.get(kind=Event.Kind.SIGN_IN_FAILED)
    assert event.code == code
    assert event.reference in response.content.decode()
    return event


def assert_nobody_came_in() -> None:
    assert not User.objects.exists()
    assert not Identity.objects.exists()
    assert not Session.objects.exists()
    assert not Event.objects.filter(kind=Event.Kind.SIGNED_IN).exists()


def assert_recovers(company: Company, client: Client, response: Any | None = None) -> None:
    """Sign in with the same browser and process, by the page's own button if there is one."""
    if response is not None:
        retry = re.search(r'azuread-button-main" href="([^"]+)"', response.content.decode())
        assert retry is not None
        begun = client.get(retry[1].replace("&amp;", "&"))
        assert begun.status_code == 302
        last = client.get(company.microsoft.sign_in(begun["Location"], company.person))
    else:
        last = company.sign_in(client)
    assert last.status_code == 302, last.content
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
    assert Session.objects.count() == 1
    assert client.get("/login/profile").status_code == 200


def forget_everybody() -> None:
    """Restore the state before the first sign-in, except the caches."""
    for model in (Session, Event, Identity, User):
        model.objects.all().delete()
