"""Tokens of other issuers, read from files."""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.utils.translation import override

from azuread_connections.entra.errors import CredentialUnavailable
from azuread_connections.entra.federation import (
    FILE_VARIABLE,
    MAX_TOKEN_BYTES,
    ForeignToken,
    TokenFile,
    parse_token,
)
from azuread_connections.microsoft.wording import describe_error
from tests.keys import rsa_key

CLAIMS: dict[str, Any] = {
    "iss": "https://oidc.example.com/cluster",
    "sub": "system:serviceaccount:portal:web",
    "aud": ["api://AzureADTokenExchange"],
}


def token(**changes: Any) -> str:
    claims = CLAIMS | {"exp": int(time.time()) + 3600} | changes
    return jwt.encode(claims, rsa_key(), "RS256", {"kid": "1"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "token"


def refusal(path: Path | str) -> CredentialUnavailable:
    with pytest.raises(CredentialUnavailable) as failed:
        TokenFile(str(path)).read()
    # The cause would have frames, and these the content.
    assert "eyJ" not in "".join(traceback.format_exception(failed.value))
    return failed.value


def test_the_file_is_read_at_each_use_without_white_space(file: Path) -> None:
    source, first, second = TokenFile(str(file)), token(), token(sub="another")
    file.write_text(f"\n {first}\r\n")
    assert source.read().text == first
    file.write_text(second)
    assert source.read().text == second


def test_issuer_subject_and_audience_are_read_from_the_token(file: Path) -> None:
    file.write_text(token())
    found = TokenFile(str(file)).read()
    assert found.issuer == CLAIMS["iss"]
    assert found.subject == CLAIMS["sub"]
    assert found.audience == "api://AzureADTokenExchange"
    assert found.text not in repr(found)
    assert "serviceaccount" not in repr(found)


@pytest.mark.parametrize("claims", [{}, {"iss": 5, "sub": None, "aud": [7], "exp": "soon"}])
def test_claims_of_another_type_are_left_out(claims: dict[str, Any]) -> None:
    found = ForeignToken("x", claims)
    assert (found.issuer, found.subject, found.audience) == ("", "", "")
    assert found.expires_at is None


@pytest.mark.parametrize("value", [True, -1, 10**12, float("nan")])
def test_an_odd_end_is_no_end(value: Any) -> None:
    assert ForeignToken("x", {"exp": value}).expires_at is None


def test_without_a_path_the_environment_names_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    assert FILE_VARIABLE in str(refusal(""))
    file.write_text(token())
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    assert TokenFile().read().subject == CLAIMS["sub"]


def test_a_missing_file_is_named(file: Path) -> None:
    assert f"There is no token file {file}." in str(refusal(file))
    file.write_text("x")
    assert "There is no token file" in str(refusal(file / "below"))


def test_a_directory_and_a_pipe_are_no_files(tmp_path: Path, file: Path) -> None:
    assert "is not a regular file" in str(refusal(tmp_path))
    os.mkfifo(file)
    assert "is not a regular file" in str(refusal(file))


def test_an_unreadable_file_says_why(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(token())

    def denied(*arguments: Any, **options: Any) -> int:
        raise PermissionError(13, "Permission denied")

    # Not by chmod: root reads everything.
    monkeypatch.setattr(os, "open", denied)
    assert "cannot be read (Permission denied)" in str(refusal(file))


def test_a_path_that_cannot_exist_is_refused() -> None:
    assert "cannot be read (ValueError)" in str(refusal("/tmp/\0"))


def test_the_size_is_limited(file: Path) -> None:
    file.write_bytes(b"a" * (MAX_TOKEN_BYTES + 1))
    assert f"more than {MAX_TOKEN_BYTES} bytes" in str(refusal(file))


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_is_named(file: Path, content: str) -> None:
    file.write_text(content)
    assert "is empty" in str(refusal(file))


@pytest.mark.parametrize(
    "content",
    [
        b"DATABASE_PASSWORD=hunter2",
        b"a.b",
        b"a.b.c",
        b"\xff\xfe",
        b"e30.e30.",
        b"W10.e30.c2ln",
        b"e30.W10.c2ln",
        b"e30.e30.c2ln.more",
        "ü.ü.ü".encode(),
        b"e30." + b"W" * 9000 + b".c2ln",
    ],
)
def test_what_is_no_token_is_never_sent_nor_shown(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    failed = refusal(file)
    assert "holds no token (JWT)" in str(failed)
    assert "Nothing was sent" in str(failed)
    assert "hunter2" not in str(failed)


def test_a_token_that_is_over_says_since_when(file: Path) -> None:
    file.write_text(token(exp=1_700_000_000))
    assert "expired on 2023-11-14 22:13 UTC" in str(refusal(file))
    text = token(exp=None)
    assert parse_token(text.encode(), place="here").expires_at is None


def test_the_reason_is_logged_in_english_and_shown_in_the_readers_language(file: Path) -> None:
    with override("de"):
        failed = refusal(file)
        assert str(failed).startswith("There is no token file")
        described = describe_error(failed)
    assert str(file) in described.found
    assert described.remedy
