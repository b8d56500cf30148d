"""An unexpected error in a request to Microsoft leaves no secret in any frame's variables."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool

from azuread_connections.entra.cloud import CLOUDS, V2, Authority
from azuread_connections.entra.credentials import SecretCredential
from azuread_connections.entra.errors import Unreachable
from azuread_connections.entra.frames import clear_variables, without_frame_variables
from azuread_connections.entra.graph import Graph
from azuread_connections.entra.tokens import CodeGrant, redeem_code, request_app_token
from azuread_connections.entra.transport import Secret, Timeouts, Transport

TRANSPORT = Transport(Timeouts(1, 1, 1))
CLOUD = CLOUDS["global"].moved(login_url="http://127.0.0.1:9", graph_url="http://127.0.0.1:9")
AUTHORITY = Authority(CLOUD, "contoso.com", V2)
HIDDEN = ["the-client-secret", "the-code", "the-verifier", "the-token"]

Request = Callable[[], Any]


def redeem() -> Any:
    grant = CodeGrant(
        client_id="client",
        credential=SecretCredential(Secret(HIDDEN[0])),
        code=HIDDEN[1],
        redirect_uri="https://app.example.com/callback",
        code_verifier=HIDDEN[2],
    )
    return redeem_code(TRANSPORT, AUTHORITY, grant)


def ask_for_app_token() -> Any:
    return request_app_token(TRANSPORT, AUTHORITY, "client", SecretCredential(Secret(HIDDEN[0])))


def ask_graph() -> Any:
    return Graph(TRANSPORT, CLOUD, HIDDEN[3]).users(size=1)


def variables_of(error: BaseException | None) -> str:
    """Return what a report shows of an error and its causes."""
    shown = []
    while error is not None:
        for frame, _line in traceback.walk_tb(error.__traceback__):
            shown += [f"{frame.f_code.co_name}: {name}={v!r}" for name, v in frame.f_locals.items()]
        error = error.__cause__ or error.__context__
    return "\n".join(shown)


@pytest.mark.parametrize("request_of", [redeem, ask_for_app_token, ask_graph])
@pytest.mark.parametrize("error", [RuntimeError, TimeoutError])
def test_no_frame_shows_what_was_sent(
    request_of: Request, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def urlopen(pool: Any, method: str, url: str, **sent: Any) -> Any:
        text = str(sent)
        assert any(value in text for value in HIDDEN)
        raise error("out of order")

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", urlopen)
    with pytest.raises((RuntimeError, Unreachable)) as caught:
        request_of()
    shown = variables_of(caught.value)
    assert "urlopen: sent=" not in shown
    assert not [value for value in HIDDEN if value in shown]


def test_the_lines_of_a_cleared_error_stay() -> None:
    def fails(value: str) -> None:
        raise RuntimeError("out of order")

    with pytest.raises(RuntimeError) as caught:
        without_frame_variables(fails)("a-secret")
    assert "in fails" in "".join(traceback.format_exception(caught.value))
    assert not [
        frame
        for frame, _line in traceback.walk_tb(caught.value.__traceback__)
        if frame.f_code.co_name == "fails" and frame.f_locals
    ]


def test_a_group_of_errors_is_cleared_whole_and_a_circle_ends() -> None:
    def fails(value: str) -> None:
        raise RuntimeError("out of order")

    errors = []
    for _ in range(2):
        with pytest.raises(RuntimeError) as caught:
            fails("a-secret")
        errors.append(caught.value)
    group = ExceptionGroup("both", errors)
    errors[0].__context__ = group
    clear_variables(group)
    assert "a-secret" not in "".join(
        str(frame.f_locals)
        for each in errors
        for frame, _line in traceback.walk_tb(each.__traceback__)
        if frame.f_code.co_name == "fails"
    )


def test_the_form_itself_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    forms: list[Any] = []
    monkeypatch.setattr(Transport, "post", lambda _transport, _url, form: forms.append(form))
    for request in (redeem, ask_for_app_token):
        with pytest.raises(AttributeError):
            request()
    assert len(forms) == 2
    assert not [value for value in HIDDEN if value in repr(forms)]
