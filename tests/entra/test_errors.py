from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.entra.aadsts import (
    CATALOGUE,
    CLIENT_ASSERTION_CODES,
    CLIENT_SECRET_CODES,
)
from azuread_connections.entra.errors import (
    AccessDenied,
    CodeNotAccepted,
    ConsentRequired,
    CredentialRejected,
    DirectoryNotFound,
    EntraError,
    IdTokenInvalid,
    MalformedResponse,
    MicrosoftError,
    TemporarilyUnavailable,
    UnknownSigningKey,
    Unreachable,
)
from tests import field_cases

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
    error = MicrosoftError.from_response(
        {"error": "invalid_client", "error_description": description}
    )
    assert type(error) is CredentialRejected
    assert error.error == "invalid_client"
    assert error.description == description
    assert error.aadsts_code == 7000222
    assert error.trace_id == TRACE
    assert error.correlation_id == CORRELATION
    assert str(error) == description


def test_the_members_of_the_answer_go_before_the_description() -> None:
    error = MicrosoftError.from_response(
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
    assert error.aadsts_code == 7000215


def test_error_codes_alone_are_enough() -> None:
    error = MicrosoftError.from_response({"error": "invalid_grant", "error_codes": [54005]})
    assert type(error) is CodeNotAccepted
    assert error.aadsts_code == 54005
    assert str(error) == "invalid_grant"


def test_of_two_codes_the_last_decides() -> None:
    error = MicrosoftError.from_response({"error": "invalid_grant", "error_codes": [54005, 65001]})
    assert (error.aadsts_code, type(error)) == (65001, ConsentRequired)
    error = MicrosoftError.from_response(
        {"error": "invalid_grant", "error_description": "AADSTS65001: one. AADSTS54005: two."}
    )
    assert (error.aadsts_code, type(error)) == (54005, CodeNotAccepted)


def test_where_the_last_code_is_unknown_the_oauth_error_decides() -> None:
    answer = {"error": "access_denied", "error_codes": [7000222, 999999]}
    error = MicrosoftError.from_response(answer)
    assert (error.aadsts_code, type(error)) == (999999, AccessDenied)


@pytest.mark.parametrize("sent", ["7000222", "AADSTS7000222"])
def test_a_code_sent_as_text_is_read(sent: str) -> None:
    error = MicrosoftError.from_response({"error": "invalid_client", "error_codes": [sent]})
    assert (error.aadsts_code, type(error)) == (7000222, CredentialRejected)


@pytest.mark.parametrize(
    "uri",
    [
        "https://login.microsoftonline.com/error?code=65004",
        "https://login.microsoftonline.com/error?x=1&code=65004",
        "https://login.microsoftonline.com/error?code=65004&x=1",
        "https://login.microsoftonline.com/error?code=65004#x",
    ],
)
def test_a_code_in_the_address_of_the_error_is_read(uri: str) -> None:
    error = MicrosoftError.from_response({"error": "invalid_request", "error_uri": uri})
    assert (error.aadsts_code, type(error)) == (65004, AccessDenied)


@pytest.mark.parametrize(
    "uri",
    [
        *("", "https://login.microsoftonline.com/error", "https://x.example/?code=abc"),
        *("https://x.example/?code=65004x", "https://x.example/?barcode=65004", 65004, None),
    ],
)
def test_an_address_without_a_code_gives_none(uri: object) -> None:
    error = MicrosoftError.from_response({"error": "invalid_request", "error_uri": uri})
    assert error.aadsts_code is None


def test_a_code_of_the_answer_goes_before_that_of_the_address() -> None:
    answer = {"error": "x", "error_description": "AADSTS50105: x", "error_uri": "/error?code=65004"}
    assert MicrosoftError.from_response(answer).aadsts_code == 50105


@pytest.mark.parametrize("answer", [{}, {"error": ""}, {"error": None}, {"error": {"code": "x"}}])
def test_an_answer_without_an_error_is_still_an_error(answer: dict[str, Any]) -> None:
    error = MicrosoftError.from_response(answer)
    assert type(error) is MicrosoftError
    assert error.error == "unknown_error"
    assert error.description == ""
    assert error.aadsts_code is None
    assert error.trace_id == ""
    assert error.correlation_id == ""
    assert str(error) == "unknown_error"


@pytest.mark.parametrize("odd", [None, 5, 1.5, True, [], ["AADSTS7000215"], {}, {"a": 1}, b"x"])
def test_members_of_the_wrong_type_count_as_missing(odd: object) -> None:
    error = MicrosoftError.from_response(
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
    "odd",
    [
        *(None, 7000215, "7000215", [], {}, {"0": 7000215}, [None], [[7000215]], [True]),
        *(["7000215x"], ["x7000215"], [""], ["9" * 10], ["７０００２１５"], [1.5]),
    ],
)
def test_error_codes_of_the_wrong_type_count_as_missing(odd: object) -> None:
    error = MicrosoftError.from_response({"error": "invalid_grant", "error_codes": odd})
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
    error = MicrosoftError.from_response({"error": "odd", "error_description": description})
    assert error.aadsts_code is None
    assert (error.trace_id, error.correlation_id) == ("", "")


def test_huge_texts_and_numbers_are_cut_to_what_a_log_can_hold() -> None:
    error = MicrosoftError.from_response(
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
    error = MicrosoftError.from_response({"error": "odd", "error_codes": [number]})
    assert error.aadsts_code is not None
    assert 0 <= error.aadsts_code < 2**31


@pytest.mark.parametrize("member", ["error", "error_description", "trace_id", "correlation_id"])
def test_texts_can_be_stored_in_any_database(member: str) -> None:
    error = MicrosoftError.from_response({"error": "x", member: "a\x00b\ud800c"})
    texts = [error.error, error.description, error.trace_id, error.correlation_id, str(error)]
    if member in ("error", "error_description"):
        assert "ab?c" in texts
    for text in texts:
        assert "\x00" not in text
        text.encode()  # raises for a lone surrogate


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (7000215, CredentialRejected),
        (7000216, CredentialRejected),
        (7000218, CredentialRejected),
        (7000222, CredentialRejected),
        (54005, CodeNotAccepted),
        (70008, CodeNotAccepted),
        (50089, CodeNotAccepted),
        (50133, CodeNotAccepted),
        (50173, CodeNotAccepted),
        (501481, CodeNotAccepted),
        (9002313, CodeNotAccepted),
        (700005, CodeNotAccepted),
        (65001, ConsentRequired),
        (90094, ConsentRequired),
        (90095, ConsentRequired),
        (90096, ConsentRequired),
        (900941, ConsentRequired),
        (65004, AccessDenied),
        (50105, AccessDenied),
        (50057, AccessDenied),
        (50076, AccessDenied),
        (50178, AccessDenied),
        (53003, AccessDenied),
        (70043, AccessDenied),
        (70044, AccessDenied),
        (90002, DirectoryNotFound),
        (90024, TemporarilyUnavailable),
        (90033, TemporarilyUnavailable),
        (90055, TemporarilyUnavailable),
        (50011, MicrosoftError),
        (700016, MicrosoftError),
        (7000112, MicrosoftError),
        (7000229, MicrosoftError),
        (123456, MicrosoftError),
    ],
)
def test_the_class_is_known_by_the_code(code: int, expected: type[MicrosoftError]) -> None:
    for answer in (
        {"error_codes": [code]},
        {"error": "odd", "error_description": f"AADSTS{code}: text"},
    ):
        error = MicrosoftError.from_response(answer)
        assert type(error) is expected
        assert error.aadsts_code == code


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("access_denied", AccessDenied),
        ("consent_required", ConsentRequired),
        ("interaction_required", AccessDenied),
        ("invalid_grant", MicrosoftError),
        ("server_error", MicrosoftError),
        ("temporarily_unavailable", TemporarilyUnavailable),
        ("something_new", MicrosoftError),
    ],
)
def test_the_class_is_known_by_the_error_where_the_code_says_nothing(
    name: str, expected: type[MicrosoftError]
) -> None:
    assert type(MicrosoftError.from_response({"error": name})) is expected
    with_new_code = {"error": name, "error_description": "AADSTS999999: new"}
    assert type(MicrosoftError.from_response(with_new_code)) is expected


