"""An administrator at work on a connection while its people sign in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.signals import post_delete

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    DomainAlias,
    EnabledConnection,
    Event,
    Identity,
    SetupLink,
)
from tests.company import Company
from tests.concurrency.crowd import (
    PATIENCE,
    SIGNED_IN,
    Outcome,
    Traffic,
    all_at_once,
    assert_counts_agree,
    browser,
    in_own_thread,
    outcome_of,
)
from tests.factories import EnabledConnectionFactory

#: Sign-ins that end between two actions of the administrator.
A_FEW = 5
#: How often the administrator repeats the action.
TIMES = 6


def test_editing_a_connection_under_load_ends_only_sign_ins_in_progress(
    contoso: Company,
) -> None:
    with Traffic(contoso) as traffic:
        for number in range(TIMES):
            traffic.redirect_browser(A_FEW)
            connection = Connection.objects.get()
            connection.identity_api = ("v1.0", "v2.0")[number % 2]
            connection.display_name = f"Contoso {number}"
            connection.full_clean()
            connection.save()
        traffic.redirect_browser(2 * A_FEW)
    outcomes = Counter(traffic.outcomes)
    assert set(outcomes) <= {SIGNED_IN, "transaction_expired"}
    assert outcomes[SIGNED_IN] >= TIMES
    assert_counts_agree(outcomes, people=User.objects.count())


def test_a_connection_disabled_under_load_lets_nobody_in_until_it_is_enabled_again(
    contoso: Company, application: Application
) -> None:
    with Traffic(contoso) as traffic:
        for _ in range(TIMES):
            traffic.redirect_browser(A_FEW)
            EnabledConnection.objects.get().delete()
            traffic.redirect_browser(A_FEW)
            EnabledConnectionFactory.create(application=application, connection=contoso.connection)
        traffic.redirect_browser(2 * A_FEW)
    outcomes = Counter(traffic.outcomes)
    assert set(outcomes) == {SIGNED_IN, "connection_disabled"}
    assert_counts_agree(outcomes, people=User.objects.count())


def test_a_connection_deleted_under_load_ends_its_sign_ins_and_keeps_its_people(
    contoso: Company,
) -> None:
    with Traffic(contoso) as traffic:
        traffic.redirect_browser(3 * A_FEW)
        Connection.objects.get().delete()
        traffic.redirect_browser(3 * A_FEW)
    outcomes = Counter(traffic.outcomes)
    assert set(outcomes) == {SIGNED_IN, "connection_disabled"}
    assert_counts_agree(outcomes, people=User.objects.count())
    assert not Identity.objects.exclude(connection=None).exists()
    assert not Event.objects.exclude(connection=None).exists()


@pytest.mark.parametrize("which", [Connection.objects.get, Connection.objects.all])
def test_a_sign_in_in_the_middle_of_a_deletion_waits_for_it_and_cannot_stop_it(
    contoso: Company, which: Callable[[], Any]
) -> None:
    """The deletion has already collected the rows that refer to the connection; this would add
    one."""
    # The hourly writes are done already: they would wait for the deletion, too.
    contoso.sign_in(browser(), contoso.directory.add_person("Megan Bowen"))
    client = browser()
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    outcomes: list[Future[Outcome]] = []

    def come_back(sender: Any, **kwargs: Any) -> None:
        outcomes.append(pool.submit(in_own_thread, lambda: outcome_of(client.get(callback_url))))
        wait(outcomes, timeout=0.7)

    with ThreadPoolExecutor(1) as pool:
        post_delete.connect(come_back, sender=DomainAlias)
        try:
            assert which().delete()[1]["azuread_connections.Connection"] == 1
        finally:
            post_delete.disconnect(come_back, sender=DomainAlias)
        outcome = outcomes[0].result(timeout=PATIENCE)
    assert outcome == "connection_disabled"
    assert_counts_agree(Counter([SIGNED_IN, outcome]), people=1)


def test_no_sign_in_fails_while_the_client_secret_is_replaced(contoso: Company) -> None:
    with Traffic(contoso) as traffic:
        for _ in range(TIMES):
            traffic.redirect_browser(A_FEW)
            replace_secret(contoso)
        traffic.redirect_browser(2 * A_FEW)
    outcomes = Counter(traffic.outcomes)
    assert set(outcomes) == {SIGNED_IN}
    assert_counts_agree(outcomes, people=User.objects.count())


def replace_secret(company: Company) -> None:
    """As in docs/operating.md: add in Azure, add here, remove in Azure, remove here."""
    old = company.app.secrets[0]
    new = company.app.add_secret()
    stored = Credential.objects.get()
    Credential.objects.create(connection=company.connection, value=new.value)
    company.app.secrets.remove(old)
    stored.delete()


def test_an_invitation_that_is_sent_twice_at_once_makes_one_link(
    application: Application,
) -> None:
    answers = _invitation(application, "2345678abc")
    statuses = all_at_once([_inviting(answers)] * 2)
    assert sorted(statuses) == [200, 409]
    assert (SetupLink.objects.count(), Connection.objects.count()) == (1, 1)


def test_two_customers_of_one_name_who_are_invited_at_once_get_a_connection_each(
    application: Application,
) -> None:
    answers = [_invitation(application, reference) for reference in ("2345678abc", "3456789bcd")]
    assert all_at_once([_inviting(each) for each in answers]) == [200, 200]
    names = Connection.objects.order_by("name").values_list("name", flat=True)
    assert list(names) == ["northwind", "northwind-2"]
    assert SetupLink.objects.count() == 2


def _invitation(application: Application, reference: str) -> dict[str, Any]:
    return {
        "reference": reference,
        "customer": "Northwind",
        "applications": [application.pk],
        "days": "5",
        "openings": "10",
    }


def _inviting(answers: dict[str, Any]) -> Callable[[], int]:
    """Return a call that sends the form as one and the same superuser."""
    user = User.objects.filter(username="boss").first() or User.objects.create_superuser("boss")

    def send() -> int:
        client = browser()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client.post("/admin/azuread_connections/connection/invite/", answers).status_code

    return send
