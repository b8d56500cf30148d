"""A set-up in which something ends or changes while a form is on its way or Microsoft answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    DomainAlias,
    SetupLink,
    SetupSession,
)
from azuread_connections.setup import acceptance, domains
from azuread_connections.setup.links import LinkError
from azuread_connections.testing import StandIn
from tests.factories import ConnectionFactory
from tests.setup.customer import Customer, errors_of

from .catalogue import Attacker, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CUSTOMER)]

LOCKED = "link and connection are read again, with their rows locked, before anything is stored"
Meanwhile = Callable[[Callable[[], Any]], None]


@pytest.fixture
def customer(microsoft: StandIn, application: Application, client: Client) -> Customer:
    customer = Customer.create(microsoft, application, client)
    customer.go_on("register")
    return customer


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Return a function that takes what happens just after Microsoft has accepted a credential."""
    ask = acceptance.request_with

    def let(happen: Callable[[], Any]) -> None:
        def then(*args: Any) -> Any:
            answer = ask(*args)
            happen()
            return answer

        monkeypatch.setattr(acceptance, "request_with", then)

    return let


def assert_nothing_stored() -> None:
    assert not Credential.objects.exists()
    assert not Connection.objects.exclude(domain="").filter(setup_links__isnull=False).exists()


@pytest.mark.parametrize("end", ["revoked_at", "finished_at"])
@attack(wants="to store something after the end", stopped_by=LOCKED)
def test_the_link_ends_while_microsoft_answers(
    customer: Customer, meanwhile: Meanwhile, end: str
) -> None:
    meanwhile(lambda: SetupLink.objects.update(**{end: timezone.now()}))
    assert "finished or ended meanwhile" in errors_of(customer.enter())["__all__"][0]
    assert_nothing_stored()


@attack(wants="a colleague's entries replaced unseen", stopped_by=LOCKED)
def test_a_colleague_saves_while_microsoft_answers(
    customer: Customer, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: SetupLink.objects.update(draft={"domain": "fabrikam.com"}))
    assert "other values" in errors_of(customer.enter())["__all__"][0]
    assert_nothing_stored()
    assert customer.link.draft == {"domain": "fabrikam.com"}


@attack(wants="the directory that another connection has just got", stopped_by=LOCKED)
def test_a_directory_is_taken_while_microsoft_answers(
    customer: Customer, meanwhile: Meanwhile
) -> None:
    tenant_id = customer.directory.tenant_id
    meanwhile(lambda: ConnectionFactory.create(name="first", tenant_id=tenant_id))
    assert "already in use" in errors_of(customer.enter())["domain"][0]
    assert_nothing_stored()


@attack(wants="the directory of a connection that was just enabled", stopped_by=LOCKED)
def test_the_connection_is_enabled_while_microsoft_answers(
    customer: Customer, meanwhile: Meanwhile, application: Application
) -> None:
    meanwhile(lambda: customer.connection.applications.add(application))
    assert "in use now" in errors_of(customer.enter())["__all__"][0]
    assert_nothing_stored()


@pytest.mark.parametrize("end", ["revoked_at", "finished_at"])
@attack(wants="another domain after the end", stopped_by=LOCKED)
def test_the_link_ends_while_a_domain_is_sent(customer: Customer, end: str) -> None:
    customer.enter()
    link, request = customer.link, RequestFactory().post("/")
    domains.add_domain(request, link, "contoso.net")
    SetupLink.objects.update(**{end: timezone.now()})
    with pytest.raises(LinkError):
        domains.add_domain(request, link, "contoso.org")
    with pytest.raises(LinkError):
        domains.remove_domain(request, link, "contoso.net")
    assert {each.domain for each in DomainAlias.objects.all()} == {"contoso.com", "contoso.net"}


@pytest.mark.parametrize("end", ["revoked", "expired", "deleted", "spent"])
@attack(
    wants="an opening more than the link has, by a button pressed in the moment of its end",
    stopped_by="one statement counts the opening and asks whether there is one",
)
def test_an_opening_is_counted_only_while_the_link_is_valid(customer: Customer, end: str) -> None:
    link, now = customer.link, timezone.now()
    assert link.take_opening(now)
    if end == "revoked":
        SetupLink.objects.update(revoked_at=now)
    elif end == "expired":
        SetupLink.objects.update(expires_at=now)
    elif end == "deleted":
        customer.connection.delete()
    else:
        SetupLink.objects.update(openings_used=link.max_openings)
    assert not link.take_opening(now)


@attack(wants="somebody's session, by a cookie that they make up", stopped_by="256 random bits")
@pytest.mark.parametrize("value", ["", "x", "0" * 43])
def test_a_made_up_cookie_opens_nothing(customer: Customer, value: str) -> None:
    assert SetupSession.objects.count() == 1
    [name] = (name for name in customer.browser.cookies if name.startswith("azuread_setup_"))
    finder = Client()
    finder.cookies[name] = value
    assert finder.get(customer.url("credentials")).status_code == 403
    assert finder.post(customer.url("credentials"), {"download": "1"}).status_code == 403


@attack(
    wants="a form sent by a page of another site",
    stopped_by="Django's CSRF protection, also on a site without its middleware",
)
@pytest.mark.parametrize("step", ["register", "credentials"])
def test_a_page_of_another_site_sends_no_form(customer: Customer, step: str, settings: Any) -> None:
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "csrf" not in each]
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = customer.browser.cookies
    assert browser.post(customer.url(step), {"download": "1"}).status_code == 403
    assert customer.link.draft == {}