@pytest.mark.parametrize("subcode", ["basic_action", "additional_action", "message_only"])
def test_the_class_is_known_by_the_subcode_where_nothing_else_says_it(subcode: str) -> None:
    answer = {"error": "invalid_grant", "error_codes": [999999], "suberror": subcode}
    assert type(MicrosoftError.from_response(answer)) is AccessDenied
    answer = {"error": "invalid_grant", "suberror": "consent_required"}
    assert type(MicrosoftError.from_response(answer)) is ConsentRequired


def test_only_the_codes_about_a_credential_reject_it() -> None:
    assert {7000215, 7000216, 7000218, 7000222, 70002} == CLIENT_SECRET_CODES
    about = CLIENT_SECRET_CODES | CLIENT_ASSERTION_CODES
    for code in {*CATALOGUE, 999999}:
        error = MicrosoftError.from_response({"error": "invalid_client", "error_codes": [code]})
        assert isinstance(error, CredentialRejected) is (code in about), code
    # Without any number: RFC 6749 section 5.2.
    assert type(MicrosoftError.from_response({"error": "invalid_client"})) is CredentialRejected


def test_the_codes_about_a_client_assertion_are_known_as_such() -> None:
    of_certificates = {50012, 50027, 700021, 700022, 700023, 700024, 700027, 700030, 900384}
    of_certificates |= {7000213, 7000214, 9002324}
    of_federations = {50013, 70021, 700211, 700212, 700213, 7000226, 7000227, 7002138}
    assert of_certificates | of_federations == CLIENT_ASSERTION_CODES
    assert CLIENT_ASSERTION_CODES.isdisjoint(CLIENT_SECRET_CODES)


