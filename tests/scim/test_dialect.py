"""What Entra sends, verbatim as Microsoft documents it, with the flag aadOptscim062020 and without.

https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
"""

from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.scim import dialect
from azuread_connections.scim.errors import ScimError
from tests.scim.directory import ENTERPRISE, PATCH, USER, Provisioning, group, user

pytestmark = pytest.mark.django_db

WORK = 'emails[type eq "work"].value'
MANAGER = f"{ENTERPRISE}:manager"

#: Operations, and attributes of the person afterwards. None: the attribute is gone.
SHAPES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "without the flag: disabled by a text": (
        [{"op": "Replace", "path": "active", "value": "False"}],
        {"active": False},
    ),
    "with the flag: disabled by a boolean": (
        [{"op": "replace", "path": "active", "value": False}],
        {"active": False},
    ),
    "enabled by a text": (
        [
            {"op": "Replace", "path": "active", "value": "False"},
            {"op": "Replace", "path": "active", "value": "True"},
        ],
        {"active": True},
    ),
    "disabled without a path": ([{"op": "replace", "value": {"active": False}}], {"active": False}),
    "disabled without a path, by a text": (
        [{"op": "Replace", "value": {"active": "False"}}],
        {"active": False},
    ),
    "disabled in a list of one": (
        [{"op": "Replace", "path": "active", "value": [{"$ref": None, "value": "False"}]}],
        {"active": False},
    ),
    "without the flag: one operation for each attribute": (
        [
            {"op": "Add", "path": "nickName", "value": "Babs"},
            {"op": "Replace", "path": "displayName", "value": "Babs Jensen"},
            {"op": "Replace", "path": "name.givenName", "value": "Barbara"},
        ],
        {
            "nickName": "Babs",
            "displayName": "Babs Jensen",
            "name": {"givenName": "Barbara", "familyName": "Vance"},
        },
    ),
    "with the flag: many attributes without a path, in dotted keys": (
        [
            {
                "op": "replace",
                "value": {
                    "displayName": "Bjfe",
                    "name.givenName": "Kkom",
                    "name.familyName": "Unua",
                    f"{ENTERPRISE}:employeeNumber": "701984",
                },
            }
        ],
        {
            "displayName": "Bjfe",
            "name": {"givenName": "Kkom", "familyName": "Unua"},
            ENTERPRISE: {"employeeNumber": "701984"},
        },
    ),
    "an address by a filter as a key": (
        [{"op": "replace", "value": {WORK: "adele.vance@contoso.com"}}],
        {"emails": [{"primary": True, "type": "work", "value": "adele.vance@contoso.com"}]},
    ),
    "an address by a filter as a path": (
        [{"op": "Replace", "path": WORK, "value": "adele.vance@contoso.com"}],
        {"emails": [{"primary": True, "type": "work", "value": "adele.vance@contoso.com"}]},
    ),
    "an address where there is none": (
        [
            {"op": "Remove", "path": "emails"},
            {"op": "Add", "path": WORK, "value": "new@contoso.com"},
        ],
        {"emails": [{"type": "work", "value": "new@contoso.com"}]},
    ),
    "a telephone number where there is none": (
        [{"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+49 1"}],
        {"phoneNumbers": [{"type": "mobile", "value": "+49 1"}]},
    ),
    "an extension as a key": (
        [{"op": "Replace", "value": {ENTERPRISE: {"department": "Sales", "costCenter": "7"}}}],
        {ENTERPRISE: {"department": "Sales", "costCenter": "7"}},
    ),
    "an extension's attribute as a path": (
        [{"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Tech Infrastructure"}],
        {ENTERPRISE: {"department": "Tech Infrastructure"}},
    ),
    "the manager as a text": (
        [{"op": "Add", "path": MANAGER, "value": "b12b7cb1"}],
        {ENTERPRISE: {"manager": {"value": "b12b7cb1"}}},
    ),
    "the manager as an object": (
        [{"op": "Add", "path": MANAGER, "value": {"$ref": "../Users/b12", "value": "b12b7cb1"}}],
        {ENTERPRISE: {"manager": {"value": "b12b7cb1"}}},
    ),
    "the manager in a list of one": (
        [{"op": "Add", "path": MANAGER, "value": [{"$ref": "../Users/b12", "value": "b12b7cb1"}]}],
        {ENTERPRISE: {"manager": {"value": "b12b7cb1"}}},
    ),
    "the manager as a key without a path": (
        [{"op": "replace", "value": {MANAGER: "b12b7cb1"}}],
        {ENTERPRISE: {"manager": {"value": "b12b7cb1"}}},
    ),
    "the manager in an extension as a key": (
        [{"op": "replace", "value": {ENTERPRISE: {"manager": "b12b7cb1"}}}],
        {ENTERPRISE: {"manager": {"value": "b12b7cb1"}}},
    ),
    "no manager, as an empty text": (
        [
            {"op": "Add", "path": MANAGER, "value": "b12b7cb1"},
            {"op": "Replace", "path": MANAGER, "value": ""},
        ],
        {ENTERPRISE: None},
    ),
    "no manager, as an empty value": (
        [
            {"op": "Add", "path": MANAGER, "value": "b12b7cb1"},
            {"op": "Replace", "path": MANAGER, "value": {"value": ""}},
        ],
        {ENTERPRISE: None},
    ),
    "no manager, by a removal": (
        [
            {"op": "Add", "path": MANAGER, "value": "b12b7cb1"},
            {"op": "Remove", "path": MANAGER, "value": "b12b7cb1"},
        ],
        {ENTERPRISE: None},
    ),
    "an address removed by its value": (
        [{"op": "Remove", "path": "emails", "value": [{"type": "work"}]}],
        {"emails": None},
    ),
    "an attribute that is not kept": (
        [
            {"op": "Add", "path": "roles", "value": [{"primary": "True", "value": "Admin"}]},
            {"op": "Add", "path": "urn:contoso:2.0:User:badge", "value": "7"},
            {"op": "Replace", "path": "displayName", "value": "Kept"},
        ],
        {"displayName": "Kept", "roles": None, "urn:contoso:2.0:User:badge": None},
    ),
    "a full path of the core schema": (
        [{"op": "Replace", "path": f"{USER}:displayName", "value": "Adele V."}],
        {"displayName": "Adele V."},
    ),
    "names in other letter case": (
        [{"Op": "REPLACE", "Path": "DisplayName", "Value": "Adele V."}],
        {"displayName": "Adele V."},
    ),
}


