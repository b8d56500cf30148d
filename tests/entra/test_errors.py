from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.entra.errors import (
    AccessDenied,
    CodeNotAccepted,
    ConsentRequired,
    DirectoryNotFound,
    EntraError,
    IdTokenInvalid,
    MalformedAnswer,
    MicrosoftError,
    SecretRejected,
    UnknownSigningKey,
    Unreachable,
)

TRACE = "6a1f2c60-4d2a-4b5e-9f0e-0d7f3f6d2c00"
CORRELATION = "d3ca1f4e-9c47-43d2-a2d9-7a8a5a3f5a11"
EXPIRED = "AADSTS7000222: The provided client secret keys for app 'x' are expired."


def described(separator: str) -> str:
    return separator.join(
        [
            EXPIRED,
            f"Trace ID: {TRACE}",
            f"Correlation ID: {CORRELATION}",
            "Timestamp: 2026-09-04 01:51:03Z",
        ]
    )


@pytest.mark.parametrize("separator", ["\r\n", " ", "\n"])
def test_the_description_is_read_whatever_separates_its_parts(separator: str) -> None:
    description = described(separator)
    error = MicrosoftError.from_answer(
        {"error": "invalid_client", "error_description": description}
    )
    assert type(error) is SecretRejected
    assert error.error == "invalid_client"
    assert error.description == description
    assert error.aadsts_code == 7000222
    assert error.trace_id == TRACE
    assert error.correlation_id == CORRELATION
    assert str(error) == description


def test_the_members_of_the_answer_go_before_the_description() -> None:
    error = MicrosoftError.from_answer(
        {
            "error": "invalid_client",
            "error_description": described(" "),
            "error_codes": [7000215],
            "trace_id": "11111111-2222-3333-4444-555555555555",
            "correlation_id": "66666666-7777-8888-9999-000000000000",
        }
    )
    assert error.trace_id == "11111111-2222-3333-4444-555555555555"
    assert error.correlation_id == "66666666-7777-8888-9999-000000000000"
    # The code of the text is the one that administrators will find in Microsoft's own log.
    assert error.aadsts_code == 7000222


def test_error_codes_alone_are_enough() -> None:
    error = MicrosoftError.from_answer({"error": "invalid_grant", "error_codes": [54005]})
    assert type(error) is CodeNotAccepted
    assert error.aadsts_code == 54005
    assert str(error) == "invalid_grant"


def test_of_two_codes_the_first_counts() -> None:
    error = MicrosoftError.from_answer({"error": "invalid_grant", "error_codes": [70008, 54005]})
    assert error.aadsts_code == 70008
    error = MicrosoftError.from_answer(
        {"error": "invalid_grant", "error_description": "AADSTS65001: one. AADSTS54005: two."}
    )
    assert error.aadsts_code == 65001


@pytest.mark.parametrize("answer", [{}, {"error": ""}, {"error": None}, {"error": {"code": "x"}}])
def test_an_answer_without_an_error_is_still_an_error(answer: dict[str, Any]) -> None:
    error = MicrosoftError.from_answer(answer)
    assert type(error) is MicrosoftError
    assert error.error == "unknown_error"
    assert error.description == ""
    assert error.aadsts_code is None
    assert error.trace_id == ""
    assert error.correlation_id == ""
    assert str(error) == "unknown_error"


@pytest.mark.parametrize("odd", [None, 5, 1.5, True, [], ["AADSTS7000215"], {}, {"a": 1}, b"x"])
def test_members_of_the_wrong_type_count_as_missing(odd: object) -> None:
    error = MicrosoftError.from_answer(
        {
            "error": odd,
            "error_description": odd,
            "trace_id": odd,
            "correlation_id": odd,
        }
    )
    assert (error.error, error.description) == ("unknown_error", "")
    assert (error.trace_id, error.correlation_id, error.aadsts_code) == ("", "", None)


@pytest.mark.parametrize(
    "odd", [None, 7000215, "7000215", [], {}, {"0": 7000215}, [None], ["7000215"], [[7000215]]]
)
def test_error_codes_of_the_wrong_type_count_as_missing(odd: object) -> None:
    error = MicrosoftError.from_answer({"error": "invalid_grant", "error_codes": odd})
    assert error.aadsts_code is None
    assert type(error) is MicrosoftError


@pytest.mark.parametrize(
    "description",
    [
        "Something failed.",
        "AADSTS",
        "AADSTS: no number",
        "aadsts7000215: in small letters",
        "Trace ID: not-a-guid Correlation ID: ",
    ],
)
def test_a_description_without_code_or_ids_gives_none(description: str) -> None:
    error = MicrosoftError.from_answer({"error": "odd", "error_description": description})
    assert error.aadsts_code is None
    assert (error.trace_id, error.correlation_id) == ("", "")


