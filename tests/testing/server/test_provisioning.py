from __future__ import annotations

import requests

from azuread_connections.testing import StandIn
from azuread_connections.testing.provisioning.job import ProvisioningJob
from tests.testing.provisioning.fake_server import FakeServer

URL = "http://localhost:1/scim/contoso/v2"


def press(entra: StandIn, **fields: str) -> requests.Response:
    return requests.post(f"{entra.url}/_standin/provisioning", fields, timeout=10)


def prepared(entra: StandIn) -> tuple[ProvisioningJob, FakeServer]:
    entra.add_directory("contoso.com").add_person("Adele Vance <b>")
    server = FakeServer()
    job = entra.provisioning_job(URL, "right")
    job.server.transport = server
    return job, server


def test_a_cycle_is_run_from_the_page(entra: StandIn) -> None:
    _job, server = prepared(entra)
    page = press(entra, do="cycle", job="0")
    assert len(server.users) == 1
    assert "1 created" in page.text
    assert "POST Users: 201" in page.text
    assert "Adele Vance <b>" not in page.text


def test_somebody_is_disabled_and_provisioned_on_demand(entra: StandIn) -> None:
    _job, server = prepared(entra)
    person = entra.directories[0].people[0]
    press(entra, do="cycle", job="0")
    assert "(disabled)" in press(entra, do="disable", person=person.object_id).text
    press(entra, do="demand", job="0", person=person.upn)
    assert [user["active"] for user in server.users.values()] == [False]
    press(entra, do="enable", person=person.object_id)
    assert person.enabled
    press(entra, do="delete", person=person.object_id)
    assert entra.directories[0].deleted_people == [person]


def test_a_job_is_added(entra: StandIn) -> None:
    directory = entra.add_directory("contoso.com")
    fields = {"directory": directory.tenant_id, "tenant_url": URL, "token": "hidden-token"}
    page = press(entra, do="add", **fields)
    assert URL in page.text
    assert "hidden-token" not in page.text
    # Nothing listens there.
    assert "not reached" in press(entra, do="test", job="0").text


def test_what_cannot_be_done_is_refused(entra: StandIn) -> None:
    prepared(entra)
    assert press(entra, do="add", directory="x", tenant_url=URL, token="x").status_code == 400
    for fields in (
        {"do": "cycle", "job": "1"},
        {"do": "cycle", "job": "-1"},
        {"do": "x", "job": "0"},
        {"do": "demand", "job": "0", "person": "nobody"},
        {"do": "disable", "person": "nobody"},
    ):
        assert press(entra, **fields).status_code == 404


def test_another_site_cannot_press_the_buttons(entra: StandIn) -> None:
    _job, server = prepared(entra)
    address = f"{entra.url}/_standin/provisioning"
    headers = {"Origin": "https://evil.example"}
    sent = requests.post(address, {"do": "cycle", "job": "0"}, headers=headers, timeout=10)
    assert sent.status_code == 403
    assert not server.users
