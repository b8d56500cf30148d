"""Sends all requests to Microsoft: pooled connections, time limits and a size limit."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util.retry import Retry

from . import preconnection
from .deadline import seconds_left, within
from .errors import MalformedResponse, MicrosoftError, TemporarilyUnavailable, Unreachable
from .frames import without_frame_variables
from .observation import observed
from .pools import pool_of

#: A set of signing keys has some 15 kB, a page of 999 groups some 400 kB.
MAX_RESPONSE_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024
_RETRY_LATER_STATUSES = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two bytes, and for the whole response."""

    connect: float
    read: float
    total: float


@dataclass(frozen=True)
class Response:
    """A response. ``retry_after``: the seconds of that header, if it has a number.
    ``authenticate``: the header `WWW-Authenticate`."""

    status: int
    body: bytes = field(repr=False)
    retry_after: int | None = None
    authenticate: str = ""

    def json(self) -> dict[str, Any]:
        """Return the JSON object. Raises ``MalformedResponse`` for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise MalformedResponse(
                f"Microsoft answered with status {self.status} and invalid JSON."
            ) from None
        if not isinstance(value, dict):
            raise MalformedResponse("Microsoft answered with JSON that is not an object.")
        return value


class Concealed(Protocol):
    """A value that ``repr`` does not show, such as a stored client secret."""

    def reveal(self) -> str: ...


class Secret:
    """A code, a verifier or a token to send: no report of an error shows it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "<Secret>"


#: A parameter's value. A ``Concealed`` is revealed only in the call that sends it.
Value = str | Concealed


class Transport:
    """Sends requests to Microsoft. Follows no redirect and keeps no cookie."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts

    def get(self, url: str, headers: Mapping[str, Value] | None = None) -> Response:
        """Raises ``Unreachable`` and ``MalformedResponse``. The caller checks the status."""
        return self._send("GET", url, headers=headers or {})

    def post(self, url: str, form: Mapping[str, Value]) -> Response:
        """Post a form. It is never sent again once any byte may have been sent."""
        return self._send("POST", url, form=form, headers=_FORM)

    def post_json(self, url: str, text: Concealed, headers: Mapping[str, Value]) -> Response:
        """Post a JSON text, once at most, as ``post`` does."""
        return self._send("POST", url, text=text, headers={**headers, **_JSON})

    def preconnect(self, site: str) -> None:
        """Begin to open a connection to a site ("https://login.microsoftonline.com") for the next
        request, without waiting for it. Raises nothing."""
        preconnection.preconnect(
            site,
            connect_timeout=self._timeouts.connect,
            total_timeout=self._timeouts.total,
        )

    # The frames of urllib3 hold the sent values: they are cleared before they can be reported.
    @without_frame_variables
    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, Value],
        form: Mapping[str, Value] | None = None,
        text: Concealed | None = None,
    ) -> Response:
        if seconds_left() <= 0:
            raise Unreachable(f"{_host(url)} was not asked: no time was left.")
        with observed(url):
            return self._exchange(method, url, headers=headers, form=form, text=text)

    def _exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, Value],
        form: Mapping[str, Value] | None,
        text: Concealed | None,
    ) -> Response:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        site = f"{scheme}://{host}"
        try:
            with within(self._timeouts.total) as deadline:
                preconnection.wait(site, self._timeouts.connect)
                pool = pool_of(site)
                response = pool.urlopen(
                    method,
                    # A proxy needs the whole address; over TLS it only forwards bytes.
                    url if pool.proxy and scheme == "http" else f"/{path}",
                    body=_body(form, text),
                    headers={**_HEADERS, **_revealed(headers)},
                    retries=_RETRIES,
                    redirect=False,
                    assert_same_host=False,
                    timeout=Timeout(connect=self._timeouts.connect, read=self._timeouts.read),
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    content = _read(response, host, deadline)
                finally:
                    # If it was read to its end, this keeps the connection for the next request.
                    response.close()
                    response.release_conn()
                preconnection.note_use(site)
        except (HTTPError, OSError, ValueError) as error:
            # ValueError: an invalid host, such as a proxy with a label that is too long.
            if time.monotonic() >= deadline:
                raise Unreachable(f"{host} took too long to answer.") from error
            # Not the message, which can hold the whole address: the class is enough.
            raise Unreachable(f"{host} could not be reached ({_kind(error)}).") from error
        return _checked(response, host, content)


#: Never compressed, so that the size limit counts all bytes.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
#: Only a failed connect is tried again: no byte of the request has been sent then.
_RETRIES = Retry(
    total=1,
    connect=1,
    read=False,
    redirect=0,
    status=0,
    other=0,
    # Otherwise urllib3 retries a 429 or 503 with Retry-After itself.
    respect_retry_after_header=False,
)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _body(form: Mapping[str, Value] | None, text: Concealed | None) -> str | None:
    if form is not None:
        return urlencode(_revealed(form))
    return None if text is None else text.reveal()


def _revealed(values: Mapping[str, Value]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else value.reveal() for name, value in values.items()
    }


def _read(response: BaseHTTPResponse, host: str, deadline: float) -> bytes:
    content = bytearray()
    while chunk := response.read1(_CHUNK):
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            raise MalformedResponse(f"{host} sent over {MAX_RESPONSE_BYTES} bytes.")
        if time.monotonic() > deadline:
            raise Unreachable(f"{host} took too long to answer.")
    return bytes(content)


def _checked(response: BaseHTTPResponse, host: str, content: bytes) -> Response:
    retry_after = _seconds(response.headers.get("Retry-After", ""))
    if response.status in _RETRY_LATER_STATUSES:
        raise _unavailable(response.status, host, content, retry_after)
    encoding = response.headers.get("Content-Encoding", "identity")
    if response.status in _REDIRECTS or encoding != "identity":
        raise MalformedResponse(f"{host} sent a redirect or a compressed response.")
    authenticate = response.headers.get("WWW-Authenticate", "")
    return Response(response.status, content, retry_after, authenticate)


def _unavailable(status: int, host: str, content: bytes, retry_after: int | None) -> Unreachable:
    """Return the error, with Microsoft's number and IDs if the response has them."""
    try:
        error = MicrosoftError.from_response(Response(status, content).json())
    except MalformedResponse:
        error = MicrosoftError("")
    if error.aadsts_code is None:  # HTML of a gateway, or a response of Graph's
        return Unreachable(f"{host} is unavailable for now (status {status}).", retry_after)
    busy = TemporarilyUnavailable(
        error.error,
        error.description,
        aadsts_code=error.aadsts_code,
        correlation_id=error.correlation_id,
        trace_id=error.trace_id,
    )
    busy.retry_after = retry_after
    return busy


def _seconds(retry_after: str) -> int | None:
    # RFC 9110 section 10.2.3 also allows a date; Microsoft sends seconds.
    return int(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None


def _kind(error: Exception) -> str:
    """Return the error's class name, unwrapped if urllib3 has tried twice."""
    reason = error.reason if isinstance(error, MaxRetryError) else None
    return type(reason or error).__name__