def test_huge_texts_and_numbers_are_cut_to_what_a_log_can_hold() -> None:
    error = MicrosoftError.from_answer(
        {
            "error": "e" * 100_000,
            "error_description": f"AADSTS{'9' * 5000}" + "d" * 100_000,
            "trace_id": "t" * 100_000,
            "correlation_id": "c" * 100_000,
        }
    )
    assert len(error.error) == 1000
    assert len(error.description) == 1000
    assert len(error.trace_id) <= 64
    assert len(error.correlation_id) <= 64
    assert error.aadsts_code == 999_999_999


@pytest.mark.parametrize("number", [10**3000 + 5, -(10**3000), -7000215, 2**32 - 1])
def test_a_code_fits_into_a_column_of_32_bits(number: int) -> None:
    error = MicrosoftError.from_answer({"error": "odd", "error_codes": [number]})
    assert error.aadsts_code is not None
    assert 0 <= error.aadsts_code < 2**31


@pytest.mark.parametrize("member", ["error", "error_description", "trace_id", "correlation_id"])
def test_texts_can_be_stored_in_any_database(member: str) -> None:
    error = MicrosoftError.from_answer({"error": "x", member: "a\x00b\ud800c"})
    texts = [error.error, error.description, error.trace_id, error.correlation_id, str(error)]
    if member in ("error", "error_description"):
        assert "ab?c" in texts
    for text in texts:
        assert "\x00" not in text
        text.encode()  # raises for a lone surrogate


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (7000215, SecretRejected),
        (7000216, SecretRejected),
        (7000218, SecretRejected),
        (7000222, SecretRejected),
        (54005, CodeNotAccepted),
        (70008, CodeNotAccepted),
        (501481, CodeNotAccepted),
        (9002313, CodeNotAccepted),
        (700005, CodeNotAccepted),
        (65001, ConsentRequired),
        (90094, ConsentRequired),
        (90095, ConsentRequired),
        (65004, AccessDenied),
        (50105, AccessDenied),
        (90002, DirectoryNotFound),
        (50076, MicrosoftError),
        (123456, MicrosoftError),
    ],
)
def test_the_class_is_known_by_the_code(code: int, expected: type[MicrosoftError]) -> None:
    for answer in (
        {"error_codes": [code]},
        {"error": "odd", "error_description": f"AADSTS{code}: text"},
    ):
        error = MicrosoftError.from_answer(answer)
        assert type(error) is expected
        assert error.aadsts_code == code


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invalid_client", SecretRejected),
        ("access_denied", AccessDenied),
        ("consent_required", ConsentRequired),
        ("invalid_grant", MicrosoftError),
        ("temporarily_unavailable", MicrosoftError),
        ("something_new", MicrosoftError),
    ],
)
def test_the_class_is_known_by_the_error_where_the_code_says_nothing(
    name: str, expected: type[MicrosoftError]
) -> None:
    assert type(MicrosoftError.from_answer({"error": name})) is expected
    with_new_code = {"error": name, "error_description": "AADSTS999999: new"}
    assert type(MicrosoftError.from_answer(with_new_code)) is expected


def test_the_code_goes_before_the_error() -> None:
    # What Microsoft answers where only an administrator may consent.
    answer = {"error": "access_denied", "error_description": "AADSTS90094: Admin consent needed."}
    assert type(MicrosoftError.from_answer(answer)) is ConsentRequired


def test_an_error_of_a_few_words_is_complete() -> None:
    error = MicrosoftError("invalid_request")
    assert (error.description, error.correlation_id, error.trace_id) == ("", "", "")
    assert error.aadsts_code is None
    assert str(error) == "invalid_request"


def test_unreachable_says_how_long_microsoft_asked_to_wait() -> None:
    assert Unreachable("busy", 17).retry_after == 17
    assert Unreachable("busy").retry_after is None
    assert str(Unreachable("busy", 17)) == "busy"


@pytest.mark.parametrize(
    "error", [Unreachable, MalformedAnswer, IdTokenInvalid, UnknownSigningKey, MicrosoftError]
)
def test_one_class_catches_everything(error: type[Exception]) -> None:
    assert issubclass(error, EntraError)


def test_a_token_of_an_unknown_key_is_an_invalid_token() -> None:
    assert issubclass(UnknownSigningKey, IdTokenInvalid)
