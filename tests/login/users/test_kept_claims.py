"""Optional claims: which are kept in the profile, and which fields of a user can follow them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.users.kept_claims import MAX_ENTRIES, MAX_TEXT, read_kept_claims
from azuread_connections.models import Application, Connection, Event, Identity
from azuread_connections.testing import StandIn
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    return Company.create(microsoft, application, optional_claims=["employeeid", "extn.badge"])


def sign_in(company: Company, **claims: Any) -> User:
    company.person.claims.update(claims)
    response = company.sign_in(Client())
    assert response.status_code == 302, response.content
    return User.objects.get()


def kept(sent: Any, *names: str) -> tuple[dict[str, Any], int]:
    """What is kept of these claims, and how many are ignored."""
    claims = IdTokenClaims("tid", "oid", everything=sent)
    found = read_kept_claims(Connection(optional_claims=list(names or sent)), claims)
    return dict(found.values), len(found.problems)


def test_claims_of_the_list_are_in_the_profile(company: Company) -> None:
    company.app.optional_claims += ["employeeid", "extension_00aa_badge", "ctry"]
    company.person.graph.update(employeeId="E-1", extension_00aa_badge=17, country="NL")
    sign_in(company)
    assert Identity.objects.get().profile["claims"] == {"employeeid": "E-1", "extn.badge": 17}


def test_the_profile_page_has_them(company: Company, client: Client) -> None:
    company.person.claims["employeeid"] = "E-1"
    company.sign_in(client)
    profile = client.get("/login/profile").json()["profile"]
    assert profile["claims"] == {"employeeid": "E-1"}


def test_a_claim_that_is_absent_later_or_off_the_list_goes(company: Company) -> None:
    sign_in(company, employeeid="E-1", **{"extn.badge": 17})
    sign_in(company, employeeid=None)
    assert Identity.objects.get().profile["claims"] == {"extn.badge": 17}
    Connection.objects.update(optional_claims=[])
    sign_in(company)
    assert "claims" not in Identity.objects.get().profile
    assert not Event.objects.filter(kind="claims_ignored").exists()


@pytest.mark.parametrize(
    "value",
    ["E-1", "", "Ünïcode 🙂", 7, -7.5, 0, True, False, [], ["a", 1, True, 2.5], "x" * MAX_TEXT],
)
def test_texts_numbers_truth_values_and_lists_of_them_are_kept(value: Any) -> None:
    assert kept({"employeeid": value}) == ({"employeeid": value}, 0)


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        [["a"]],
        [None],
        [{"a": 1}],
        float("inf"),
        [float("inf")],
        2**53,
        -(2**53),
        10**4000,
        "x" * (MAX_TEXT + 1),
        ["a"] * (MAX_ENTRIES + 1),
        ["x" * (MAX_TEXT + 1)],
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_claim_of_another_type_or_too_large_is_ignored(value: Any) -> None:
    assert kept({"employeeid": value, "ctry": "NL"}) == ({"ctry": "NL"}, 1)


def test_all_claims_together_are_bounded() -> None:
    found, ignored = kept({f"extn.{number}": "x" * 900 for number in range(30)})
    assert (len(found), ignored) == (8, 22)
    assert kept({f"c{number}": 1 for number in range(99)})[0].keys() == {
        f"c{number}" for number in range(30)
    }


def test_what_a_database_cannot_store_is_taken_out_of_texts() -> None:
    assert kept({"a": "E\x00-\ud8001", "b": ["\x00"]}) == ({"a": "E-?1", "b": [""]}, 0)


@pytest.mark.parametrize("stored", [None, "employeeid", {"employeeid": 1}, [7, None, ["x"]], 7])
def test_a_stored_list_that_is_none_keeps_nothing(stored: Any) -> None:
    claims = IdTokenClaims("tid", "oid", everything={"employeeid": "E-1", "x": 1})
    assert not read_kept_claims(Connection(optional_claims=stored), claims).values


def test_an_odd_claim_is_one_event_a_minute_and_names_no_value(company: Company) -> None:
    sign_in(company, employeeid={"secret": "value"}, **{"extn.badge": ["x" * 9999]})
    sign_in(company)
    event = Event.objects.get(kind="claims_ignored")
    assert event.count == 2
    assert event.message == (
        "The claim “employeeid” is neither text, number nor a list of these. The claim "
        "“extn.badge” is too large to be kept."
    )


# Fields of the user


@pytest.fixture
def fields(settings: Any) -> Any:
    def set_to(**user_fields: str) -> None:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"USER_FIELDS": user_fields}

    return set_to


def test_a_field_follows_a_claim(company: Company, fields: Any) -> None:
    fields(first_name="claims.employeeid", last_name="claims.extn.badge")
    user = sign_in(company, employeeid="E-1", **{"extn.badge": 17})
    assert (user.first_name, user.last_name) == ("E-1", "17")
    user = sign_in(company, employeeid="E-2")
    assert user.first_name == "E-2"


@pytest.mark.parametrize("value", [["E-1"], True, "", "x" * 151, "E\n" * 80])
def test_a_value_that_does_not_fit_its_field_is_not_written(
    company: Company, fields: Any, value: Any
) -> None:
    fields(first_name="claims.employeeid")
    sign_in(company, employeeid="E-1")
    assert sign_in(company, employeeid=value).first_name == "E-1"


@pytest.mark.parametrize("value", [7, 1.5, True, "no date"])
def test_a_value_of_another_type_than_the_field_is_no_error(
    company: Company, fields: Any, value: Any
) -> None:
    fields(date_joined="claims.employeeid", first_name="given_name")
    before = sign_in(company, employeeid=None).date_joined
    assert sign_in(company, employeeid=value).date_joined == before


def test_a_claim_of_the_same_name_as_an_attribute_needs_the_prefix(
    company: Company, fields: Any
) -> None:
    fields(first_name="employeeid")
    assert sign_in(company, employeeid="E-1").first_name == ""
