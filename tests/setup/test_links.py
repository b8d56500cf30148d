from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    EnabledConnection,
    Event,
    SetupLink,
)
from azuread_connections.setup.credentials import remember_entered
from azuread_connections.setup.links import (
    LinkError,
    approve,
    create_link,
    fingerprint,
    finish,
    reopen,
    revoke,
)
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import ApplicationFactory, ConnectionFactory, UserFactory
from tests.setup.customer import Customer

pytestmark = pytest.mark.django_db
State = SetupLink.State


@pytest.fixture
def ready(customer: Customer) -> Customer:
    """A customer whose values Microsoft has accepted."""
    assert customer.enter().status_code == 302
    return customer


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Contoso Ltd.", "contoso-ltd"),
        ("  Müller & Söhne  ", "muller-sohne"),
        ("株式会社", "customer"),
        ("setup", "setup-2"),
        ("Callback", "callback-2"),
        ("---", "customer"),
        ("a_b", "a-b"),
    ],
)
def test_a_new_connection_is_named_after_what_was_typed(
    application: Application, typed: str, name: str
) -> None:
    link = create_link(applications=[application], name=typed).link
    connection = Connection.objects.get()
    assert link.connection == connection
    assert connection.name == name
    assert connection.display_name == typed.strip()
    connection.full_clean(exclude=["domain", "client_id"])


def test_a_name_that_is_taken_gets_a_number(application: Application) -> None:
    names = [
        create_link(applications=[application], name="Contoso").link.connection_name
        for _each in range(3)
    ]
    assert names == ["contoso", "contoso-2", "contoso-3"]


@pytest.mark.parametrize("typed", ["x" * 129, "a\tb\x00", " "])
def test_a_name_that_cannot_be_shown_is_refused(application: Application, typed: str) -> None:
    with pytest.raises(ValidationError):
        create_link(applications=[application], name=typed)
    assert not Connection.objects.exists()


def test_an_application_without_people_is_refused() -> None:
    service = ApplicationFactory.create(application_type=Application.Type.MACHINE_TO_MACHINE)
    with pytest.raises(LinkError):
        create_link(applications=[service], name="Contoso")


def test_the_database_has_only_the_hash_of_the_token(application: Application) -> None:
    made = create_link(applications=[application], name="Contoso")
    assert len(made.token) == 43
    assert made.token not in repr(made)
    stored = SetupLink.objects.values().get()
    assert made.token not in str(stored)


def test_its_life_is_logged_with_its_reference(ready: Customer) -> None:
    user = UserFactory.create(first_name="Megan", last_name="Bowen")
    ready.finish()
    approve(ready.link, seen=fingerprint(ready.link), by=user)
    revoke(ready.link, by=user)
    events = Event.objects.filter(kind=Event.Kind.SETUP_LINK, reference=ready.link.reference)
    messages = [each.message.split()[0] for each in events.order_by("pk")]
    assert messages == ["Created,", "Opened.", "The", "Approved:", "Revoked."]
    assert events.order_by("pk").last().person == "Megan Bowen"  # type: ignore[union-attr]


def test_states(ready: Customer) -> None:
    assert ready.link.state == State.UNDER_WAY
    ready.finish()
    assert ready.link.state == State.FINISHED
    approve(ready.link, seen=fingerprint(ready.link))
    assert ready.link.state == State.APPROVED
    fresh = create_link(applications=[Application.objects.get()], name="Fabrikam").link
    assert fresh.state == State.SENT
    revoke(fresh)
    assert fresh.state == State.REVOKED
    fresh.revoked_at = None
    fresh.expires_at = timezone.now()
    assert fresh.state == State.OVER


def test_nobody_signs_in_before_the_approval(ready: Customer, application: Application) -> None:
    ready.finish()
    assert not EnabledConnection.objects.exists()
    approve(ready.link, seen=fingerprint(ready.link))
    assert EnabledConnection.objects.get().application == application


def test_what_is_approved_is_what_was_seen(ready: Customer) -> None:
    ready.finish()
    seen = fingerprint(ready.link)
    Connection.objects.update(client_id="11112222-bbbb-3333-cccc-4444dddd5555")
    with pytest.raises(LinkError, match="have changed"):
        approve(ready.link, seen=seen)
    assert not EnabledConnection.objects.exists()


