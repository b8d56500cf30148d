"""The desk: checklist, Check now, Try, chart, export, signing everyone out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.admin.statistics import per_day
from azuread_connections.models import ClientSecret, Connection, Event, Identity, Revocation
from azuread_connections.testing import StandIn, next_address
from tests.admin.pages import text
from tests.company import Company
from tests.factories import ClientSecretFactory

SignIn = Callable[..., Client]


@pytest.fixture
def company(entra: StandIn, settings: Any, application: Any) -> Company:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": entra.graph_url,
    }
    return Company.create(entra, application)


def url(company: Company, page: str) -> str:
    name = f"admin:azuread_connections_connection_{page}"
    return reverse(name, args=[company.connection.pk])


def streamed(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_the_page_says_what_is_left_to_do(company: Company, boss: Client) -> None:
    page = boss.get(url(company, "change")).content.decode()
    assert 'data-step="registered" data-state="todo"' in page
    assert 'data-step="enabled" data-state="done"' in page
    assert "/login/frontchannel-logout/" in page


def test_check_now_shows_each_step(company: Company, boss: Client) -> None:
    ClientSecretFactory.create(connection=company.connection, value="wrong-secret-of-length")
    page = streamed(boss.post(url(company, "check")))
    assert page.count('data-outcome="passed"') == 3
    assert page.count('data-outcome="failed"') == 1
    assert "AADSTS7000215" in page
    assert "wrong-secret" not in page
    assert page.rstrip().endswith("</html>")


def test_looking_at_the_check_asks_nobody(company: Company, boss: Client) -> None:
    assert boss.get(url(company, "check")).status_code == 200
    assert company.microsoft.count() == 0


def try_it(company: Company, boss: Client) -> str:
    response = boss.post(url(company, "try"))
    response = boss.get(company.microsoft.sign_in(response, company.person))
    assert response["Location"] == url(company, "try")
    return str(boss.get(response["Location"]).content.decode())


def test_try_ends_on_it_works(company: Company, boss: Client) -> None:
    company.person.claims["odd"] = "<script>alert(1)</script>"
    page = try_it(company, boss)
    assert "It works" in page
    assert "A new user, adele.vance@contoso.com." in page
    assert company.person.object_id in page
    assert "<script>alert(1)" not in page
    assert not Identity.objects.exists()


def test_try_explains_a_failure_and_then_works(company: Company, boss: Client) -> None:
    good = ClientSecret.objects.get()
    ClientSecret.objects.all().delete()
    ClientSecretFactory.create(connection=company.connection, value="wrong-secret-of-length")
    page = try_it(company, boss)
    assert "AADSTS7000215" in page
    assert "Who can fix it" in page
    assert "wrong-secret" not in page
    good.pk = None
    good.save(force_insert=True)
    assert "It works" in try_it(company, boss)


@pytest.mark.parametrize("page", ["check", "try", "sign_out"])
def test_a_view_permission_starts_nothing(company: Company, staff: SignIn, page: str) -> None:
    client = staff("view_connection", "view_event")
    assert client.get(url(company, page)).status_code == 403
    assert client.post(url(company, page)).status_code == 403
    assert company.microsoft.count() == 0
    assert not Revocation.objects.exists()


def test_another_staff_member_does_not_see_the_outcome(
    company: Company, boss: Client, staff: SignIn
) -> None:
    try_it(company, boss)
    page = staff("view_connection", "try_connection").get(url(company, "try")).content.decode()
    assert "It works" not in page


def test_signing_everyone_out_asks_first(company: Company, boss: Client) -> None:
    person = Client()
    company.sign_in(person)
    assert "Yes, sign out everyone" in boss.get(url(company, "sign_out")).content.decode()
    assert person.get("/login/profile").status_code == 200
    boss.post(url(company, "sign_out"))
    assert Revocation.objects.get().connection == company.connection
    assert LogEntry.objects.get().change_message == "Signed out everyone."


# Export


def export(client: Client, company: Company) -> Any:
    return client.post(
        reverse("admin:azuread_connections_connection_changelist"),
        {"action": "export_selected", "_selected_action": [company.connection.pk]},
    )


def test_an_export_goes_back_in_and_holds_no_secret(
    company: Company, boss: Client, tmp_path: Path
) -> None:
    response = export(boss, company)
    assert "attachment" in response["Content-Disposition"]
    text = streamed(response)
    assert company.app.secrets[0].value not in text
    assert [entry["name"] for entry in json.loads(text)] == ["contoso"]
    file = tmp_path / "connections.json"
    file.write_text(text)
    output = StringIO()
    call_command("import_connections", str(file), stdout=output)
    assert "1 unchanged" in output.getvalue()


def test_exporting_takes_its_permission(company: Company, staff: SignIn) -> None:
    response = export(staff("view_connection", "change_connection"), company)
    assert not getattr(response, "streaming", False)


# The log


def test_the_chart_counts_days_and_counted_junk(company: Company, boss: Client) -> None:
    now = timezone.now()
    for age, kind, count in ((0, "signed_in", 1), (3, "sign_in_failed", 40), (40, "signed_in", 7)):
        Event.objects.create(
            created_at=now - timedelta(days=age), kind=kind, count=count, reference="x"
        )
    days = per_day(Event.objects.all())
    assert len(days) == 30
    assert (days[-1].signed_in, sum(day.failed for day in days)) == (1, 40)
    page = text(boss.get(reverse("admin:azuread_connections_event_changelist")))
    assert "Last 30 days: 1 sign-in 40 failures" in page
    first, last = (f"{day.date:%Y-%m-%d}" for day in (days[0], days[-1]))
    assert f"{first} highest: 40 a day {last}" in page


def test_an_event_explains_itself(company: Company, boss: Client) -> None:
    company.microsoft.fault("token", aadsts=7000222)
    company.sign_in(Client())
    event = Event.objects.get(kind="sign_in_failed")
    page = boss.get(
        reverse("admin:azuread_connections_event_change", args=[event.pk])
    ).content.decode()
    assert "AADSTS7000222" in page
    assert "Who can fix it" in page
    assert f'<a href="{url(company, "change")}#id_new_secret">' in page


def test_a_failure_for_want_of_a_secret_leads_to_the_secrets(
    company: Company, boss: Client
) -> None:
    ClientSecret.objects.all().delete()
    company.sign_in(Client())
    event = Event.objects.get(kind="sign_in_failed")
    page = boss.get(
        reverse("admin:azuread_connections_event_change", args=[event.pk])
    ).content.decode()
    assert f'<a href="{url(company, "change")}#id_new_secret">' in page


def test_the_front_page_names_what_expires(
    company: Company, boss: Client, staff: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib import admin

    monkeypatch.setattr(
        admin.site, "index_template", "azuread_connections/admin_index.html", raising=False
    )
    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=5, hours=1))
    assert "expires in 5 days" in boss.get("/admin/").content.decode()
    assert "expires in 5 days" not in staff("view_event").get("/admin/").content.decode()
    assert Connection.objects.exists()


def test_a_trial_can_ask_which_account_to_use(company: Company, boss: Client) -> None:
    """Microsoft takes the staff member's own account again otherwise."""
    page = url(company, "try")
    assert "Use another account" not in boss.get(page).content.decode()
    assert "prompt=" not in next_address(boss.post(page))
    assert "Use another account" in boss.get(page).content.decode()
    assert "prompt=select_account" in next_address(boss.post(page, {"another_account": "x"}))
