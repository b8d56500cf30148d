"""The step in which the customer registers the app."""

from __future__ import annotations

import pytest

from azuread_connections.models import Connection, Event
from tests.factories import ApplicationFactory
from tests.setup.customer import Customer

pytestmark = pytest.mark.django_db


def page_of(customer: Customer) -> str:
    return customer.browser.get(customer.url("register")).content.decode()


def test_what_to_enter_can_be_copied(customer: Customer) -> None:
    page = page_of(customer)
    assert '<code id="setup-redirect-uri">http://testserver/login/callback</code>' in page
    assert '<code id="setup-name">Default App</code>' in page
    assert '<strong id="setup-account-type">Single tenant only</strong>' in page
    for source in ("setup-name", "setup-account-type", "setup-redirect-uri"):
        assert f'data-azuread-copy="{source}"' in page
    assert "(Single tenant)" in page
    assert "(Multitenant)" not in page


def test_a_shared_registration_takes_any_directory(customer: Customer) -> None:
    Connection.objects.update(use_common_endpoint=True)
    assert "(Multitenant)" in page_of(customer)


def test_only_hosts_of_the_links_applications_are_named(customer: Customer) -> None:
    own, other = customer.link.applications.get(), ApplicationFactory.create()
    own.host_rows.create(host="portal.example.com")
    other.host_rows.create(host="northwind.example.com")
    page = page_of(customer)
    assert "http://portal.example.com/login/callback" in page
    assert "northwind" not in page


def test_each_step_is_logged_when_it_is_left_for_the_first_time(customer: Customer) -> None:
    for _press in range(2):
        customer.browser.post(customer.url("register"))
    logged = Event.objects.filter(kind="setup_step", reference=customer.link.reference)
    assert [each.message.split(". ")[-1] for each in logged] == [
        "Went on from the step register to credentials."
    ]
