"""The one way out: a pooled HTTP session with time limits and a size cap."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from .deadline import DeadlineAdapter, seconds_left, within
from .errors import MalformedAnswer, Unreachable

#: A set of signing keys is some 15 kB, a page of 999 groups some 400 kB.
MAX_ANSWER_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024
_COME_BACK_LATER = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two bytes, and for the whole answer."""

    connect: float
    read: float
    total: float


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the JSON object. Raises ``MalformedAnswer`` for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise MalformedAnswer(
                f"Microsoft answered with status {self.status} and no JSON."
            ) from None
        if not isinstance(value, dict):
            raise MalformedAnswer("Microsoft answered with JSON that is no object.")
        return value


class Transport:
    """Sends requests to Microsoft. Follows no redirect and keeps no cookie."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises ``Unreachable`` and ``MalformedAnswer``. Other statuses are the caller's."""
        return self._send("GET", url, headers=headers)

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a form, once: after bytes may have left it is never sent again."""
        return self._send("POST", url, form=form)

    def _send(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if seconds_left() <= 0:
            raise Unreachable(f"{_host(url)} was not asked: the time was over.")
        try:
            with (
                within(self._timeouts.total) as deadline,
                _session(os.getpid()).request(
                    method,
                    url,
                    data=form,
                    headers=headers,
                    timeout=(self._timeouts.connect, self._timeouts.read),
                    allow_redirects=False,
                    stream=True,
                    **_way_out(url),
                ) as response,
            ):
                body = _read(response, deadline)
        except (requests.RequestException, HTTPError, OSError) as error:
            if time.monotonic() >= deadline:
                raise Unreachable(f"{_host(url)} took too long to answer.") from error
            # The message of these errors can hold the address, which for us holds no secret,
            # but their class says all that helps.
            raise Unreachable(
                f"{_host(url)} could not be reached ({type(error).__name__})."
            ) from error
        return _checked(response, body)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Never look where a redirect leads.

        requests would, even where it does not follow: it would read the whole body first,
        unpacked and without our limits, and stumble over a malformed address.
        """


@lru_cache(maxsize=1)
def _session(process_id: int) -> requests.Session:
    """Return this process's session: keyed by process, so that it opens its pool after a fork."""
    session = _Session()
    # No password from ~/.netrc; of the environment only what `_way_out` reads.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Never compressed: then the size cap counts what arrives.
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
    # Only a failed connect is tried again: no byte of the request has left by then.
    retries = Retry(
        total=1,
        connect=1,
        read=False,
        redirect=0,
        status=0,
        other=0,
        # Otherwise urllib3 swallows a 429 or 503 that says when to come back.
        respect_retry_after_header=False,
    )
    adapter = DeadlineAdapter(pool_connections=8, pool_maxsize=32, max_retries=retries)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _way_out(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return _way_out_to(f"{parts.scheme}://{parts.netloc}")


@lru_cache(maxsize=64)
def _way_out_to(site: str) -> dict[str, Any]:
    """Return the proxies and the CA bundle that the environment names for a site.

    Read once: requests would search the whole environment twice for every request.
    """
    found = requests.Session().merge_environment_settings(site, {}, None, None, None)
    return {"proxies": found["proxies"], "verify": found["verify"]}


def _read(response: requests.Response, deadline: float) -> bytes:
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise MalformedAnswer(f"{_host(response.url)} sent over {MAX_ANSWER_BYTES} bytes.")
        if time.monotonic() > deadline:
            raise Unreachable(f"{_host(response.url)} took too long to answer.")
    return bytes(body)


def _checked(response: requests.Response, body: bytes) -> Answer:
    if response.status_code in _COME_BACK_LATER:
        raise Unreachable(
            f"{_host(response.url)} is unavailable for now (status {response.status_code}).",
            _seconds(response.headers.get("Retry-After", "")),
        )
    if response.is_redirect or response.headers.get("Content-Encoding", "identity") != "identity":
        raise MalformedAnswer(f"{_host(response.url)} sent an answer of an unexpected kind.")
    return Answer(response.status_code, body)


def _seconds(retry_after: str) -> int | None:
    # RFC 9110 section 10.2.3 also allows a date; Microsoft sends seconds.
    return int(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None


def _host(url: str) -> str:
    return url.split("/")[2]
