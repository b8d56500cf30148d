"""What the pages Check now and Try say, and where the checklist leads."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.models import ClientSecret, Connection, EnabledConnection
from azuread_connections.testing import StandIn
from tests.attacks.forging import compact
from tests.company import Company, error_code
from tests.factories import ClientSecretFactory

pytestmark = pytest.mark.django_db


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


def url(company: Company, page: str) -> str:
    name = f"admin:azuread_connections_connection_{page}"
    return reverse(name, args=[company.connection.pk])


def try_it(company: Company, boss: Client) -> str:
    at_microsoft = boss.post(url(company, "try"))
    back = boss.get(company.microsoft.sign_in(at_microsoft, company.person))
    return source(boss.get(back["Location"]))


def check_it(company: Company, boss: Client) -> str:
    response: Any = boss.post(url(company, "check"))
    return b"".join(response.streaming_content).decode()


# Check now


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


def test_the_conclusion_of_a_check_fits_what_was_found(contoso: Company, boss: Client) -> None:
    assert "All is in order." in check_it(contoso, boss)
    Connection.objects.update(security_groups=True)
    page = check_it(contoso, boss)
    assert "Nothing failed. What is not known yet" in page
    assert "not known yet</span>" in page
    ClientSecret.objects.all().delete()
    page = check_it(contoso, boss)
    assert "Something failed" in page
    assert "Nothing failed" not in page
    assert "<!-- conclusion -->" not in page


# Try


def test_a_trial_that_works_says_why_where_and_what_is_next(contoso: Company, boss: Client) -> None:
    contoso.person.claims |= {"email_verified": True, "amr": ["pwd", "mfa"], "phone": []}
    page = try_it(contoso, boss)
    assert "Nobody is tied to this person yet, and users are created." in page
    assert "http://testserver/login/contoso/?application=default" in page
    assert "<td>yes</td>" in page
    assert "<td>pwd, mfa</td>" in page
    assert "<td>[]</td>" not in page
    assert "True" not in page
    assert f"({timezone.now():%Y-%m-%d} " in page  # iat
    assert "you do not come back" not in page


def test_a_trial_that_works_for_no_application_says_so(contoso: Company, boss: Client) -> None:
    EnabledConnection.objects.all().delete()
    page = try_it(contoso, boss)
    assert "It works" in page
    assert "enabled for no application yet" in page
    assert f'href="{url(contoso, "change")}#id_enabled_applications"' in page


def test_a_failed_trial_begins_with_our_words_and_folds_microsofts(
    contoso: Company, boss: Client
) -> None:
    ClientSecret.objects.all().delete()
    ClientSecretFactory.create(connection=contoso.connection, value="wrong-secret-of-length")
    page = try_it(contoso, boss)
    ours = page.index("The client secret is wrong.")
    which = page.index("client secret wro…, without a recorded expiry date")
    folded = page.index("<details>")
    assert ours < which < folded < page.index("Trace ID") < page.index("</details>")
    assert folded < page.index("Sign-in is temporarily unavailable")
    assert f'href="{url(contoso, "change")}#id_new_secret"' in page
    assert "you do not come back" not in page


def test_a_refusal_of_our_own_is_told_in_the_open(contoso: Company, boss: Client) -> None:
    Connection.objects.update(create_users=False)
    page = try_it(contoso, boss)
    assert page.index("Users are not created by this connection") < page.index("<details>")


def test_the_help_stays_open_and_remembers_who_did_not_come_back(
    contoso: Company, boss: Client
) -> None:
    page = source(boss.get(url(contoso, "try")))
    assert '<form method="post" target="_blank">' in page
    assert "nobody has come back" not in page
    boss.post(url(contoso, "try"))
    page = source(boss.get(url(contoso, "try")))
    assert "nobody has come back. Which code did Microsoft show?" in page
    assert 'href="#azuread-dead-ends"' in page
    assert 'id="azuread-dead-ends"' in page
    checklist = source(boss.get(url(contoso, "change")))
    assert "nobody has come back" in checklist
    assert f'<a href="{url(contoso, "try")}" target="_blank">Which code did' in checklist


def test_a_begun_trial_is_told_to_who_began_it_only(
    contoso: Company, boss: Client, staff: Any
) -> None:
    boss.post(url(contoso, "try"))
    other = staff("view_connection", "try_connection")
    assert "nobody has come back" not in source(other.get(url(contoso, "try")))
    assert "nobody has come back" not in source(other.get(url(contoso, "change")))


# The checklist


def test_each_open_step_leads_to_where_it_is_taken(contoso: Company, boss: Client) -> None:
    EnabledConnection.objects.all().delete()
    Connection.objects.update(security_groups=True)
    page = source(boss.get(url(contoso, "change")))
    checklist = page[page.index("azuread-checklist-heading") :].split("</ol>")[0]
    anchors = [
        part.split('"')[0].lstrip("#") for part in checklist.split('href="')[1:] if part[0] == "#"
    ]
    assert anchors == [
        "azuread-callback-heading",
        "id_new_secret",
        "azuread-consent",
        "id_enabled_applications",
    ]
    for anchor in anchors:
        assert f'id="{anchor}"' in page
    assert f'href="{url(contoso, "try")}"' in checklist
    assert 'data-step="enabled" data-state="lacking"' in checklist


def test_who_may_not_try_is_led_nowhere(contoso: Company, staff: Any) -> None:
    page = source(staff("view_connection").get(url(contoso, "change")))
    assert "Press “Try”." in page
    assert f'href="{url(contoso, "try")}"' not in page
