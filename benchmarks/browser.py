"""A small browser with cookies: it starts a sign-in, passes the stand-in, and returns."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from benchmarks.peers import HOST

CSRF_TOKEN = "a" * 32


@dataclass(frozen=True)
class Answer:
    """``headers``: pairs with names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(default=b"", repr=False)

    @property
    def location(self) -> str:
        return next((value for name, value in self.headers if name == "location"), "")


class Site(Protocol):
    """A site that a browser can open."""

    def send(
        self, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b""
    ) -> Answer: ...


class HttpSite:
    """A site at a port of loopback, over one connection, kept alive if the site does so."""

    def __init__(self, address: str, host: str = "127.0.0.1") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._host = host

    def send(
        self, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b""
    ) -> Answer:
        self._connection.request(method, path, body or None, headers | {"Host": self._host})
        response = self._connection.getresponse()
        content = response.read()
        pairs = [(name.lower(), value) for name, value in response.getheaders()]
        return Answer(response.status, pairs, content)


class Microsoft:
    """The stand-in for a browser that is signed in there."""

    def __init__(self, address: str) -> None:
        self._site = HttpSite(address, HOST)

    def pass_through(self, authorize_url: str, cookie: str) -> str:
        """Return the path that the stand-in sends the browser back to."""
        parts = urlsplit(authorize_url)
        answer = self._site.send(f"{parts.path}?{parts.query}", {"Cookie": cookie})
        back = urlsplit(answer.location)
        if answer.status != 302 or "code=" not in back.query:
            raise RuntimeError(f"The stand-in refused: {answer.status} {answer.body[-2000:]!r}")
        return f"{back.path}?{back.query}"


@dataclass
class Browser:
    """Without a session at first. ``at_microsoft``: the cookie of somebody signed in there."""

    site: Site
    microsoft: Microsoft
    at_microsoft: str
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, path: str, method: str = "GET", body: bytes = b"") -> Answer:
        headers = {}
        if self.cookies:
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            headers["Cookie"] = "; ".join(pairs)
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.site.send(path, headers, method, body)
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        return answer

    def start(self, path: str, method: str) -> str:
        """Press a button or follow a link; return Microsoft's address that the browser is sent to.

        A button carries Django's CSRF token, from a page that is not measured.
        """
        if method == "POST":
            self.cookies["csrftoken"] = CSRF_TOKEN
            answer = self.send(path, method, f"csrfmiddlewaretoken={CSRF_TOKEN}".encode())
        else:
            answer = self.send(path)
        if answer.status != 302 or HOST not in answer.location:
            raise RuntimeError(f"{path} began nothing: {answer.status} {answer.body[:2000]!r}")
        return answer.location

    def pass_microsoft(self, authorize_url: str) -> str:
        return self.microsoft.pass_through(authorize_url, self.at_microsoft)

    def come_back(self, path: str) -> Answer:
        """Complete a sign-in. Raises if it failed: a sign-in changes the session key."""
        before = self.cookies.get("sessionid")
        answer = self.send(path)
        if answer.status != 302 or self.cookies.get("sessionid") in (None, before):
            raise RuntimeError(f"{path[:60]} failed: {answer.status} {answer.body[:2000]!r}")
        return answer

    def _keep(self, set_cookie: str) -> None:
        pair, _, attributes = set_cookie.partition(";")
        name, _, value = pair.strip().partition("=")
        if "max-age=0" in attributes.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