@pytest.mark.parametrize("error", ["access_denied", "temporarily_unavailable", "consent_required"])
def test_a_known_code_decides_whatever_the_error_says(error: str) -> None:
    answer = {"error": error, "error_codes": [50011]}
    assert type(MicrosoftError.from_response(answer)) is MicrosoftError


def test_the_code_goes_before_the_error() -> None:
    # Microsoft's answer if only an administrator can consent.
    answer = {"error": "access_denied", "error_description": "AADSTS90094: Admin consent needed."}
    assert type(MicrosoftError.from_response(answer)) is ConsentRequired


@pytest.mark.parametrize("member", ["error_subcode", "suberror"])
def test_the_subcode_is_named(member: str) -> None:
    error = MicrosoftError.from_response({"error": "access_denied", member: "cancel"})
    assert error.subcode == "cancel"
    assert str(error) == "access_denied (subcode cancel)"
    assert error.description == ""


@pytest.mark.parametrize("odd", [None, 5, ["cancel"], "", "two words", "<i>", "x" * 65, "a\nb"])
def test_what_cannot_be_a_subcode_is_left_out(odd: object) -> None:
    error = MicrosoftError.from_response({"error": "access_denied", "error_subcode": odd})
    assert (error.subcode, str(error)) == ("", "access_denied")


def test_the_ids_are_found_behind_a_long_text() -> None:
    description = f"AADSTS50105: {'x' * 3000} Trace ID: {TRACE} Correlation ID: {CORRELATION}"
    error = MicrosoftError.from_response({"error": "x", "error_description": description})
    assert (error.trace_id, error.correlation_id) == (TRACE, CORRELATION)
    assert len(error.description) == 1000


def test_a_guid_in_the_text_is_not_taken_for_an_id() -> None:
    # The client ID and the directory, as Microsoft's texts name them.
    for text in (
        f"'{TRACE}' in '{CORRELATION}'",
        f"app {TRACE}",
        f"id: {TRACE}",
        f"tenant {TRACE}:",
    ):
        answer = {"error": "x", "error_description": f"AADSTS700016: {text}"}
        error = MicrosoftError.from_response(answer)
        assert (error.trace_id, error.correlation_id) == ("", "")


def test_passing_trouble_says_how_long_to_wait() -> None:
    answer = {"error": "temporarily_unavailable", "error_codes": [90055]}
    error = MicrosoftError.from_response(answer, retry_after=7)
    assert isinstance(error, Unreachable)
    assert isinstance(error, MicrosoftError)
    assert (error.retry_after, error.aadsts_code) == (7, 90055)
    waiting = MicrosoftError.from_response(answer)
    assert isinstance(waiting, Unreachable)
    assert waiting.retry_after is None


# The cases from the field: tests/cases/


@pytest.mark.parametrize("case", field_cases.case("F08"))
def test_an_invalid_client_that_is_not_about_the_secret(case: dict[str, Any]) -> None:
    code = case["body"]["error_codes"][0]
    error = MicrosoftError.from_response(case["body"])
    is_control = "control" in case["expect"]
    assert type(error) is (CredentialRejected if is_control else MicrosoftError)
    assert error.aadsts_code == code


@pytest.mark.parametrize("case", field_cases.case("F09"))
def test_of_two_codes_the_last_is_shown(case: dict[str, Any]) -> None:
    error = MicrosoftError.from_response(case["body"])
    assert error.aadsts_code == case["expect_shown_code"]
    assert type(error) is CodeNotAccepted


@pytest.mark.parametrize("description", field_cases.case("F10")["descriptions"])
def test_the_ids_are_read_in_every_language(description: str) -> None:
    expected = field_cases.case("F10")["expect"]
    error = MicrosoftError.from_response({"error": "x", "error_description": description})
    found = {"trace_id": error.trace_id, "correlation_id": error.correlation_id}
    assert found == expected


@pytest.mark.parametrize("case", field_cases.case("F11"))
def test_a_code_in_another_place(case: dict[str, Any]) -> None:
    assert MicrosoftError.from_response(case["answer"]).aadsts_code == case["expect_code"]


@pytest.mark.parametrize("answer", field_cases.case("F12")["answers"])
def test_a_policy_that_blocks_the_person(answer: dict[str, Any]) -> None:
    assert type(MicrosoftError.from_response(answer)) is AccessDenied


@pytest.mark.parametrize("answer", field_cases.case("F13")["token_400"])
def test_passing_trouble(answer: dict[str, Any]) -> None:
    assert type(MicrosoftError.from_response(answer)) is TemporarilyUnavailable


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
    "error", [Unreachable, MalformedResponse, IdTokenInvalid, UnknownSigningKey, MicrosoftError]
)
def test_one_class_catches_everything(error: type[Exception]) -> None:
    assert issubclass(error, EntraError)


def test_a_token_of_an_unknown_key_is_an_invalid_token() -> None:
    assert issubclass(UnknownSigningKey, IdTokenInvalid)
