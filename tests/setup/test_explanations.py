"""What a customer's administrator reads about a failure."""

from __future__ import annotations

import pytest

from azuread_connections.entra.aadsts.catalogue import CATALOGUE
from azuread_connections.login.log.failures import FAILURES
from azuread_connections.models import Connection
from azuread_connections.setup import steps
from azuread_connections.setup.explanations import (
    DEAD_ENDS,
    explain_code,
    explain_outcome,
    explain_typed,
)
from tests.factories import ConnectionFactory

#: Words of the remedies for this site's administrator. A customer has no such page.
_NOT_THEIRS = ("connection's page", "in the log", "from the log", "PUBLIC_URL", "consent link")


@pytest.fixture
def connection() -> Connection:
    connection: Connection = ConnectionFactory.build()
    return connection


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_no_explanation_names_a_page_of_this_site(code: int, connection: Connection) -> None:
    remedy = str(explain_code(code, connection).remedy)
    assert not [words for words in _NOT_THEIRS if words in remedy]


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (50011, steps.REGISTER),
        (9002327, steps.REGISTER),
        (50194, steps.REGISTER),
        (7000215, steps.CREDENTIALS),
        (700027, steps.CREDENTIALS),
        (700016, steps.CREDENTIALS),
        (90002, steps.CREDENTIALS),
        (50020, steps.CREDENTIALS),
        (65001, steps.PERMISSIONS),
        (90094, steps.PERMISSIONS),
        (50126, ""),
    ],
)
def test_a_code_leads_to_the_step_that_fixes_it(
    code: int, step: str, connection: Connection
) -> None:
    assert explain_code(code, connection).step == step


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_each_failure_has_a_meaning_and_a_remedy(code: str, connection: Connection) -> None:
    advice = explain_outcome({"works": False, "code": code}, connection)
    assert advice.meaning
    assert advice.remedy


def test_microsofts_code_decides_before_ours(connection: Connection) -> None:
    advice = explain_outcome({"code": "secret_rejected", "aadsts_code": 7000222}, connection)
    assert advice.code == 7000222


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AADSTS50011", 50011),
        (" aadsts 50011: the redirect URI …", 50011),
        ("50011", 50011),
        ("Request Id: 12345678-1234-0000 AADSTS700016: application", 700016),
        ("Correlation Id: 11112222-bbbb-3333-cccc-4444dddd5555", None),
        ("", None),
        ("no", None),
        ("AADSTS", None),
    ],
)
def test_the_code_is_found_in_what_was_pasted(
    text: str, code: int | None, connection: Connection
) -> None:
    advice = explain_typed(text, connection)
    assert (advice and advice.code) == code


@pytest.mark.parametrize("code", DEAD_ENDS)
def test_the_common_codes_are_known(code: int) -> None:
    assert code in CATALOGUE
