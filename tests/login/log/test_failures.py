"""Each of Microsoft's errors has its class: page, status and log line."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client

from azuread_connections.entra.aadsts import explain
from azuread_connections.login.log.failures import FAILURES, Failure
from azuread_connections.models import Connection, Credential, Directory, Event
from tests import field_cases
from tests.company import Company, query_of
from tests.factories import CredentialFactory
from tests.login.flows.test_callback import CALLBACK, assert_refused

pytestmark = pytest.mark.django_db

ID_1 = "0c1d2e3f-0000-4a5b-8c6d-7e8f90a1b2c3"
ID_2 = "1c1d2e3f-0000-4a5b-8c6d-7e8f90a1b2c3"


def answer_with(company: Company, body: dict[str, Any], status: int = 400, **headers: str) -> None:
    """Make the token endpoint give this response."""
    company.microsoft.fault("token", status=status, body=json.dumps(body), headers=headers)


def return_with(company: Company, client: Client, parameters: dict[str, Any]) -> Any:
    """Return from Microsoft with these parameters."""
    state = query_of(company.start(client))["state"]
    return client.get(CALLBACK, {"state": state, **parameters})


def as_parameters(answer: dict[str, Any]) -> dict[str, str]:
    """A response of the token endpoint, as parameters that authorize would send."""
    return {name: value for name, value in answer.items() if isinstance(value, str)}


# Not about the secret (F08)


@pytest.mark.parametrize("case", field_cases.case("F08"))
def test_only_what_is_about_the_secret_refuses_it(
    contoso: Company, client: Client, case: dict[str, Any]
) -> None:
    # A second one, which would be tried next.
    CredentialFactory.create(connection=contoso.connection, value="another-secret")
    for _ in range(2):
        answer_with(contoso, case["body"], case["status"])
    code = case["body"]["error_codes"][0]
    is_control = "control" in case["expect"]
    expected = "secret_rejected" if is_control else "microsoft_error"
    event = assert_refused(contoso.sign_in(client), 502, expected)
    assert event.aadsts_code == code
    refused = [secret.is_refused() for secret in Credential.objects.all()]
    assert refused == [is_control, is_control]
    assert Event.objects.filter(kind="secret_refused").exists() is is_control
    assert contoso.microsoft.count("token") == (2 if is_control else 1)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "Copy the callback URL from the connection&#x27;s page"),
        (1, "App registrations › the app"),
    ],
    ids=["wrong callback URL", "application disabled"],
)
def test_the_log_shows_the_remedy_and_not_that_of_a_secret(
    contoso: Company, admin_client: Client, number: int, words: str
) -> None:
    case = field_cases.case("F08")[number]
    answer_with(contoso, case["body"], case["status"])
    contoso.sign_in(Client())
    event = Event.objects.get(kind="sign_in_failed")
    page = admin_client.get(f"/admin/azuread_connections/event/{event.pk}/change/")
    text = page.content.decode()
    assert words in text
    assert "make a new client secret" not in text


# Two numbers, and numbers elsewhere (F09, F11)


@pytest.mark.parametrize("case", field_cases.case("F09"))
def test_the_last_of_two_numbers_decides(
    contoso: Company, client: Client, case: dict[str, Any]
) -> None:
    answer_with(contoso, case["body"])
    expected = case.get("expect_class", "transaction_expired")
    event = assert_refused(contoso.sign_in(client), 400, expected)
    assert event.aadsts_code == case["expect_shown_code"]


def test_a_number_sent_as_text_is_read(contoso: Company, client: Client) -> None:
    case = field_cases.case("F11")[0]
    answer_with(contoso, case["answer"], 401)
    event = assert_refused(contoso.sign_in(client), 502, "secret_rejected")
    assert event.aadsts_code == case["expect_code"]


def test_a_number_in_the_address_of_the_error_is_read(contoso: Company, client: Client) -> None:
    case = field_cases.case("F11")[1]
    event = assert_refused(return_with(contoso, client, case["answer"]), 403, "access_denied")
    assert event.aadsts_code == case["expect_code"]


# IDs after translated labels (F10)


@pytest.mark.parametrize("description", field_cases.case("F10")["descriptions"])
def test_the_ids_are_kept_whatever_the_language(
    contoso: Company, client: Client, description: str
) -> None:
    answer = {"error": "access_denied", "error_description": description}
    event = assert_refused(return_with(contoso, client, answer), 403, "access_denied")
    expected = field_cases.case("F10")["expect"]
    assert {"trace_id": event.trace_id, "correlation_id": event.correlation_id} == expected


# The person's organisation refuses (F12)


def assert_told_to_ask_their_it(response: Any) -> None:
    page = response.content.decode()
    assert "your organisation&#x27;s IT" in page
    assert "support of this site" not in page
    assert "this site&#x27;s support" not in page


@pytest.mark.parametrize("answer", field_cases.case("F12")["answers"])
@pytest.mark.parametrize("at", ["token endpoint", "callback"])
def test_a_policy_that_blocks_the_person(
    contoso: Company, client: Client, answer: dict[str, Any], at: str
) -> None:
    if at == "token endpoint":
        answer_with(contoso, answer)
        response = contoso.sign_in(client)
        if "claims" in answer:
            # Microsoft's challenge is followed once: it answers the same again.
            answer_with(contoso, answer)
            response = contoso.come_back(client, response["Location"])
    else:
        response = return_with(contoso, client, as_parameters(answer))
    event = assert_refused(response, 403, "access_denied")
    assert event.aadsts_code == answer["error_codes"][0]
    assert_told_to_ask_their_it(response)


@pytest.mark.parametrize(
    "aadsts",
    [
        *(50057, 50076, 50078, 50097, 50158, 53000, 53003, 53011, 70043, 70044, 500121),
        *(500341, 500571, 530003, 530031, 530035),
    ],
)
def test_a_rule_of_the_organisation_at_the_token_endpoint(
    contoso: Company, client: Client, aadsts: int
) -> None:
    contoso.microsoft.fault("token", aadsts=aadsts)
    response = contoso.sign_in(client)
    event = assert_refused(response, 403, "access_denied")
    assert (event.aadsts_code, bool(event.trace_id), bool(event.correlation_id)) == (
        aadsts,
        True,
        True,
    )
    assert_told_to_ask_their_it(response)


def test_an_account_of_another_directory_is_the_persons_to_change(
    contoso: Company, client: Client
) -> None:
    contoso.microsoft.fault("authorize", aadsts=50178)
    response = contoso.come_back(client, contoso.start(client))
    assert assert_refused(response, 403, "access_denied").aadsts_code == 50178


# Each class once, by an error on the callback


@pytest.mark.parametrize(
    ("aadsts", "error", "status", "code"),
    [
        (90033, "server_error", 503, "microsoft_unreachable"),
        (50000, "server_error", 503, "microsoft_unreachable"),
        (90096, "consent_required", 403, "consent_required"),
        (900941, "consent_required", 403, "consent_required"),
        (90099, "unauthorized_client", 403, "consent_required"),
        (90135, "access_denied", 403, "access_denied"),
        (7000116, "unauthorized_client", 502, "microsoft_error"),
        (5000225, "invalid_request", 403, "access_denied"),
        (50089, "invalid_grant", 400, "transaction_expired"),
        (9002346, "invalid_request", 502, "microsoft_error"),
    ],
)
def test_each_number_on_the_callback_has_its_page(
    contoso: Company, client: Client, aadsts: int, error: str, status: int, code: str
) -> None:
    contoso.microsoft.fault("authorize", aadsts=aadsts, error=error)
    response = contoso.come_back(client, contoso.start(client))
    event = assert_refused(response, status, code)
    assert event.aadsts_code == aadsts
    assert event.trace_id
    assert event.correlation_id
    assert str(explain(aadsts).meaning)


# Temporary problems (F13)


def assert_comes_back_later(response: Any, aadsts: int, seconds: str) -> None:
    event = assert_refused(response, 503, "microsoft_unreachable")
    assert event.aadsts_code == aadsts
    assert response["Retry-After"] == seconds


@pytest.mark.parametrize("query", field_cases.case("F13")["callback"])
def test_passing_trouble_on_the_callback(contoso: Company, client: Client, query: str) -> None:
    response = return_with(contoso, client, dict(parse_qsl(query)))
    assert_comes_back_later(response, 90033, "30")


@pytest.mark.parametrize("answer", field_cases.case("F13")["token_400"])
@pytest.mark.parametrize(("sent", "seconds"), [({}, "30"), ({"Retry-After": "7"}, "7")])
def test_passing_trouble_at_the_token_endpoint(
    contoso: Company, client: Client, answer: dict[str, Any], sent: dict[str, str], seconds: str
) -> None:
    answer_with(contoso, answer, **sent)
    assert_comes_back_later(contoso.sign_in(client), 90055, seconds)


@pytest.mark.parametrize("aadsts", [90024, 90055])
def test_an_overloaded_service_that_says_its_number(
    contoso: Company, client: Client, aadsts: int
) -> None:
    contoso.microsoft.fault("token", aadsts=aadsts, headers={"Retry-After": "9"})
    response = contoso.sign_in(client)
    assert_comes_back_later(response, aadsts, "9")
    assert Event.objects.get().trace_id


# Declined where an administrator would have to consent (F14)


def declined(company: Company, client: Client) -> Any:
    """The query of the case: a person goes back from "Need admin approval"."""
    request_line = field_cases.case("F14").splitlines()[0]
    query = dict(parse_qsl(request_line.partition("?")[2]))
    assert query.pop("state") == "STATE"
    return return_with(company, client, query)


def test_the_log_names_the_subcode(
    contoso: Company, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "azuread_connections"):
        event = assert_refused(declined(contoso, client), 403, "access_denied")
    assert event.message == "access_denied (subcode cancel)"
    [line] = [each.getMessage() for each in caplog.records if each.name == "azuread_connections"]
    assert "subcode cancel" in line


def test_the_log_says_that_an_option_needs_consent(contoso: Company, client: Client) -> None:
    Connection.objects.update(security_groups=True)
    event = assert_refused(declined(contoso, client), 403, "access_denied")
    assert "administrator's consent to GroupMember.Read.All" in event.message
    assert "subcode cancel" in event.message


def test_the_log_says_nothing_of_consent_that_is_known_to_be_there(
    contoso: Company, client: Client
) -> None:
    Connection.objects.update(security_groups=True)
    Directory.objects.update_or_create(
        connection=contoso.connection,
        tenant_id=contoso.directory.tenant_id,
        defaults={"delegated_scopes": "GroupMember.Read.All User.Read"},
    )
    event = assert_refused(declined(contoso, client), 403, "access_denied")
    assert event.message == "access_denied (subcode cancel)"


def test_the_log_says_nothing_of_consent_where_something_else_was_refused(
    contoso: Company, client: Client
) -> None:
    Connection.objects.update(security_groups=True)
    contoso.microsoft.fault("authorize", aadsts=50105)
    response = contoso.come_back(client, contoso.start(client))
    assert "consent" not in assert_refused(response, 403, "access_denied").message


@pytest.mark.parametrize("aadsts", [65001, 90094])
def test_the_log_says_which_consent_microsoft_misses(
    contoso: Company, client: Client, aadsts: int
) -> None:
    Connection.objects.update(security_groups=True)
    contoso.microsoft.fault("authorize", aadsts=aadsts)
    response = contoso.come_back(client, contoso.start(client))
    event = assert_refused(response, 403, "consent_required")
    assert "GroupMember.Read.All, and no such consent is known" in event.message


# What a redirect can report


@pytest.mark.parametrize(
    "parameters",
    [
        {"error": "invalid_client"},
        {"error": "invalid_client", "error_description": "AADSTS7000222: expired"},
        {"error": "x", "error_uri": "https://login.microsoftonline.com/error?code=7000215"},
    ],
)
def test_a_redirect_never_says_that_the_secret_is_rejected(
    contoso: Company, client: Client, parameters: dict[str, str]
) -> None:
    response = return_with(contoso, client, parameters)
    assert_refused(response, 502, "microsoft_error")
    assert not any(secret.is_refused() for secret in Credential.objects.all())


def test_the_subcode_of_a_redirect_is_kept(contoso: Company, client: Client) -> None:
    contoso.microsoft.fault("authorize", error="access_denied", subcode="cancel")
    response = contoso.come_back(client, contoso.start(client))
    assert "subcode cancel" in assert_refused(response, 403, "access_denied").message


# The closed list, for other people's programs

PAGE = Path(__file__).resolve().parents[3] / "docs/how-it-works.md"


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_each_failure_is_in_the_table(failure: Failure) -> None:
    row = f"| `{failure.code}` | {failure.status} | {failure.title} |"
    assert row in PAGE.read_text(), "docs/how-it-works.md: the table has no such row"


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_each_failure_says_what_happened_and_what_to_do(failure: Failure) -> None:
    assert failure.title
    assert str(failure.advice).endswith(".")
    assert failure.meaning
    assert failure.status in {400, 403, 502, 503}
