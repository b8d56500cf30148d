"""Run by ``test_sites`` with a theme of the admin: every page of this app opens in it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.models import Connection
from azuread_connections.testing import StandIn
from tests.admin.pages import ADD, LIST, change_page, filled_in
from tests.company import Company
from tests.sites.admin_pages import furnish, pages

pytestmark = pytest.mark.django_db

#: The theme, which its settings install first.
THEME = settings.INSTALLED_APPS[0]


@pytest.fixture
def boss() -> Client:
    client = Client()
    user = get_user_model().objects.create_superuser("boss")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def company(microsoft: StandIn, boss: Client) -> Company:
    return furnish(microsoft)


def bases(response: Any) -> set[str]:
    """Return the files of the admin's base template that a page was made with."""
    return {
        template.origin.name
        for template in response.templates
        if template.name == "admin/base.html"
    }


def test_every_page_opens_and_is_the_themes(company: Company, boss: Client) -> None:
    for name, path in pages(company).items():
        response = boss.get(f"/admin/{path}")
        assert response.status_code == 200, name
        [base] = bases(response)
        assert f"/{THEME}/" in base, name
        assert "csrfmiddlewaretoken" in response.content.decode() or name == "index"
        # As the heading or, in a theme without one, as the window's title.
        title = unescape(str(response.context["title"]))
        assert title in unescape(response.content.decode()), name


def test_what_an_action_asks_first_is_the_themes(company: Company, boss: Client) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [company.connection.pk]}
    response = boss.post(LIST, chosen)
    assert response.status_code == 200
    [base] = bases(response)
    assert f"/{THEME}/" in base
    assert "azuread-consequences" in response.content.decode()


def test_the_forms_save(company: Company, boss: Client) -> None:
    company.microsoft.add_directory("fabrikam.com")
    response = boss.post(ADD, filled_in(name="fabrikam", domain="fabrikam.com"))
    assert response.status_code == 302
    assert Connection.objects.filter(name="fabrikam").exists()
    page = change_page(company.connection)
    data = filled_in(company.connection, display_name="Contoso Ltd")
    data |= {"client_id": company.connection.client_id}
    assert boss.post(page, data).status_code == 302
    company.connection.refresh_from_db()
    assert company.connection.display_name == "Contoso Ltd"


def test_the_consent_button_belongs_to_the_form(boss: Client) -> None:
    """A theme can place the buttons outside of it."""
    page = boss.get(ADD).content.decode()
    [button] = [tag for tag in page.split("<input") if 'name="_consent"' in tag]
    assert 'form="connection_form"' in button
    assert 'id="connection_form"' in page


def test_the_check_runs(company: Company, boss: Client) -> None:
    response = boss.post(change_page(company.connection).replace("change", "check"))
    page = b"".join(response.streaming_content).decode()
    assert "data-outcome" in page
    assert page.rstrip().endswith("</html>")


def test_a_test_of_the_connection_returns_to_the_theme(company: Company, boss: Client) -> None:
    begun = boss.post(change_page(company.connection).replace("change", "try"))
    back = boss.get(company.microsoft.sign_in(begun, company.person), follow=True)
    assert back.redirect_chain[-1][0].endswith("/try/")
    assert 'id="content-main" class="azuread-try"' in back.content.decode()
    [base] = bases(back)
    assert f"/{THEME}/" in base
