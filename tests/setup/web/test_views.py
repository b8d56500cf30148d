"""Opening a link: by its button only, and never twice by one browser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Application, SetupLink, SetupSession
from azuread_connections.setup.draft import Draft
from azuread_connections.setup.links import CreatedLink, create_link, revoke
from tests.setup.customer import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(application: Application) -> CreatedLink:
    return create_link(applications=[application], name="Contoso")


def used() -> int:
    return SetupLink.objects.get().openings_used


def test_only_its_button_spends_an_opening(made: CreatedLink, client: Client) -> None:
    page = client.get(made.path)
    assert page.status_code == 200
    assert 'data-setup-step="welcome"' in page.content.decode()
    assert "azuread_setup_" not in str(page.cookies)
    client.head(made.path)
    client.get(made.path, headers={"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"})
    client.get(made.path, headers={"Sec-Purpose": "prefetch"})
    assert (used(), SetupSession.objects.count()) == (0, 0)
    opened = client.post(made.path)
    assert opened["Location"] == f"/login/setup/{made.link.reference}/register"
    assert client.get(opened["Location"]).status_code == 200
    assert used() == 1


def test_a_page_of_another_site_cannot_press_the_button(made: CreatedLink, settings: Any) -> None:
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "csrf" not in each]
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(made.path).status_code == 403
    assert used() == 0


def test_following_the_link_again_spends_nothing(made: CreatedLink, client: Client) -> None:
    step = client.post(made.path)["Location"]
    assert client.get(made.path)["Location"] == step
    assert client.post(made.path)["Location"] == step
    assert used() == 1


def test_the_last_opening_stays_open(made: CreatedLink, client: Client) -> None:
    SetupLink.objects.update(max_openings=1)
    step = client.post(made.path)["Location"]
    assert client.get(made.path)["Location"] == step
    assert Client().get(made.path).status_code == 404
    assert Client().post(made.path).status_code == 404
    assert client.get(step).status_code == 200


def test_every_link_that_cannot_be_opened_gets_the_same_answer(
    made: CreatedLink, application: Application
) -> None:
    links = {name: create_link(applications=[application], name=name) for name in "abcd"}
    revoke(links["a"].link)
    links["b"].link.connection.delete()  # type: ignore[union-attr]
    SetupLink.objects.filter(pk=links["c"].link.pk).update(openings_used=10)
    SetupLink.objects.filter(pk=links["d"].link.pk).update(expires_at=timezone.now())
    paths = [each.path for each in links.values()] + ["/login/setup/" + "x" * 43, "/login/setup/x"]
    answers = {
        (r.status_code, r.content)
        for path in paths
        for r in (Client().get(path), Client().post(path))
    }
    assert len(answers) == 1
    [(status, content)] = answers
    assert status == 404
    assert "Ask the person at testserver who sent it" in content.decode()


def test_a_closed_page_names_whom_to_ask_if_the_site_says_so(
    client: Client, db: None, settings: Any
) -> None:
    assert "mailto:" not in client.get("/login/setup/x").content.decode()
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "SUPPORT_EMAIL": "help@example.com"
    }
    assert 'href="mailto:help@example.com"' in client.get("/login/setup/x").content.decode()


def test_guessing_ends_after_some_addresses(made: CreatedLink, client: Client) -> None:
    for number in range(20):
        assert client.get(f"/login/setup/{number:043d}").status_code == 404
    assert client.get(made.path).status_code == 404
    elsewhere = client.get(made.path, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 200


def test_the_session_ends_after_five_hours(
    made: CreatedLink, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = client.post(made.path)["Location"]
    session = SetupSession.objects.get()
    assert session.expires_at - session.opened_at == timedelta(hours=5)
    [cookie] = client.cookies.values()
    assert int(cookie["max-age"]) <= 5 * 3600
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie.value not in str(SetupSession.objects.values().get())
    SetupSession.objects.update(expires_at=timezone.now())
    over = client.get(step)
    assert over.status_code == 403
    assert "Follow the link that you were sent again" in over.content.decode()


def test_on_https_the_cookie_is_of_this_host_only(
    made: CreatedLink, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = {**settings.AZUREAD_CONNECTIONS, "PUBLIC_URL": ""}
    client.post(made.path, secure=True)
    [cookie] = client.cookies.values()
    assert cookie.key == f"__Host-azuread_setup_{made.link.reference}"
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_no_session_outlives_its_link(made: CreatedLink, client: Client) -> None:
    SetupLink.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    client.post(made.path)
    assert SetupSession.objects.get().expires_at == SetupLink.objects.get().expires_at


def test_a_revoked_link_ends_its_sessions(made: CreatedLink, client: Client) -> None:
    step = client.post(made.path)["Location"]
    revoke(made.link)
    assert client.get(step).status_code == 403
    assert client.post(step).status_code == 403


def test_the_cookie_of_one_link_opens_no_other(
    made: CreatedLink, application: Application, client: Client
) -> None:
    client.post(made.path)
    other = create_link(applications=[application], name="Fabrikam").link
    SetupLink.objects.filter(pk=other.pk).update(step="register")
    [cookie] = client.cookies.values()
    client.cookies[f"azuread_setup_{other.reference}"] = cookie.value
    assert client.get(f"/login/setup/{other.reference}/register").status_code == 403


def test_a_step_that_is_not_reached_leads_back(customer: Customer) -> None:
    response = customer.browser.get(customer.url("done"))
    assert response["Location"] == customer.url("credentials")
    assert customer.browser.get(customer.url("nothing")).status_code == 404


def test_headers_of_every_page(made: CreatedLink, client: Client, settings: Any) -> None:
    settings.SECURE_REFERRER_POLICY = "no-referrer"
    pages = [client.get(made.path), client.post(made.path), client.get("/login/setup/x")]
    pages.append(client.get(f"/login/setup/{made.link.reference}/register"))
    pages.append(Client().get(f"/login/setup/{made.link.reference}/register"))
    for page in pages:
        assert page["Referrer-Policy"] == "same-origin"
        assert "noindex" in page["X-Robots-Tag"]
        assert "default-src 'none'" in page["Content-Security-Policy"]
        assert "no-store" in page["Cache-Control"]


def test_the_policy_lets_in_the_host_of_the_static_files(
    made: CreatedLink, client: Client, settings: Any
) -> None:
    settings.STATIC_URL = "https://static.example.com/files/"
    policy = client.get(made.path)["Content-Security-Policy"]
    assert "script-src 'self' https://static.example.com;" in policy
    assert "style-src 'self' https://static.example.com;" in policy


def test_a_finished_set_up_takes_no_more_forms(customer: Customer) -> None:
    customer.enter()
    values = customer.values(client_id="11112222-bbbb-3333-cccc-4444dddd5555")
    customer.finish()
    response = customer.browser.post(customer.url("credentials"), values)
    assert response["Location"] == customer.url("done")
    assert not Draft.of(customer.link).client_id
    page = customer.browser.get(customer.url("credentials")).content.decode()
    assert "<input" not in page.replace('<input type="hidden" name="csrf', "")
    customer.browser.post(customer.url("done"), {"reopen": "1"})
    assert customer.link.finished_at is None
    assert customer.browser.post(customer.url("credentials"), values).status_code == 200


def test_a_step_costs_few_statements(
    customer: Customer, django_assert_max_num_queries: Any
) -> None:
    customer.enter()
    SetupLink.objects.update(step="done")
    for step, most in (("welcome", 2), ("register", 3), ("credentials", 5), ("done", 4)):
        url = customer.url(step)
        with django_assert_max_num_queries(most):
            assert customer.browser.get(url).status_code == 200


def test_clients_without_an_address_do_not_lock_each_other_out(
    made: CreatedLink, client: Client
) -> None:
    for number in range(25):
        client.get(f"/login/setup/{number:043d}", REMOTE_ADDR="")
    assert client.get(made.path, REMOTE_ADDR="").status_code == 200
