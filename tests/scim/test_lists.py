"""Lists, filters, pages, and the attributes of a response."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from azuread_connections.scim.models.keys import text_key
from tests.scim.directory import ENTERPRISE, Provisioning, group, user

pytestmark = pytest.mark.django_db


def ask(directory: Provisioning, path: str, **query: str) -> dict[str, Any]:
    response = directory.get(f"{path}?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return dict(response.json())


def names(answer: dict[str, Any]) -> list[str]:
    return [each.get("userName") or each.get("displayName") for each in answer["Resources"]]


@pytest.fixture
def adele(directory: Provisioning) -> dict[str, Any]:
    directory.create(user("zoe@contoso.com", displayName="Zoé"))
    return directory.create(user("Adele@contoso.com"))


FILTERS = [
    'userName eq "adele@CONTOSO.com"',
    'USERNAME eq "adele@contoso.com"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "adele@contoso.com"',
    'emails[type eq "work"].value eq "adele@contoso.com"',
    'emails.value eq "adele@contoso.com"',
    'emails eq "adele@contoso.com"',
    'displayName eq "adele vance"',
    'externalId eq "{externalId}"',
    'id eq "{id}"',
    'id eq "{id}" and userName eq "adele@contoso.com"',
    '(externalId eq "{externalId}") and (displayName eq "Adele Vance")',
]


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_one_person(
    directory: Provisioning, adele: dict[str, Any], text: str
) -> None:
    for key in ("id", "externalId"):
        text = text.replace(f"{{{key}}}", adele[key])
    answer = ask(directory, "Users", filter=text)
    assert (names(answer), answer["totalResults"]) == (["Adele@contoso.com"], 1)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "nobody@contoso.com"',
        'displayName eq "Zoe"',
        'displayName eq "Zoé "',
        'userName eq "zoe@contoso.com" and externalId eq "x"',
        'userName eq ""',
        'externalId eq ""',
    ],
)
def test_a_filter_finds_nobody_similar(
    directory: Provisioning, adele: dict[str, Any], text: str
) -> None:
    """MariaDB takes "é" for "e", and ignores a space at the end: the directory would change the
    wrong person."""
    answer = ask(directory, "Users", filter=text)
    assert (answer["totalResults"], answer["Resources"]) == (0, [])


def test_keys_do_not_depend_on_case_or_composition() -> None:
    assert text_key("ZOÉ") == text_key("zoe\u0301")
    assert text_key("zoe") != text_key("zoé")


def test_a_deleted_person_is_in_no_list(directory: Provisioning, adele: dict[str, Any]) -> None:
    directory.send("DELETE", f"Users/{adele['id']}")
    assert names(ask(directory, "Users")) == ["zoe@contoso.com"]
    assert ask(directory, "Users", filter='userName eq "adele@contoso.com"')["totalResults"] == 0
    # Somebody else can get the name.
    directory.create(user("adele@contoso.com"))


def test_pages_follow_each_other(directory: Provisioning) -> None:
    for number in range(5):
        directory.create(user(f"user{number}@contoso.com"))
    seen = []
    for start in (1, 3, 5, 7):
        answer = ask(directory, "Users", startIndex=str(start), count="2")
        assert (answer["totalResults"], answer["startIndex"]) == (5, start)
        assert answer["itemsPerPage"] == len(answer["Resources"])
        seen += names(answer)
    assert seen == [f"user{number}@contoso.com" for number in range(5)]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"count": "0"}, 0),
        ({"count": "-5"}, 0),
        ({"startIndex": "0"}, 2),
        ({"startIndex": "-3"}, 2),
        ({"startIndex": "9" * 20}, 0),
        ({"count": "100000"}, 2),
    ],
)
def test_odd_pages_are_answered_as_the_rfc_says(
    directory: Provisioning, adele: dict[str, Any], query: dict[str, str], number: int
) -> None:
    answer = ask(directory, "Users", **query)
    assert (len(answer["Resources"]), answer["totalResults"]) == (number, 2)


def test_the_attributes_of_a_response_are_chosen(
    directory: Provisioning, adele: dict[str, Any]
) -> None:
    path = f"Users/{adele['id']}"
    shown = ask(directory, path, attributes="userName,name.givenName")
    assert set(shown) == {"schemas", "id", "userName", "name"}
    assert shown["name"] == {"givenName": "Adele"}
    assert "emails" not in ask(directory, path, excludedAttributes="emails")
    assert "emails" in ask(directory, path, excludedAttributes="title")
    listed = ask(directory, "Users", attributes="displayName")["Resources"]
    assert all("userName" not in each for each in listed)


def test_members_are_left_out_where_entra_asks_for_it(
    directory: Provisioning, adele: dict[str, Any]
) -> None:
    team = directory.create(group(members=[{"value": adele["id"]}]))
    query = {"excludedAttributes": "members", "filter": 'displayName eq "engineering"'}
    answer = ask(directory, "Groups", **query)
    assert names(answer) == ["Engineering"]
    assert "members" not in answer["Resources"][0]
    assert "members" not in ask(directory, f"Groups/{team['id']}", excludedAttributes="members")
    found = ask(directory, "Groups", filter=f'members.value eq "{adele["id"]}"')["Resources"]
    assert found[0]["members"] == [{"value": adele["id"]}]
    assert ask(directory, f"Groups/{team['id']}", attributes="members")["members"]


def test_a_resource_says_where_it_is_and_when_it_changed(
    directory: Provisioning, adele: dict[str, Any]
) -> None:
    response = directory.get(f"Users/{adele['id']}")
    meta = response.json()["meta"]
    assert response["Location"] == meta["location"]
    assert meta["location"] == f"http://testserver/scim/contoso/v2/Users/{adele['id']}"
    assert meta["resourceType"] == "User"
    assert meta["created"] <= meta["lastModified"]
    assert meta["created"].endswith("Z")
    assert "no-store" in response["Cache-Control"]


def test_what_is_offered_is_described(directory: Provisioning) -> None:
    config = directory.get("ServiceProviderConfig").json()
    assert config["bulk"]["supported"] is False
    assert (config["patch"], config["filter"]["maxResults"]) == ({"supported": True}, 200)
    types = directory.get("ResourceTypes").json()["Resources"]
    assert [each["endpoint"] for each in types] == ["/Users", "/Groups"]
    schemas = directory.get("Schemas").json()["Resources"]
    assert ENTERPRISE in [each["id"] for each in schemas]
    assert directory.get(f"Schemas/{ENTERPRISE}").json()["id"] == ENTERPRISE
    assert "password" not in str(schemas)


def test_a_password_is_not_kept(directory: Provisioning) -> None:
    shown = directory.create(user(password="correct horse"))
    assert "password" not in directory.get(f"Users/{shown['id']}").content.decode()
