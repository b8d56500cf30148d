"""Two administrators of a customer who work with the same link at the same moment."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from azuread_connections.models import Application, EnabledConnection, SetupLink, SetupSession
from azuread_connections.setup.draft import Draft
from azuread_connections.setup.links import create_link
from azuread_connections.testing import StandIn
from tests.concurrency.crowd import all_at_once, browser
from tests.setup.customer import Customer


@pytest.fixture
def customer(microsoft: StandIn, application: Application) -> Customer:
    customer = Customer.create(microsoft, application, browser())
    customer.go_on("register")
    return customer


def test_a_link_is_opened_as_often_as_it_says(microsoft: StandIn, application: Application) -> None:
    made = create_link(applications=[application], name="Contoso", max_openings=3)
    clients = [browser() for _ in range(8)]
    answers = all_at_once([lambda c=c: c.post(made.path).status_code for c in clients])
    assert Counter(answers) == {302: 3, 404: 5}
    assert SetupLink.objects.get().openings_used == SetupSession.objects.count() == 3


def test_the_same_entries_sent_twice_store_one_credential(customer: Customer) -> None:
    values = customer.values()

    def enter() -> int:
        status: int = customer.browser.post(customer.url("credentials"), values).status_code
        return status

    # One that comes too late for its own test is told so, and has nothing to enter again.
    assert set(all_at_once([enter] * 4)) <= {302, 200}
    assert 302 in {enter()}
    assert customer.connection.credentials.count() == 1
    assert Draft.of(customer.link) == Draft()


def test_of_different_entries_one_is_stored_and_the_others_are_refused(customer: Customer) -> None:
    clients = [browser() for _ in range(4)]
    for client in clients:
        assert client.post(customer.made.path).status_code == 302
    secrets = [customer.app.add_secret() for _ in clients]
    values = [customer.values(client_secret=each.value) for each in secrets]

    def enter(number: int) -> Any:
        return clients[number].post(customer.url("credentials"), values[number])

    answers = all_at_once([lambda n=n: enter(n) for n in range(len(clients))])
    saved = [number for number, answer in enumerate(answers) if answer.status_code == 302]
    refused = [answer.content.decode() for answer in answers if answer.status_code == 200]
    assert len(saved) == 1
    assert len(refused) == 3
    assert all("A colleague has saved this step" in page for page in refused)
    (stored,) = customer.connection.credentials.all()
    assert stored.value.holds(secrets[saved[0]].value)


def test_a_set_up_is_finished_once(customer: Customer) -> None:
    assert customer.enter().status_code == 302
    SetupLink.objects.update(step="done", auto_enable=True)
    url = customer.url("done")
    all_at_once([lambda: customer.browser.post(url).status_code] * 4)
    assert customer.link.finished_at is not None
    assert EnabledConnection.objects.count() == 1
