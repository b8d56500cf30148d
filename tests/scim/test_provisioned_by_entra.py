"""Whole cycles of the imitated provisioning service against the site, in both forms."""

from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.scim import tokens
from azuread_connections.scim.models import (
    GroupMember,
    ProvisionedGroup,
    ProvisionedPerson,
    ProvisioningRequest,
)
from azuread_connections.testing import Report, StandIn
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["", "?aadOptscim062020"], ids=["without the flag", "with the flag"])
def provision(request: pytest.FixtureRequest, contoso: Company, entra: StandIn, client: Any) -> Any:
    value = tokens.create(contoso.connection)[1]
    address = f"/scim/{contoso.connection.name}/v2{request.param}"

    def provision(**options: Any) -> Report:
        report = entra.provision(address, value, client=client, **options)
        assert report.is_good, str(report)
        return report

    return provision


def test_people_groups_and_members_arrive_and_change(provision: Any, contoso: Company) -> None:
    directory, adele = contoso.directory, contoso.person
    adele.graph |= {"department": "Retail", "jobTitle": "Lead"}
    boss = directory.add_person("Megan Bowen")
    adele.manager = boss
    group = directory.add_group("Sales", members=[adele])
    report = provision()
    assert set(report.created) >= {adele.upn, boss.upn, "Sales"}
    person = ProvisionedPerson.objects.get(external_id=adele.object_id)
    assert (person.user_name, person.is_active) == (adele.upn, True)
    assert GroupMember.objects.get(group__display_name="Sales").person == person

    again = provision()
    assert {each.method for each in again.exchanges} == {"GET"}

    adele.name, adele.graph["jobTitle"], group.name = "Adele King", None, "Sales EMEA"
    adele.manager = None
    group.remove(adele)
    group.add(boss)
    provision()
    person.refresh_from_db()
    assert person.display_name == "Adele King"
    row = ProvisionedGroup.objects.get(external_id=group.object_id)
    assert row.display_name == "Sales EMEA"
    assert [member.person.user_name for member in row.members.all() if member.person] == [boss.upn]
    assert {each.method for each in provision().exchanges} == {"GET"}


def test_somebody_leaves_and_comes_back(provision: Any, contoso: Company) -> None:
    adele = contoso.person
    provision()
    person = ProvisionedPerson.objects.get(external_id=adele.object_id)
    for enabled in (False, True):
        adele.enabled = enabled
        provision()
        person.refresh_from_db()
        assert person.is_active is enabled
    contoso.directory.delete_person(adele)
    assert provision().disabled == [adele.upn]
    contoso.directory.delete_person(adele, for_good=True)
    assert provision().deleted == [adele.upn]
    person.refresh_from_db()
    assert person.deleted_at is not None


def test_one_person_is_provisioned_on_demand(provision: Any, contoso: Company) -> None:
    provision(on_demand=contoso.person)
    assert ProvisionedPerson.objects.filter(external_id=contoso.person.object_id).exists()


def test_every_request_is_in_the_log_without_the_token(provision: Any, contoso: Company) -> None:
    report = provision()
    rows = list(ProvisioningRequest.objects.values())
    assert len(rows) == len(report.exchanges)
    assert "azscim_" not in repr(rows)
