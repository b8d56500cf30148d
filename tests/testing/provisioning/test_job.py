"""Cycles of the imitated provisioning service, against a small SCIM server in memory."""

from __future__ import annotations

from typing import Any

from azuread_connections.testing import Directory
from azuread_connections.testing.provisioning.job import QUARANTINE_FAILURES, ProvisioningJob
from azuread_connections.testing.provisioning.mapping import ENTERPRISE

from .fake_server import FakeServer


def only(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows.values()
    return row


def patches(report: Any) -> list[dict[str, Any]]:
    return [operation for each in report.sent("PATCH") for operation in each.body["Operations"]]


def test_the_first_cycle_looks_everybody_up_and_creates_them(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person("Adele Vance", graph={"department": "Retail", "jobTitle": "Lead"})
    report = job.cycle()
    assert report.created == [adele.upn]
    assert [each.path.partition("=")[2] for each in report.sent("GET", "Users?")][1:] == [
        f"externalId%20eq%20%22{adele.object_id}%22",
        f"userName%20eq%20%22{adele.upn.replace('@', '%40')}%22",
    ]
    sent = only(server.users)
    assert (sent["externalId"], sent["active"]) == (adele.object_id, True)
    assert sent["emails"] == [{"primary": True, "type": "work", "value": adele.mail}]
    assert sent["name"]["givenName"] == "Adele"
    assert sent[ENTERPRISE] == {"department": "Retail"}


def test_a_later_cycle_sends_nothing_if_nothing_has_changed(
    job: ProvisioningJob, directory: Directory
) -> None:
    adele = directory.add_person()
    directory.add_group("Sales", members=[adele])
    job.cycle()
    report = job.cycle()
    assert report.is_good
    assert {each.method for each in report.exchanges} == {"GET"}


def test_only_changed_attributes_are_sent(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person(graph={"jobTitle": "Lead"})
    job.cycle()
    adele.name, adele.family_name, adele.mail = "Adele King", "King", "king@contoso.com"
    adele.graph["jobTitle"] = None
    report = job.cycle()
    assert report.updated == [adele.upn]
    user = only(server.users)
    assert (user["displayName"], user["name"]["familyName"]) == ("Adele King", "King")
    assert user["emails"][0]["value"] == "king@contoso.com"
    assert user["title"] is None
    assert "userName" not in str(patches(report))


def test_a_disabled_person_becomes_inactive_and_active_again(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    job.cycle()
    adele.enabled = False
    disabled = job.cycle()
    expected: dict[str, Any] = (
        {"op": "replace", "value": {"active": False}}
        if job.has_flag
        else {"op": "Replace", "path": "active", "value": "False"}
    )
    assert patches(disabled) == [expected]
    assert disabled.disabled == [adele.upn]
    adele.enabled = True
    job.cycle()
    assert only(server.users)["active"] is True


def test_a_disabled_person_whom_the_server_does_not_know_is_not_created(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    directory.add_person(enabled=False)
    assert job.cycle().is_good
    assert not server.users


def test_a_deleted_person_is_deactivated_first_and_deleted_later(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    job.cycle()
    directory.delete_person(adele)
    assert job.cycle().disabled == [adele.upn]
    assert only(server.users)["active"] is False
    assert job.cycle().disabled == []
    directory.delete_person(adele, for_good=True)
    assert job.cycle().deleted == [adele.upn]
    assert not server.users


def test_a_restored_person_is_active_again(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    job.cycle()
    directory.delete_person(adele)
    job.cycle()
    directory.restore_person(adele)
    job.cycle()
    assert only(server.users)["active"] is True


def test_somebody_out_of_scope_is_deactivated(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    job.cycle()
    job.assigned = []
    assert job.cycle().disabled == [adele.upn]


def test_an_assigned_group_brings_its_members(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele, _alex = directory.add_person("Adele Vance"), directory.add_person("Alex Wilber")
    job.assigned = [directory.add_group("Sales", members=[adele])]
    job.cycle()
    assert only(server.users)["externalId"] == adele.object_id
    assert only(server.groups)["members"] == list(server.users)


def test_members_are_added_and_removed(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    people = [directory.add_person(f"Person {number}") for number in range(3)]
    group = directory.add_group("Sales", members=people[:2])
    report = job.cycle()
    assert only(server.groups)["members"] == [job.ids[each.object_id] for each in people[:2]]
    assert report.sent("GET", "Groups?excludedAttributes=members&filter=")
    group.remove(people[0])
    group.add(people[2])
    changed = patches(job.cycle())
    assert only(server.groups)["members"] == [job.ids[each.object_id] for each in people[1:]]
    gone = job.ids[people[0].object_id]
    removal = (
        {"op": "remove", "path": f'members[value eq "{gone}"]'}
        if job.has_flag
        else {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": gone}]}
    )
    assert removal in changed


def test_a_group_is_renamed_and_deleted(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    group = directory.add_group("Sales")
    job.cycle()
    group.name = "Sales EMEA"
    job.cycle()
    assert only(server.groups)["displayName"] == "Sales EMEA"
    directory.delete_group(group)
    assert job.cycle().deleted == ["Sales EMEA"]
    assert not server.groups


def test_a_manager_is_sent_as_plain_text_and_removed_by_an_empty_one(
    job: ProvisioningJob, directory: Directory
) -> None:
    adele, boss = directory.add_person("Adele Vance"), directory.add_person("Megan Bowen")
    adele.manager = boss
    path = f"{ENTERPRISE}:manager"
    (set_manager,) = patches(job.cycle())
    assert (set_manager["path"], set_manager["value"]) == (path, job.ids[boss.object_id])
    assert patches(job.cycle()) == []
    adele.manager = None
    (removed,) = patches(job.cycle())
    assert (removed["path"], removed["value"]) == (path, "")


def test_on_demand_provisions_one_person_in_the_form_without_the_flag(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele, _alex = directory.add_person("Adele Vance"), directory.add_person("Alex Wilber")
    assert job.provision_on_demand(adele).created == [adele.upn]
    adele.enabled = False
    (operation,) = patches(job.provision_on_demand(adele))
    assert operation == {"op": "Replace", "path": "active", "value": "False"}
    assert len(server.users) == 1


def test_who_is_at_the_server_already_is_matched(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    server.users["7"] = {"id": "7", "userName": adele.upn}
    report = job.cycle()
    assert (report.created, report.updated) == ([], [adele.upn])
    assert only(server.users)["externalId"] == adele.object_id


def test_another_person_with_the_same_user_name_is_not_taken_over(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    server.users["7"] = {"id": "7", "userName": adele.upn, "externalId": "somebody else"}
    assert job.cycle().created == [adele.upn]
    assert server.users["7"]["externalId"] == "somebody else"


def test_a_wrong_token_puts_the_job_into_quarantine(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    directory.add_person()
    server.token = "another"
    assert "401" in job.cycle().quarantine
    assert job.cycle().exchanges == []
    server.token = "right"
    job.restart()
    assert job.cycle().is_good
    assert len(server.users) == 1


def test_many_failures_put_the_job_into_quarantine(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    for number in range(QUARANTINE_FAILURES):
        directory.add_person(f"Person {number}")
    server.refused["POST"] = 400
    report = job.cycle()
    assert len(report.failed) == QUARANTINE_FAILURES
    assert report.quarantine
    assert len(report.refusals) == QUARANTINE_FAILURES


def test_one_failure_is_tried_again_in_the_next_cycle(
    job: ProvisioningJob, directory: Directory, server: FakeServer
) -> None:
    adele = directory.add_person()
    server.refused["POST"] = 500
    assert job.cycle().failed == [adele.upn]
    server.refused.clear()
    assert job.cycle().created == [adele.upn]


def test_a_report_shows_no_token(job: ProvisioningJob, directory: Directory) -> None:
    directory.add_person()
    report = job.cycle()
    assert job.server.token not in str(report) + repr(report)
    assert "POST Users: 201" in str(report)
