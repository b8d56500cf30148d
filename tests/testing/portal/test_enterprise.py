from __future__ import annotations

import pytest

from azuread_connections.testing import App
from tests.testing.contoso import REDIRECT_URI, Contoso, fields, get

from .conftest import Portal


@pytest.fixture
def app(portal: Portal) -> App:
    return portal.directory.add_app(redirect_uris=[REDIRECT_URI], name="Example portal")


@pytest.fixture
def path(app: App) -> str:
    return f"enterprise/{app.client_id}"


@pytest.fixture
def contoso(portal: Portal, app: App) -> Contoso:
    return Contoso(portal.entra, portal.directory, portal.directory.people[0], app)


def answer(contoso: Contoso) -> dict[str, str]:
    return fields(contoso.entra.sign_in(contoso.authorize_url(), contoso.person))


def test_only_assigned_people_sign_in(portal: Portal, contoso: Contoso, path: str) -> None:
    portal.press(path, "require", required="yes")
    refused = answer(contoso)
    assert refused["error"] == "access_denied"
    assert "AADSTS50105" in refused["error_description"]
    portal.press(path, "assign", member=contoso.person.upn)
    assert "code" in answer(contoso)
    portal.press(path, "unassign", key=contoso.person.object_id)
    assert "AADSTS50105" in answer(contoso)["error_description"]
    portal.press(path, "require", required="no")
    assert "code" in answer(contoso)


def test_members_of_an_assigned_group_sign_in_but_not_of_a_group_in_it(
    portal: Portal, contoso: Contoso, path: str
) -> None:
    sales = portal.directory.add_group("Sales", members=[contoso.person])
    portal.directory.add_group("All staff", members=[sales])
    portal.press(path, "require", required="yes")
    portal.press(path, "assign", member="All staff")
    assert "AADSTS50105" in answer(contoso)["error_description"]
    assert "Sales" in portal.press(path, "assign", member="Sales")
    assert "code" in answer(contoso)


def test_nobody_unknown_is_assigned(portal: Portal, app: App, path: str) -> None:
    portal.press(path, "require", required="yes")
    page = portal.refusal(path, "assign", member="<b>nobody</b>")
    assert "No user or group of this name was found." in page
    assert "<b>nobody" not in page
    assert app.assigned_in(portal.directory) == []


def test_apps_of_other_directories_are_listed_after_their_consent(portal: Portal) -> None:
    app = portal.entra.add_directory("fabrikam.com").add_app(name="Fabrikam CRM", multi_tenant=True)
    assert "Fabrikam CRM" not in portal.read("enterprise")
    assert get(portal.url(f"enterprise/{app.client_id}")).status_code == 404
    app.grant(portal.directory)
    assert "Fabrikam CRM" in portal.read("enterprise")
    portal.press(f"enterprise/{app.client_id}", "require", required="yes")
    assert app.requires_assignment(portal.directory)
    assert not app.requires_assignment(app.directory)
