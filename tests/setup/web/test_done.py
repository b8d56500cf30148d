"""The last step."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Application, SetupLink
from azuread_connections.setup.links import approve, fingerprint
from azuread_connections.testing import StandIn
from tests.setup.customer import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(customer: Customer) -> Customer:
    assert customer.enter().status_code == 302
    SetupLink.objects.update(step="done")
    return customer


def page_of(customer: Customer) -> str:
    return customer.browser.get(customer.url("done")).content.decode()


def test_it_says_what_is_missing(customer: Customer) -> None:
    SetupLink.objects.update(step="done")
    assert "has not yet accepted" in page_of(customer)
    response = customer.browser.post(customer.url("done"))
    assert "has not yet accepted" in response.content.decode()
    assert customer.link.finished_at is None


def test_it_waits_for_the_approval_and_then_shows_the_address(ready: Customer) -> None:
    ready.finish()
    assert "waiting for approval" in page_of(ready)
    assert "/login/contoso/" not in page_of(ready)
    approve(ready.link, seen=fingerprint(ready.link))
    assert "http://testserver/login/contoso/" in page_of(ready)


def test_the_customer_can_change_something_until_the_approval(ready: Customer) -> None:
    ready.finish()
    ready.browser.post(ready.url("done"), {"reopen": "1"})
    assert ready.link.finished_at is None
    ready.finish()
    approve(ready.link, seen=fingerprint(ready.link))
    response = ready.browser.post(ready.url("done"), {"reopen": "1"})
    assert "approved already" in response.content.decode()
    assert ready.link.approved_at is not None


def test_the_button_pressed_twice_finishes_once(
    microsoft: StandIn, application: Application, client: Client
) -> None:
    customer = Customer.create(microsoft, application, client, auto_enable=True)
    customer.go_on("register")
    customer.enter()
    for _press in range(2):
        assert customer.finish().status_code == 302
    assert customer.connection.applications.get() == application
