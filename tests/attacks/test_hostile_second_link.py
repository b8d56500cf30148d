"""Somebody with another, older link for a connection: forwarded, found, or never revoked."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Application, EnabledConnection, SetupLink
from azuread_connections.setup import steps
from azuread_connections.setup.links import (
    CreatedLink,
    LinkError,
    approve,
    create_link,
    fingerprint,
)
from azuread_connections.testing import StandIn
from tests.company import CALLBACK_URL
from tests.setup.customer import Customer

from .catalogue import Attacker, attack
from .test_hostile_colleague import BACKEND

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CUSTOMER)]

LINKS = "/admin/azuread_connections/setuplink/"


@pytest.fixture
def customer(microsoft: StandIn, application: Application, client: Client) -> Customer:
    """A customer who has finished with a trial that worked, and waits for approval."""
    customer = Customer.create(microsoft, application, client)
    customer.go_on("register")
    assert customer.enter().status_code == 302
    SetupLink.objects.update(step=steps.TRY)
    begun = customer.browser.post(customer.url("try"), {"try": "1"})
    person = customer.directory.add_person("adele@contoso.com")
    customer.browser.get(microsoft.sign_in(begun, person))
    customer.browser.post(customer.url("try"), {"finish": "1"})
    assert customer.link.state == SetupLink.State.FINISHED
    return customer


@pytest.fixture
def other(customer: Customer, application: Application, microsoft: StandIn) -> Customer:
    """Somebody with another link for the same connection, and a directory of their own."""
    made: CreatedLink = create_link(connection=customer.connection, applications=[application])
    directory = microsoft.add_directory("evil.example")
    app = directory.add_app(redirect_uris=[CALLBACK_URL])
    browser = Client()
    assert browser.post(made.path).status_code == 302
    SetupLink.objects.filter(pk=made.link.pk).update(step=steps.CREDENTIALS)
    return Customer(directory, app, made, browser)


@attack(
    wants="an approval of their directory, by the trial and the last step of another customer",
    stopped_by="another directory takes every unapproved link of the connection back to its step",
)
def test_exchanging_the_directory_of_a_finished_set_up(customer: Customer, other: Customer) -> None:
    assert other.enter(domain="evil.example").status_code == 302
    assert customer.connection.tenant_id == other.directory.tenant_id
    assert customer.link.state == SetupLink.State.UNDER_WAY
    assert customer.link.step == steps.CREDENTIALS
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"), BACKEND)
    page: Any = boss.get(f"{LINKS}{customer.link.pk}/approve/")
    boss.post(f"{LINKS}{customer.link.pk}/approve/", {"seen": page.context["seen"]})
    with pytest.raises(LinkError):
        approve(customer.link, seen=fingerprint(customer.link))
    assert not EnabledConnection.objects.exists()


@attack(
    wants="to exchange the directory of an approved connection while it is switched off",
    stopped_by="a link never changes the directory of a connection that somebody has approved",
)
def test_exchanging_the_directory_after_the_approval(customer: Customer, other: Customer) -> None:
    approve(customer.link, seen=fingerprint(customer.link))
    EnabledConnection.objects.all().delete()
    other.enter(domain="evil.example")
    assert customer.connection.tenant_id == customer.directory.tenant_id
    assert customer.connection.client_id == customer.app.client_id


@attack(
    wants="an approval of their directory, through the page that the approver has open",
    stopped_by="the approval names what was seen, and is refused if that has changed",
)
def test_finishing_with_another_link_while_somebody_approves(
    customer: Customer, other: Customer
) -> None:
    seen = fingerprint(customer.link)
    other.enter(domain="evil.example")
    SetupLink.objects.update(finished_at=timezone.now())
    for link in (customer.link, other.link):
        with pytest.raises(LinkError):
            approve(link, seen=seen)
    assert not EnabledConnection.objects.exists()
