"""The pages of a connection: checklist, Check now, Try, chart, export, signing everyone out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.models import (
    Connection,
    Credential,
    EnabledConnection,
    Event,
    Identity,
    Revocation,
)
from azuread_connections.testing import StandIn, next_address
from tests.attacks.forging import compact
from tests.company import Company, error_code
from tests.factories import CredentialFactory

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


@pytest.fixture
def microsoft(entra: StandIn, settings: Any) -> StandIn:
    """The stand-in, in place of Microsoft, still without a directory."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": entra.graph_url,
    }
    return entra


def source(response: Any) -> str:
    return str(response.content.decode())


def try_and_read(company: Company, boss: Client) -> str:
    at_microsoft = boss.post(url(company, "try"))
    back = boss.get(company.microsoft.sign_in(at_microsoft, company.person))
    return source(boss.get(back["Location"]))


def check_it(company: Company, boss: Client) -> str:
    response: Any = boss.post(url(company, "check"))
    return b"".join(response.streaming_content).decode()


def test_the_page_says_what_is_left_to_do(company: Company, boss: Client) -> None:
    page = boss.get(url(company, "change")).content.decode()
    assert 'data-step="registered" data-state="todo"' in page
    assert 'data-step="enabled" data-state="done"' in page
    assert "/login/frontchannel-logout/" in page


def test_check_now_shows_each_step(company: Company, boss: Client) -> None:
    CredentialFactory.create(connection=company.connection, value="wrong-secret-of-length")
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


def test_try_shows_the_roles_and_what_each_gives(company: Company, boss: Client) -> None:
    Connection.objects.update(app_roles=True)
    company.connection.group_mappings.create(role="Orders.Approve", admits=True)
    company.app.assign_roles(company.person, "Orders.Approve", "Orders.Read")
    page = try_it(company, boss)
    assert "<code>Orders.Approve</code>: may sign in" in page
    assert "<code>Orders.Read</code>: no mapping, so it gives nothing" in page
    company.app.assign_roles(company.person, "Orders.Read")
    page = try_it(company, boss)
    assert "It does not work yet" in page
    assert "<code>Orders.Read</code>: no mapping" in page


def test_try_explains_a_failure_and_then_works(company: Company, boss: Client) -> None:
    good = Credential.objects.get()
    Credential.objects.all().delete()
    CredentialFactory.create(connection=company.connection, value="wrong-secret-of-length")
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


def test_a_failure_because_of_the_secret_links_to_the_secrets(
    company: Company, boss: Client
) -> None:
    Credential.objects.all().delete()
    company.sign_in(Client())
    event = Event.objects.get(kind="sign_in_failed")
    page = boss.get(
        reverse("admin:azuread_connections_event_change", args=[event.pk])
    ).content.decode()
    assert f'<a href="{url(company, "change")}#credentials-group">' in page


def test_a_trial_can_ask_which_account_to_use(company: Company, boss: Client) -> None:
    """Otherwise Microsoft uses the staff member's own account again."""
    page = url(company, "try")
    assert "Use another account" not in boss.get(page).content.decode()
    assert "prompt=" not in next_address(boss.post(page))
    assert "Use another account" in boss.get(page).content.decode()
    assert "prompt=select_account" in next_address(boss.post(page, {"another_account": "x"}))


@pytest.mark.django_db
def test_it_drops_keys_that_microsoft_does_not_publish_at_this_moment(
    contoso: Company, boss: Client
) -> None:
    """In an emergency, for an own key of the registration, too."""
    microsoft = contoso.microsoft
    for stolen in (microsoft.public_jwk()["kid"], microsoft.rotate_app_key(contoso.app)):
        key = microsoft.private_key(stolen)
        assert contoso.sign_in(Client()).status_code == 302
        if stolen == microsoft.public_jwk()["kid"]:
            microsoft.rotate_keys(keep_old=False)
        else:
            microsoft.rotate_app_key(contoso.app)
        check_it(contoso, boss)

        def forge(header: Any, claims: Any, kid: str = stolen, key: Any = key) -> str:
            sign = partial(key.sign, padding=padding.PKCS1v15(), algorithm=hashes.SHA256())
            return compact({**header, "kid": kid}, claims, sign)

        microsoft.tamper_id_token(forge)
        refused = contoso.sign_in(Client())
        assert (refused.status_code, error_code(refused)) == (502, "id_token_invalid")


