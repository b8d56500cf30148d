"""The five definitions of a cloud agree."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from azuread_connections.entra.cloud import CLOUDS, identity_cloud
from azuread_connections.models import Connection, Identity
from azuread_connections.testing import clouds as standin

PAGE = Path(__file__).resolve().parents[2] / "docs/clouds.md"


def test_a_connection_has_the_choice_of_each_cloud() -> None:
    assert set(Connection.Cloud.values) == set(CLOUDS)


def test_people_are_identified_by_clouds_with_separate_login_hosts() -> None:
    assert set(Identity.Cloud.values) == {identity_cloud(name) for name in CLOUDS}


@pytest.mark.parametrize("name", CLOUDS)
def test_the_stand_in_imitates_each_cloud(name: str) -> None:
    assert name in standin.CLOUDS, "testing/clouds.py: the stand-in does not know it"
    cloud, imitated = CLOUDS[name], standin.CLOUDS[name]
    assert imitated.instance == cloud.instance_name
    assert imitated.login == cloud.login_url
    assert f"https://{imitated.graph_host}" == cloud.graph_url
    assert name in typing.get_args(standin.CloudName)


@pytest.mark.parametrize("name", CLOUDS)
def test_each_cloud_is_in_the_table(name: str) -> None:
    hosts = [
        url.removeprefix("https://") for url in (CLOUDS[name].login_url, CLOUDS[name].graph_url)
    ]
    row = f"| `{name}` | `{hosts[0]}` | `{hosts[1]}` |"
    assert row in PAGE.read_text(), "docs/clouds.md: the table has no such row"
