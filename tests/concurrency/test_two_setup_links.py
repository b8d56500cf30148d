"""Two set-up links of one connection, used at the same moment."""

from __future__ import annotations

from django.test import Client

from azuread_connections.models import Application, Connection, SetupLink
from azuread_connections.setup import steps
from azuread_connections.setup.links import create_link
from azuread_connections.testing import StandIn
from tests.concurrency.crowd import all_at_once, browser
from tests.setup.customer import Customer


def test_two_links_that_change_one_directory_do_not_deadlock(
    microsoft: StandIn, application: Application
) -> None:
    first = Customer.create(microsoft, application, Client())
    customers = [first]
    for domain in ("fabrikam.com", "northwind.example", "litware.example"):
        made = create_link(connection=first.connection, applications=[application])
        directory = microsoft.add_directory(domain)
        visitor = browser()
        visitor.post(made.path)
        customers.append(Customer(directory, directory.add_app(), made, visitor))
    for _ in range(4):
        # Each has come further, so whoever is accepted takes the others back to this step.
        SetupLink.objects.update(step=steps.TRY, draft={})
        forms = [(each, each.values(domain=each.directory.domains[0])) for each in customers]
        answers = all_at_once(
            [
                lambda each=each, form=form: each.browser.post(each.url("credentials"), form)
                for each, form in forms
            ]
        )
        assert {answer.status_code for answer in answers} <= {200, 302}
    assert Connection.objects.get().tenant_id in {each.directory.tenant_id for each in customers}