@pytest.mark.django_db
def test_the_conclusion_of_a_check_fits_what_was_found(contoso: Company, boss: Client) -> None:
    assert "Everything works." in check_it(contoso, boss)
    Connection.objects.update(security_groups=True)
    page = check_it(contoso, boss)
    assert "Nothing failed. Press “Try” to find out what is not known yet" in page
    assert "not known yet</span>" in page
    Credential.objects.all().delete()
    page = check_it(contoso, boss)
    assert "Some steps failed" in page
    assert "Nothing failed" not in page
    assert "<!-- conclusion -->" not in page


@pytest.mark.django_db
def test_a_trial_that_works_says_why_where_and_what_is_next(contoso: Company, boss: Client) -> None:
    contoso.person.claims |= {"email_verified": True, "amr": ["pwd", "mfa"], "phone": []}
    page = try_and_read(contoso, boss)
    assert "Nobody is tied to this person yet, and users are created." in page
    assert "http://testserver/login/contoso/?application=default" in page
    assert "<td>yes</td>" in page
    assert "<td>pwd, mfa</td>" in page
    assert "<td>[]</td>" not in page
    assert "True" not in page
    assert f"({timezone.now():%Y-%m-%d} " in page  # iat
    assert "you do not come back" not in page


@pytest.mark.django_db
def test_a_trial_without_an_application_shows_a_warning(contoso: Company, boss: Client) -> None:
    EnabledConnection.objects.all().delete()
    page = try_and_read(contoso, boss)
    assert "It works" in page
    assert "not enabled for any application yet" in page
    assert f'href="{url(contoso, "change")}#id_enabled_applications"' in page


@pytest.mark.django_db
def test_a_failed_trial_begins_with_our_words_and_folds_microsofts(
    contoso: Company, boss: Client
) -> None:
    Credential.objects.all().delete()
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret-of-length")
    page = try_and_read(contoso, boss)
    ours = page.index("The client secret is wrong.")
    which = page.index("client secret wro…, without a recorded expiry date")
    folded = page.index("<details>")
    assert ours < which < folded < page.index("Trace ID") < page.index("</details>")
    assert folded < page.index("Sign-in is temporarily unavailable")
    assert f'href="{url(contoso, "change")}#credentials-group"' in page
    assert "you do not come back" not in page


@pytest.mark.django_db
def test_our_own_refusal_is_shown_unfolded(contoso: Company, boss: Client) -> None:
    Connection.objects.update(create_users=False)
    page = try_and_read(contoso, boss)
    assert page.index("This connection creates no users") < page.index("<details>")


@pytest.mark.django_db
def test_the_help_stays_open_and_remembers_who_did_not_come_back(
    contoso: Company, boss: Client
) -> None:
    page = source(boss.get(url(contoso, "try")))
    assert '<form method="post" target="_blank">' in page
    assert "nobody has returned from Microsoft yet" not in page
    boss.post(url(contoso, "try"))
    page = source(boss.get(url(contoso, "try")))
    assert "nobody has returned from Microsoft yet. Which error code did Microsoft show?" in page
    assert 'href="#azuread-dead-ends"' in page
    assert 'id="azuread-dead-ends"' in page
    checklist = source(boss.get(url(contoso, "change")))
    assert "nobody has returned from Microsoft yet" in checklist
    assert f'<a href="{url(contoso, "try")}" target="_blank">Which error code did' in checklist


@pytest.mark.django_db
def test_a_begun_trial_is_shown_only_to_the_user_who_began_it(
    contoso: Company, boss: Client, staff: Any
) -> None:
    boss.post(url(contoso, "try"))
    other = staff("view_connection", "try_connection")
    assert "nobody has returned from Microsoft yet" not in source(other.get(url(contoso, "try")))
    assert "nobody has returned from Microsoft yet" not in source(other.get(url(contoso, "change")))


@pytest.mark.django_db
def test_each_open_step_links_to_its_action(contoso: Company, boss: Client) -> None:
    EnabledConnection.objects.all().delete()
    Connection.objects.update(security_groups=True)
    page = source(boss.get(url(contoso, "change")))
    checklist = page[page.index("azuread-checklist-heading") :].split("</ul>")[0]
    anchors = [
        part.split('"')[0].lstrip("#") for part in checklist.split('href="')[1:] if part[0] == "#"
    ]
    assert anchors == [
        "azuread-callback",
        "id_new_secret",
        "azuread-consent",
        "azuread-applications",
    ]
    for anchor in anchors:
        assert f'id="{anchor}"' in page
    assert f'href="{url(contoso, "try")}"' in checklist
    assert 'data-step="enabled" data-state="lacking"' in checklist


@pytest.mark.django_db
def test_who_may_not_try_is_led_nowhere(contoso: Company, staff: Any) -> None:
    page = source(staff("view_connection").get(url(contoso, "change")))
    assert "Press “Try”." in page
    assert f'href="{url(contoso, "try")}"' not in page
