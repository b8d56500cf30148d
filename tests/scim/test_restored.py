"""A database that was restored from a dump of before somebody left: what Entra then sends."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from azuread_connections.scim import tokens
from azuread_connections.scim.models import ProvisionedPerson, ScimToken
from azuread_connections.testing import Report, StandIn
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(contoso: Company, settings: Any) -> Company:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    return contoso


class Entra:
    """Contoso's provisioning, and a database that can forget what it has learnt."""

    def __init__(self, company: Company, browser: Client) -> None:
        self._token = tokens.create(company.connection)[1]
        self.job = company.microsoft.provisioning_job(
            f"/scim/{company.connection.name}/v2", self._token, client=browser
        )
        self._company = company

    def cycle(self) -> Report:
        return self.job.cycle()

    def leave_and_restore(self) -> None:
        """The person is disabled, Entra says so, and then a dump of before is restored."""
        self._company.person.enabled = False
        assert self.cycle().disabled == [self._company.person.upn]
        people = ProvisionedPerson.objects.filter(external_id=self._company.person.object_id)
        people.update(is_active=True)

    def is_active(self) -> bool:
        return ProvisionedPerson.objects.get(external_id=self._company.person.object_id).is_active


@pytest.fixture
def provisioned(company: Company, entra: StandIn) -> Entra:
    found = Entra(company, Client())
    found.cycle()
    return found


def test_a_restart_of_provisioning_reports_leavers_again(
    provisioned: Entra, company: Company
) -> None:
    provisioned.leave_and_restore()
    assert provisioned.is_active()
    provisioned.job.restart()
    assert provisioned.cycle().disabled == [company.person.upn]
    assert not provisioned.is_active()


def test_meanwhile_no_session_is_left(provisioned: Entra, company: Company) -> None:
    browser = Client()
    company.sign_in(browser)
    provisioned.leave_and_restore()
    call_command("end_sessions", "--all")
    assert browser.get("/login/profile").status_code == 401


def test_a_token_that_was_made_since_is_unknown(provisioned: Entra) -> None:
    """Entra's job is in quarantine until it gets another token, and is restarted."""
    ScimToken.objects.all().delete()
    assert not provisioned.cycle().is_good
    assert provisioned.job.quarantine
