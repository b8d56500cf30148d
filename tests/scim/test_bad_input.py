"""Malformed requests get an error in SCIM's form that names the attribute, and store nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client

from azuread_connections.entra.text import is_storable
from azuread_connections.models import Event, Identity
from azuread_connections.scim.models import GroupMember, ProvisionedGroup, ProvisionedPerson
from tests.factories import ConnectionFactory
from tests.scim.directory import ENTERPRISE, ERROR, PATCH, USER, Provisioning, group, guid, user

pytestmark = pytest.mark.django_db


def assert_refused(response: Any, status: int, scim_type: str = "", text: str = "") -> None:
    content = response.json()
    assert response.status_code == status, content
    assert response["Content-Type"] == "application/scim+json"
    assert content["schemas"] == [ERROR]
    assert (content["status"], content.get("scimType", "")) == (str(status), scim_type), content
    assert text in content["detail"], content


def stored() -> tuple[int, ...]:
    rows = (ProvisionedPerson, ProvisionedGroup, GroupMember, User, Identity, Event)
    return tuple(model.objects.count() for model in rows)  # type: ignore[attr-defined]


BODIES = {
    "no body": (b"", "invalidSyntax", "not valid JSON"),
    "no JSON": (b"{", "invalidSyntax", "not valid JSON"),
    "no UTF-8": (b'{"userName": "\xff"}', "invalidSyntax", "not valid JSON"),
    "a list": (b"[]", "invalidSyntax", "not a JSON object"),
    "a text": (b'"x"', "invalidSyntax", "not a JSON object"),
    "not a number": (b'{"a": NaN}', "invalidSyntax", "NaN"),
    "deep": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "invalidSyntax", "levels"),
    "deep lists": (b'{"a":' + b"[" * 100_000, "invalidSyntax", "levels"),
    "a name twice": (b'{"userName": "a", "username": "b"}', "invalidSyntax", "occurs twice"),
    "an unpaired surrogate": (b'{"userName": "\\ud800"}', "invalidValue", "userName"),
    "NUL": (b'{"name": {"givenName": "a\\u0000"}}', "invalidValue", "name.givenName"),
    "NUL in a name": (b'{"a\\u0000": 1}', "invalidValue", "cannot be stored"),
    "a huge number": (b'{"a": ' + b"9" * 5000 + b"}", "invalidSyntax", "not valid JSON"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_malformed_body_is_refused(directory: Provisioning, case: str) -> None:
    body, scim_type, text = BODIES[case]
    for method, path in (("POST", "Users"), ("POST", "Groups")):
        assert_refused(directory.send(method, path, body), 400, scim_type, text)
    assert not any(stored())


def test_a_large_body_is_refused(directory: Provisioning) -> None:
    body = json.dumps(user(displayName="x" * 1024 * 1024))
    assert_refused(directory.post("Users", body), 413, "", "larger than")
    assert not any(stored())


def test_a_bracket_in_a_text_is_no_level(directory: Provisioning) -> None:
    assert directory.create(user(displayName='[{"' * 30))["displayName"] == '[{"' * 30


USERS = {
    "no schemas": ({"userName": "a"}, "invalidSyntax", "schemas"),
    "another schema": ({"schemas": ["urn:x"], "userName": "a"}, "invalidSyntax", "schemas"),
    "no userName": ({"schemas": [USER]}, "invalidValue", "userName"),
    "an empty userName": (user(""), "invalidValue", "userName"),
    "a blank userName": (user(" "), "invalidValue", "userName"),
    "a userName of another type": (user(userName=5), "invalidValue", "userName"),
    "a long userName": (user("x" * 255), "invalidValue", "userName is longer than 254"),
    "a long externalId": (user(externalId="x" * 255), "invalidValue", "externalId is longer"),
    "a long displayName": (user(displayName="x" * 255), "invalidValue", "displayName is longer"),
    "a long address": (
        user(emails=[{"type": "work", "value": "x" * 255}]),
        "invalidValue",
        "emails.value is longer",
    ),
    "emails of another type": (user(emails="x"), "invalidValue", "emails"),
    "an address of another type": (user(emails=["x"]), "invalidValue", "emails[0]"),
    "a name of another type": (user(name="Adele"), "invalidValue", "name"),
    "no boolean": (user(active="maybe"), "invalidValue", "active"),
    "an extension of another type": (user(**{ENTERPRISE: 5}), "invalidValue", ENTERPRISE),
    "a department of another type": (
        user(**{ENTERPRISE: {"department": {}}}),
        "invalidValue",
        "department",
    ),
    "many addresses": (
        user(emails=[{"value": f"{n}@contoso.com"} for n in range(51)]),
        "invalidValue",
        "more than 50 values of emails",
    ),
    "too much": (user(title="x" * 70_000), "invalidValue", "title"),
}


@pytest.mark.parametrize("case", USERS)
def test_a_user_that_does_not_fit_is_refused_by_name(directory: Provisioning, case: str) -> None:
    content, scim_type, text = USERS[case]
    assert_refused(directory.post("Users", content), 400, scim_type, text)
    assert not any(stored())


@pytest.mark.parametrize("case", [name for name in USERS if name != "no schemas"])
def test_a_replacement_that_does_not_fit_changes_nothing(
    directory: Provisioning, case: str
) -> None:
    content, scim_type, text = USERS[case]
    shown = directory.create(user("kept@contoso.com"))
    before = stored()
    path = f"Users/{shown['id']}"
    assert_refused(directory.send("PUT", path, content), 400, scim_type, text)
    assert stored() == before
    assert directory.get(path).json() == shown


OPERATIONS = {
    "no such syntax": ({"op": "add", "path": 'emails[type eq "', "value": 1}, "invalidPath"),
    "the ID": ({"op": "replace", "path": "id", "value": "1"}, "mutability"),
    "the name removed": ({"op": "remove", "path": "userName"}, "mutability"),
    "no name": ({"op": "replace", "path": "userName", "value": None}, "mutability"),
    "another type": ({"op": "replace", "path": "userName", "value": {"a": 1}}, "invalidValue"),
    "a long name": ({"op": "replace", "path": "userName", "value": "x" * 255}, "invalidValue"),
    "no value": ({"op": "add", "path": "title"}, "invalidValue"),
    "a path that takes minutes to parse": (
        {"op": "add", "path": f"emails[{'(' * 9000}type eq 1{')' * 9000}].value", "value": "x"},
        "invalidPath",
    ),
    "many addresses": (
        {"op": "add", "path": "emails", "value": [{"value": str(n)} for n in range(51)]},
        "invalidValue",
    ),
    "a filter that is none": (
        {"op": "replace", "path": 'emails[type co "w"].value', "value": "x"},
        "noTarget",
    ),
}


@pytest.mark.parametrize("case", OPERATIONS)
def test_one_operation_that_fails_undoes_the_others(directory: Provisioning, case: str) -> None:
    operation, scim_type = OPERATIONS[case]
    shown = directory.create(user(emails=[]))
    before = stored()
    first = {"op": "replace", "path": "active", "value": False}
    response = directory.patch(f"Users/{shown['id']}", first, operation)
    assert_refused(response, 400, scim_type)
    named = str(operation["path"]).partition("[")[0]
    assert named in response.json()["detail"]
    assert directory.get(f"Users/{shown['id']}").json() == shown
    assert stored() == before


@pytest.mark.parametrize("content", [{"path": True}, {"value": True}], ids=["path", "key"])
def test_a_path_that_is_too_long_is_refused(
    directory: Provisioning, content: dict[str, Any]
) -> None:
    """Many brackets would be parsed for minutes."""
    shown = directory.create(user())
    path = f"emails[{'(' * 995}type eq 1{')' * 995}].value"
    operation: dict[str, Any] = {"op": "replace", "path": path, "value": "x"}
    if "value" in content:
        operation = {"op": "replace", "value": {path: "x"}}
    response = directory.patch(f"Users/{shown['id']}", operation)
    assert_refused(response, 400, "invalidPath", "longer than 2000 characters")


GROUPS = {
    "no displayName": ({"schemas": group()["schemas"]}, "invalidValue", "displayName"),
    "an empty displayName": (group(""), "invalidValue", "displayName"),
    "a long displayName": (group("x" * 255), "invalidValue", "displayName is longer"),
    "a long externalId": (group(externalId="x" * 255), "invalidValue", "externalId is longer"),
    "members of another type": (group(members="x"), "invalidValue", "members"),
    "a member without a value": (group(members=[{}]), "invalidValue", "value"),
    "a member of another type": (group(members=[{"value": 1}]), "invalidValue", "value"),
    "a long member": (group(members=[{"value": "x" * 255}]), "invalidValue", "members.value"),
}


@pytest.mark.parametrize("case", GROUPS)
def test_a_group_that_does_not_fit_is_refused_by_name(directory: Provisioning, case: str) -> None:
    content, scim_type, text = GROUPS[case]
    assert_refused(directory.post("Groups", content), 400, scim_type, text)
    assert not any(stored())


MEMBERS = {
    "a member without a value": ({"op": "add", "path": "members", "value": [{}]}, "invalidValue"),
    "no member": ({"op": "add", "path": "members"}, "invalidValue"),
    "another selection": (
        {"op": "remove", "path": 'members[display eq "Adele"]'},
        "invalidPath",
    ),
    "both of two": (
        {"op": "remove", "path": 'members[value eq "a" and value eq "b"]'},
        "invalidPath",
    ),
    "a changed value": (
        {"op": "replace", "path": 'members[value eq "a"].value', "value": "b"},
        "mutability",
    ),
    "the ID": ({"op": "replace", "path": "id", "value": "b"}, "mutability"),
    "no name": ({"op": "remove", "path": "displayName"}, "mutability"),
    "no such syntax": ({"op": "remove", "path": "members["}, "invalidPath"),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_a_change_of_a_group_that_fails_changes_nothing(directory: Provisioning, case: str) -> None:
    operation, scim_type = MEMBERS[case]
    shown = directory.create(group(members=[{"value": "a"}]))
    first = {"op": "add", "path": "members", "value": [{"value": "c"}]}
    response = directory.patch(f"Groups/{shown['id']}", first, operation)
    assert_refused(response, 400, scim_type)
    assert directory.get(f"Groups/{shown['id']}").json() == shown


FILTERS = {
    "an operator": 'userName co "a"',
    "another attribute": 'title eq "a"',
    "an unknown attribute": 'bogus eq "a"',
    "a disjunction": 'userName eq "a" or userName eq "b"',
    "a negation": 'not (userName eq "a")',
    "no value": "userName eq",
    "no text": "userName eq true",
    "home addresses": 'emails[type eq "home"].value eq "a"',
    "too long": f'userName eq "{"a" * 3000}"',
    "brackets": "(" * 900 + 'userName eq "a"' + ")" * 900,
}


@pytest.mark.parametrize("case", [name for name in FILTERS if name != "brackets"])
def test_a_filter_that_is_not_supported_is_refused(directory: Provisioning, case: str) -> None:
    response = directory.client.get(
        "/scim/contoso/v2/Users",
        {"filter": FILTERS[case]},
        headers={"Authorization": f"Bearer {directory.token}"},
    )
    assert_refused(response, 400, "invalidFilter")


@pytest.mark.parametrize("case", ["brackets"])
def test_a_filter_of_many_brackets_does_not_fail(directory: Provisioning, case: str) -> None:
    response = directory.client.get(
        "/scim/contoso/v2/Users",
        {"filter": FILTERS[case]},
        headers={"Authorization": f"Bearer {directory.token}"},
    )
    assert response.status_code in {200, 400}


@pytest.fixture
def strict_database() -> Iterator[None]:
    """Refuse what PostgreSQL refuses: SQLite compares and stores NUL."""

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not all(is_storable(each) for each in params or () if isinstance(each, str)):
            raise ValueError("A string literal cannot contain NUL (0x00) characters.")
        return execute(sql, params, many, context)

    with database.execute_wrapper(run):
        yield


UNSTORABLE = ["\\u0000", "a\\ud800"]


@pytest.mark.usefixtures("strict_database")
@pytest.mark.parametrize("value", UNSTORABLE)
@pytest.mark.parametrize(
    "query",
    [
        'Users?filter=userName eq "{}"',
        'Users?filter=id eq "{}"',
        'Users?filter=externalId eq "{}"',
        'Users?filter=emails[type eq "work" and value eq "{}"]',
        'Groups?filter=displayName eq "{}"',
        'Groups?filter=members.value eq "{}"',
    ],
)
def test_a_filter_for_what_cannot_be_stored_is_refused(
    directory: Provisioning, query: str, value: str
) -> None:
    path, _, text = query.format(value).partition("=")
    assert_refused(directory.get(f"{path}={quote(text)}"), 400, "invalidFilter")


@pytest.mark.usefixtures("strict_database")
@pytest.mark.parametrize("value", UNSTORABLE)
@pytest.mark.parametrize(
    ("attribute", "operation"),
    [
        ("emails", {"op": "replace", "path": 'emails[type eq "{}"].value', "value": "x"}),
        ("emails", {"op": "add", "value": {'emails[type eq "{}"].value': "x"}}),
        ("members", {"op": "add", "path": 'members[value eq "{}"]'}),
        ("members", {"op": "remove", "path": 'members[value eq "{}"]'}),
    ],
)
def test_an_operation_whose_path_brings_what_cannot_be_stored_is_refused(
    directory: Provisioning, attribute: str, operation: dict[str, Any], value: str
) -> None:
    shown = directory.create(group() if attribute == "members" else user(emails=[]))
    before = stored()
    kind = "Groups" if attribute == "members" else "Users"
    sent = json.loads(json.dumps(operation).replace("{}", value.replace("\\", "\\\\")))
    assert_refused(
        directory.patch(f"{kind}/{shown['id']}", sent), 400, "invalidValue", "cannot be stored"
    )
    assert stored() == before
    assert directory.get(f"{kind}/{shown['id']}").json() == shown


@pytest.mark.usefixtures("strict_database")
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["Users/%00", "Groups/a%00"])
def test_an_id_that_cannot_be_stored_is_not_found(
    directory: Provisioning, method: str, path: str
) -> None:
    patch = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "displayName", "value": "x"}]}
    content: Any = user() if path.startswith("Users") else group()
    sent = {"PUT": content, "PATCH": patch}.get(method)
    assert_refused(directory.send(method, path, sent), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_an_id_in_upper_case_is_not_found(directory: Provisioning, kind: str, method: str) -> None:
    """MariaDB finds it."""
    content: Any = user() if kind == "Users" else group()
    shown = directory.create(content)
    patch = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "displayName", "value": "x"}]}
    sent = {"PUT": content, "PATCH": patch}.get(method)
    path = f"{kind}/{shown['id'].upper()}"
    assert_refused(directory.send(method, path, sent), 404)
    assert directory.get(f"{kind}/{shown['id']}").json() == shown


@pytest.mark.usefixtures("db", "strict_database")
def test_a_connections_name_that_cannot_be_stored_is_refused_without_a_query() -> None:
    assert_refused(Client().get("/scim/%00/v2/Users"), 401)


@pytest.mark.parametrize("query", ["startIndex=x", "count=1.5", "count=" + "9" * 5000])
def test_a_number_that_is_none_is_refused(directory: Provisioning, query: str) -> None:
    assert_refused(directory.get(f"Users?{query}"), 400, "invalidValue")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 404),
        ("GET", "Nothing", 404),
        ("GET", "Users/1/2", 404),
        ("GET", "Users/unknown", 404),
        ("PUT", "Users/unknown", 404),
        ("PATCH", "Users/unknown", 404),
        ("DELETE", "Users/unknown", 404),
        ("PATCH", "Groups/unknown", 404),
        ("GET", "Schemas/unknown", 404),
        ("GET", "ServiceProviderConfig/1", 404),
        ("DELETE", "Users", 405),
        ("PATCH", "Groups", 405),
        ("POST", "Users/1", 405),
        ("POST", "Schemas", 405),
        ("OPTIONS", "Users", 405),
        ("POST", "Bulk", 501),
        ("GET", "Me", 501),
        ("POST", ".search", 501),
        ("POST", "Users/.search", 501),
    ],
)
def test_an_address_or_method_that_is_not_offered_says_so(
    directory: Provisioning, method: str, path: str, status: int
) -> None:
    content: Any = (
        user()
        if method == "PUT"
        else {
            "schemas": [PATCH],
            "Operations": [{"op": "add", "path": "displayName", "value": "x"}],
        }
    )
    response = directory.send(method, path, None if method == "GET" else content)
    assert_refused(response, status)
    assert ("Allow" in response) == (status == 405)


def test_an_unforeseen_error_is_answered_in_scims_form(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("azuread_connections.scim.people.find", fail)
    response = directory.get("Users/1")
    assert_refused(response, 500)
    assert "secret" not in response.content.decode()


def test_a_connection_without_a_directory_is_told_what_to_do(db: None) -> None:
    lost = Provisioning.of(ConnectionFactory.create(name="lost", tenant_id=""))
    assert_refused(lost.get("Users"), 403, "", "Check now")
    assert lost.get("ServiceProviderConfig").status_code == 200


def test_two_users_of_one_name_or_id_are_refused(directory: Provisioning) -> None:
    oid = guid()
    directory.create(user(externalId=oid))
    response = directory.post("Users", user("other@contoso.com", externalId=oid.upper()))
    assert_refused(response, 409, "uniqueness", "externalId")
    megan = directory.create(user("megan@contoso.com"))
    taken = {"op": "replace", "path": "userName", "value": "ADELE@contoso.com"}
    assert_refused(directory.patch(f"Users/{megan['id']}", taken), 409, "uniqueness", "userName")
    team = directory.create(group())
    same = group("Other", externalId=team["externalId"])
    assert_refused(directory.post("Groups", same), 409, "uniqueness", "externalId")


def test_many_names_of_which_the_last_is_a_repetition_are_refused_at_once(
    directory: Provisioning,
) -> None:
    names = ",".join(f'"{number:x}":1' for number in range(80_000))
    began = time.process_time()
    response = directory.post("Users", f'{{{names},"1387F":1}}'.encode())
    assert_refused(response, 400, "invalidSyntax", "occurs twice")
    assert time.process_time() - began < 10


def test_many_operations_each_of_which_adds_a_value_are_refused_at_once(
    directory: Provisioning,
) -> None:
    shown = directory.create(user())
    began = time.process_time()
    added = [
        {"op": "add", "path": "emails", "value": [{"value": f"{n}@contoso.com"}]}
        for n in range(1000)
    ]
    response = directory.patch(f"Users/{shown['id']}", *added)
    assert_refused(response, 400, "invalidValue", "emails")
    assert time.process_time() - began < 10