@pytest.mark.parametrize("flag", ["", "?aadOptscim062020"], ids=["without flag", "with flag"])
@pytest.mark.parametrize("shape", SHAPES)
def test_entras_shapes_are_understood(directory: Provisioning, shape: str, flag: str) -> None:
    operations, expected = SHAPES[shape]
    adele = directory.create(user())
    response = directory.patch(f"Users/{adele['id']}{flag}", *operations)
    assert response.status_code == 200, response.content
    shown = directory.get(f"Users/{adele['id']}").json()
    assert {name: shown.get(name) for name in expected} == expected
    assert response.json() == shown


def test_a_post_with_entras_oddities_is_understood(directory: Provisioning) -> None:
    """An enabled person whose booleans are texts, whose manager is one, and who has a role."""
    odd = user(
        active="True",
        emails=[{"primary": "True", "type": "work", "value": "adele@contoso.com"}],
        roles=[],
        title=None,
        **{ENTERPRISE: {"department": "Sales", "manager": "b12b7cb1"}},
    )
    shown = directory.create(odd)
    assert shown["active"] is True
    assert shown["emails"][0]["primary"] is True
    assert shown[ENTERPRISE] == {"department": "Sales", "manager": {"value": "b12b7cb1"}}
    assert "title" not in shown
    empty = user("b@contoso.com", **{ENTERPRISE: {"department": "Sales", "manager": ""}})
    assert directory.create(empty)[ENTERPRISE] == {"department": "Sales"}


