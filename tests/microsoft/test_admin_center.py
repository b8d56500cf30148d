"""Links into the admin center, for instructions."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import requests

from azuread_connections.entra.cloud import CLOUDS
from azuread_connections.microsoft import admin_center
from azuread_connections.microsoft.admin_center import AppPage
from azuread_connections.testing import StandIn

CLIENT_ID = "0c2f6a3e-8d57-4c1b-a0d4-3b9e5f7c1101"


@pytest.fixture
def standin(entra: StandIn, settings: Any) -> StandIn:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"LOGIN_URL": entra.url}
    return entra


@pytest.fixture
def no_standin(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"LOGIN_URL": ""}


@pytest.mark.usefixtures("no_standin")
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_has_its_own_admin_center(cloud: str) -> None:
    home = admin_center.home_url(cloud)
    assert (
        home
        == {
            "global": "https://entra.microsoft.com",
            "usgov": "https://portal.azure.us",
            "dod": "https://portal.azure.us",
            "china": "https://portal.azure.cn",
        }[cloud]
    )
    assert admin_center.directory_url(cloud).startswith(f"{home}/#view/Microsoft_AAD_IAM/")
    assert admin_center.new_registration_url(cloud) == (
        f"{home}/#view/Microsoft_AAD_RegisteredApps/CreateApplicationBlade"
    )
    assert admin_center.app_url(cloud, CLIENT_ID, "credentials") == (
        f"{home}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/"
        f"{CLIENT_ID}"
    )


def test_without_a_client_id_the_link_leads_to_the_list(no_standin: None) -> None:
    assert admin_center.app_url("global", "") == admin_center.app_registrations_url("global")


def test_a_client_id_cannot_lead_elsewhere(no_standin: None, standin: StandIn) -> None:
    assert "/../" not in admin_center.app_url("global", "/../../x?y#z")
    assert "?" not in admin_center.app_url("global", "/../../x?y#z")


def test_the_stand_in_replaces_only_the_global_clouds(standin: StandIn) -> None:
    assert admin_center.home_url("usgov") == "https://portal.azure.us"
    assert admin_center.home_url("global") == f"{standin.url}/_standin/portal/"


def test_the_links_lead_to_the_portals_own_pages(standin: StandIn) -> None:
    app = standin.add_directory("contoso.com").add_app(name="Example portal")
    headings = {
        admin_center.home_url("global"): "Overview",
        admin_center.directory_url("global"): "Overview",
        admin_center.app_registrations_url("global"): "App registrations",
        admin_center.new_registration_url("global"): "Register an application",
    }
    titles: dict[AppPage, str] = {
        "overview": "Example portal",
        "authentication": "Authentication",
        "credentials": "Certificates &amp; secrets",
        "permissions": "API permissions",
    }
    assert set(titles) == set(get_args(AppPage))
    headings |= {
        admin_center.app_url("global", app.client_id, page): title for page, title in titles.items()
    }
    for address, heading in headings.items():
        assert f"<h1>{heading}</h1>" in requests.get(address, timeout=10).text
