"""What still clashes after the last attempt is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from azuread_connections.scim import groups, people
from azuread_connections.scim.errors import ScimError
from azuread_connections.scim.models import ProvisionedGroup, ProvisionedPerson
from azuread_connections.scim.storage import store
from tests.scim.directory import Provisioning, group, guid, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _looked_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request stores its row after this one has looked for it."""
    for module in (people, groups):
        monkeypatch.setattr(module, "_require_unique", lambda row: None)


def assert_clash(response: Any, name: str) -> None:
    shown = response.json()
    assert (response.status_code, shown["scimType"]) == (409, "uniqueness")
    assert shown["detail"] in {f"Another {kind} has the same {name}." for kind in ("User", "Group")}


@pytest.mark.parametrize("name", ["userName", "externalId"])
def test_a_persons_clash_is_named(directory: Provisioning, name: str) -> None:
    adele, megan = user(), user("megan@contoso.com")
    shown = directory.create(adele)
    same = {name: adele[name]}
    if name == "userName":
        assert_clash(directory.post("Users", {**megan, **same}), name)
    assert ProvisionedPerson.objects.count() == 1
    other = directory.create(megan)
    response = directory.send("PUT", f"Users/{other['id']}", {**megan, **same})
    assert_clash(response, name)
    operation = {"op": "Replace", "path": name, "value": shown[name]}
    assert_clash(directory.patch(f"Users/{other['id']}", operation), name)


def test_a_groups_clash_is_named(directory: Provisioning) -> None:
    team = directory.create(group())
    assert_clash(directory.post("Groups", {**group(), **team}), "externalId")
    other = directory.create(group("Sales"))
    operation = {"op": "Replace", "path": "externalId", "value": team["externalId"]}
    assert_clash(directory.patch(f"Groups/{other['id']}", operation), "externalId")
    assert ProvisionedGroup.objects.count() == 2


def test_a_clash_that_is_gone_names_both(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request was rolled back after this one's last attempt."""

    def clash(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("UNIQUE")

    monkeypatch.setattr(ProvisionedPerson, "save", clash)
    assert_clash(directory.post("Users", user(active=False)), "userName or externalId")


def test_anything_else_says_to_try_again(directory: Provisioning) -> None:
    attempts = []

    def clash(is_last: bool) -> None:
        attempts.append(is_last)
        raise IntegrityError(guid())

    with pytest.raises(ScimError, match="Try again") as refused:
        store(clash)
    assert (refused.value.status, refused.value.scim_type) == (409, "uniqueness")
    assert attempts == [False, False, False, True]