MEMBERS = {
    "without the flag: a list as value": {
        "op": "Remove",
        "path": "members",
        "value": [{"$ref": None, "value": "ID"}],
    },
    "with the flag: a filter": {"op": "remove", "path": 'members[value eq "ID"]'},
    "a full path": {
        "op": "remove",
        "path": 'urn:ietf:params:scim:schemas:core:2.0:Group:members[value eq "ID"]',
    },
}


@pytest.mark.parametrize("shape", MEMBERS)
def test_a_member_is_removed_in_every_shape(directory: Provisioning, shape: str) -> None:
    adele, megan = directory.create(user()), directory.create(user("megan@contoso.com"))
    team = directory.create(group())
    for person in (adele, megan):
        entry = [{"$ref": None, "value": person["id"]}]
        directory.change(team, {"op": "Add", "path": "members", "value": entry})
    operation = {
        name: [{"$ref": None, "value": adele["id"]}]
        if name == "value"
        else text.replace("ID", adele["id"])
        for name, text in MEMBERS[shape].items()
    }
    directory.change(team, operation)
    assert directory.get(f"Groups/{team['id']}").json()["members"] == [{"value": megan["id"]}]


@pytest.mark.parametrize(
    ("content", "scim_type"),
    [
        ({}, "invalidSyntax"),
        ({"schemas": [PATCH]}, "invalidSyntax"),
        ({"schemas": "x", "Operations": [{}]}, "invalidSyntax"),
        ({"schemas": [PATCH], "Operations": []}, "invalidSyntax"),
        ({"schemas": [PATCH], "Operations": {"op": "add"}}, "invalidSyntax"),
        ({"schemas": [PATCH], "Operations": ["add"]}, "invalidSyntax"),
        ({"schemas": [PATCH], "Operations": [{"op": "copy", "path": "title"}]}, "invalidSyntax"),
        ({"schemas": [PATCH], "Operations": [{"op": 1, "path": "title"}]}, "invalidSyntax"),
        ({"schemas": [PATCH], "Operations": [{"op": "add", "path": 1}]}, "invalidPath"),
        ({"schemas": [PATCH], "Operations": [{"op": "remove"}]}, "noTarget"),
        ({"schemas": [PATCH], "Operations": [{"op": "add", "value": "x"}]}, "invalidValue"),
        (
            {"schemas": [PATCH], "Operations": [{"op": "add", "path": "active", "value": "no"}]},
            "invalidValue",
        ),
        (
            {"schemas": [PATCH], "Operations": [{"op": "add", "path": "active", "value": 0}]},
            "invalidValue",
        ),
    ],
)
def test_what_is_no_patch_is_refused(content: dict[str, Any], scim_type: str) -> None:
    with pytest.raises(ScimError) as refused:
        dialect.operations(content)
    assert (refused.value.status, refused.value.scim_type) == (400, scim_type)


def test_long_paths_are_refused_before_they_are_parsed() -> None:
    """Each may be as long as it is; all of them would be parsed for ten seconds."""
    path = f'emails[type eq "{"x" * 1900}"].value'
    listed = [{"op": "replace", "path": path, "value": "x"}] * 500
    with pytest.raises(ScimError) as refused:
        dialect.operations({"schemas": [PATCH], "Operations": listed})
    assert refused.value.status == 413
    assert "characters in all" in refused.value.detail
    assert len(dialect.operations({"schemas": [PATCH], "Operations": listed[:50]})) == 50


@pytest.mark.parametrize("split", [True, False], ids=["by keys", "by operations"])
def test_too_many_operations_are_refused(split: bool) -> None:
    names = {f"name{number}": "x" for number in range(dialect.MAX_OPERATIONS + 1)}
    listed = [{"op": "add", "value": names}]
    if not split:
        listed = [{"op": "add", "path": name, "value": "x"} for name in names]
    with pytest.raises(ScimError) as refused:
        dialect.operations({"schemas": [PATCH], "Operations": listed})
    assert refused.value.status == 413
    assert "1000" in refused.value.detail
