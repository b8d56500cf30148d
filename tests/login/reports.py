"""A request as a server passes it to Django, with everything that a report could show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponseRedirect
from django.test import Client, RequestFactory

from tests.company import Company, query_of


@dataclass(frozen=True)
class Arrival:
    """A browser that returns from Microsoft. ``hidden``: what no report may contain."""

    url: str
    cookies: dict[str, str]
    hidden: tuple[str, ...]

    @classmethod
    def of(cls, company: Company, client: Client) -> Arrival:
        url = company.microsoft.sign_in(company.start(client), company.person)
        cookies = {name: morsel.value for name, morsel in client.cookies.items() if morsel.value}
        sent = query_of(url)
        [sealed] = [value for name, value in cookies.items() if "azuread_txn_" in name]
        secret = company.app.secrets[0].value
        return cls(url, cookies, (sent["code"], sent["state"], sealed, secret))

    @property
    def environ(self) -> dict[str, Any]:
        """The environ that gunicorn and uWSGI build, behind a proxy that passes the address on."""
        address = urlsplit(self.url)
        path = f"{address.path}?{address.query}"
        environ = RequestFactory().get(path).environ
        return environ | {
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "RAW_URI": path,
            "REQUEST_URI": path,
            "HTTP_X_ORIGINAL_URI": path,
        }

    def arrive(self) -> int:
        """Pass the request to Django as a WSGI server does; return the response's status."""
        statuses: list[str] = []
        with open_connections():
            response: Any = WSGIHandler()(
                self.environ, lambda status, headers, *error: statuses.append(status)
            )
            response.close()
        return int(statuses[0].split()[0])

    def shown_in(self, report: str) -> list[str]:
        """Return what a report shows that it must not."""
        return [value for value in self.hidden if value in report]


@contextmanager
def open_connections() -> Iterator[None]:
    """Keep the connections to the database, with the test's transaction in them, as Django's test
    client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


class FailingMiddleware:
    """A site's middleware that fails before any view is called."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        raise RuntimeError("out of order")


class MovingMiddleware:
    """A site's middleware that redirects every request once, as PREPEND_WWW does."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        if "moved" in request.COOKIES:
            return self.get_response(request)
        response = HttpResponseRedirect(request.get_full_path())
        response.set_cookie("moved", "1")
        return response
