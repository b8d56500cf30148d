"""Provisioning on a site that reads from a replica, which has none of the rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from azuread_connections.models import Connection
from azuread_connections.models.primary import read_primary
from azuread_connections.scim.models import ProvisionedPerson, ScimToken
from tests.company import Company, error_code
from tests.replica import SITES, read_from_replica_behind_ours
from tests.scim.directory import Provisioning, group, user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("replica")]


@pytest.fixture(autouse=True, params=SITES, ids=lambda site: site.__name__)
def _site(request: pytest.FixtureRequest, settings: Any) -> None:
    request.param(settings)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


@pytest.fixture
def adele(contoso: Company, directory: Provisioning) -> dict[str, Any]:
    return directory.create(user(contoso.person.upn, externalId=contoso.person.object_id))


def is_signed_in(browser: Client) -> bool:
    return browser.get("/login/profile").status_code == 200


def test_a_deactivated_person_is_signed_out_and_back_after_the_reactivation(
    contoso: Company, directory: Provisioning, adele: dict[str, Any]
) -> None:
    browser = Client()
    contoso.sign_in(browser)
    assert is_signed_in(browser)

    directory.set_active(adele, False)
    assert not is_signed_in(browser)
    assert not read_primary(User).get().is_active
    assert error_code(contoso.sign_in(Client())) == "user_refused"

    directory.set_active(adele, True)
    assert contoso.sign_in(browser)["Location"] == "/"
    assert is_signed_in(browser)


def test_what_was_just_written_is_in_the_next_answer(
    directory: Provisioning, adele: dict[str, Any]
) -> None:
    directory.change(adele, {"op": "Replace", "path": "displayName", "value": "Adele Jones"})
    found = directory.get(f"Users/{adele['id']}").json()
    assert found["displayName"] == "Adele Jones"
    listed = directory.get(f'Users?filter=userName eq "{adele["userName"]}"').json()
    assert listed["totalResults"] == 1
    assert directory.post("Users", user(adele["userName"])).status_code == 409


def test_a_person_who_is_deleted_and_reported_again_keeps_their_user(
    directory: Provisioning, adele: dict[str, Any], settings: Any
) -> None:
    # Whether the user holds permissions is asked by Django's backend.
    read_from_replica_behind_ours(settings)
    assert directory.send("DELETE", f"Users/{adele['id']}").status_code == 204
    assert directory.get(f"Users/{adele['id']}").status_code == 404
    directory.create(user(adele["userName"], externalId=adele["externalId"]))
    assert read_primary(User).count() == 1
    assert ProvisionedPerson.objects.get(deleted_at=None).user_id is not None


def test_a_group_gives_rights_and_takes_them(
    directory: Provisioning, adele: dict[str, Any]
) -> None:
    engineers = Group(name="Engineering")
    engineers.save()
    Connection.objects.update(security_groups=True)
    team = directory.create(group())
    directory.connection.group_mappings.create(
        directory_group_id=team["externalId"], group=engineers
    )
    member = {"path": "members", "value": [{"value": adele["id"]}]}
    directory.change(team, {"op": "Add", **member})
    assert read_primary(User).filter(groups=engineers).exists()
    directory.change(team, {"op": "Remove", **member})
    assert not read_primary(User).filter(groups=engineers).exists()


def test_a_deleted_token_is_refused(directory: Provisioning, adele: dict[str, Any]) -> None:
    ScimToken.objects.all().delete()
    assert directory.get(f"Users/{adele['id']}").status_code == 401