def test_a_set_up_that_was_reopened_is_not_approved(ready: Customer) -> None:
    ready.finish()
    seen = fingerprint(ready.link)
    reopen(ready.link)
    with pytest.raises(LinkError, match="not finished"):
        approve(ready.link, seen=seen)


def test_a_revoked_link_is_not_approved(ready: Customer) -> None:
    ready.finish()
    revoke(ready.link)
    with pytest.raises(LinkError, match="revoked"):
        approve(ready.link, seen=fingerprint(ready.link))


def test_a_revoked_link_keeps_nothing_that_was_entered(customer: Customer) -> None:
    customer.enter(expires_at="")
    assert customer.link.draft["secret"]
    revoke(customer.link)
    assert customer.link.draft == {}


def test_an_approved_set_up_is_not_reopened(ready: Customer) -> None:
    ready.finish()
    approve(ready.link, seen=fingerprint(ready.link))
    with pytest.raises(LinkError, match="approved already"):
        reopen(ready.link)


def test_without_an_accepted_credential_nothing_is_finished(ready: Customer) -> None:
    Credential.objects.update(last_success_at=None)
    with pytest.raises(LinkError, match="not yet accepted"):
        finish(ready.link)
    assert ready.link.finished_at is None


def test_required_domains_must_be_proven(ready: Customer) -> None:
    SetupLink.objects.update(domains="required")
    ready.connection.aliases.create(domain="contoso.example")
    with pytest.raises(LinkError, match=r"contoso\.example"):
        finish(ready.link)
    ready.connection.aliases.all().mark_verified(ready.directory.tenant_id)
    finish(ready.link)


@pytest.mark.parametrize(
    "state",
    [
        {"last_success_at": None},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"refused_at": timezone.now()},
    ],
)
def test_a_credential_that_cannot_be_used_finishes_nothing(
    ready: Customer, state: dict[str, Any]
) -> None:
    Credential.objects.update(**state)
    with pytest.raises(LinkError, match="not yet accepted"):
        finish(ready.link)


def test_an_expired_link_finishes_nothing(ready: Customer) -> None:
    SetupLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(LinkError, match="no longer valid"):
        finish(ready.link)


def test_auto_enable_enables_at_the_end(
    microsoft: StandIn, application: Application, client: Client
) -> None:
    customer = Customer.create(microsoft, application, client, auto_enable=True)
    customer.go_on("register")
    customer.enter()
    assert not EnabledConnection.objects.exists()
    customer.finish()
    assert EnabledConnection.objects.get().connection == customer.connection
    assert customer.link.state == State.APPROVED


def test_a_renewal_enables_nothing(contoso: Company, client: Client) -> None:
    EnabledConnection.objects.all().delete()
    link = create_link(connection=contoso.connection, purpose="renew").link
    Credential.objects.update(last_success_at=timezone.now(), created_at=timezone.now())
    remember_entered(link, Credential.objects.get())
    finish(link)
    assert link.state == State.APPROVED
    assert not EnabledConnection.objects.exists()


def test_an_unfinished_connection_cannot_be_renewed(application: Application) -> None:
    connection = create_link(applications=[application], name="Contoso").link.connection
    with pytest.raises(LinkError):
        create_link(connection=connection, purpose="renew")


def test_a_link_survives_the_deletion_of_its_connection(customer: Customer) -> None:
    customer.connection.delete()
    assert customer.link.state == State.OVER
    assert customer.browser.get(customer.url("credentials")).status_code == 403
    assert customer.browser.get(customer.made.path).status_code == 404
    with pytest.raises(LinkError, match="deleted"):
        approve(customer.link, seen="")


@pytest.mark.parametrize(
    "options",
    [
        {"lifetime": timedelta(0)},
        {"lifetime": timedelta(days=31)},
        {"max_openings": 0},
        {"max_openings": 101},
        {"applications": []},
        {"connection": None, "name": ""},
    ],
)
def test_limits(application: Application, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        create_link(**({"applications": [application], "name": "Contoso"} | options))


def test_a_connection_and_a_name_exclude_each_other(application: Application) -> None:
    with pytest.raises(LinkError):
        create_link(applications=[application], name="Contoso", connection=ConnectionFactory())
