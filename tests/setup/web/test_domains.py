"""The step where the customer's domains are verified, over HTTP and the stand-in's DNS."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.dns_proof.records import record_name, record_value
from azuread_connections.domains import check
from azuread_connections.microsoft import admin_center
from azuread_connections.models import Connection, DomainAlias, Event, SetupLink
from azuread_connections.setup import domains
from azuread_connections.setup.links import CreatedLink, create_link
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db

NET = "contoso.net"


@pytest.fixture
def made(contoso: Company, client: Client) -> CreatedLink:
    """A link for Contoso's connection, at the step of the domains in the client's browser."""
    made = create_link(applications=[ApplicationFactory.create()], connection=contoso.connection)
    client.post(made.path)
    SetupLink.objects.update(step="domains")
    return made


@pytest.fixture
def required(made: CreatedLink) -> CreatedLink:
    SetupLink.objects.update(domains="required")
    return made


def url(made: CreatedLink) -> str:
    return f"/login/setup/{made.link.reference}/domains"


def text(response: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(plain).split())


def add(client: Client, made: CreatedLink, domain: str = NET) -> Any:
    return client.post(url(made), {"domain": domain, "action": "add"}, follow=True)


def row(domain: str = NET) -> DomainAlias:
    return DomainAlias.objects.get(domain=domain, connection__name="contoso")


def publish(microsoft: StandIn, domain: str = NET) -> None:
    microsoft.dns.set_txt(record_name(domain), record_value(row(domain).dns_token))


def let_pass() -> None:
    """Let the seconds pass in which a domain is asked about once."""
    cache.clear()


def leads_here(address: str) -> bool:
    """Whether the sign-in page sends somebody with this address to Microsoft."""
    return "/authorize?" in Client().post("/login/", {"email": address}).content.decode()


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azuread_connections.dns_proof.resolver.LIFETIME", 0.3)


# --- Verifying ------------------------------------------------------------------------------------


def test_a_domain_is_verified_by_the_record_that_the_page_shows(
    made: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    page = add(client, made)
    shown = text(page)
    assert record_name(NET) in shown
    assert record_value(row().dns_token) in shown
    assert not row().verified_at
    let_pass()
    assert f"There is no TXT record at {record_name(NET)}." in text(client.get(url(made)))
    publish(microsoft)
    let_pass()
    page = client.get(url(made))
    assert "Verified by its DNS record." in text(page)
    assert "data-azuread-ask" not in page.content.decode()
    assert row().verified_by == "dns"


def test_a_domain_of_the_directory_needs_no_record(
    made: CreatedLink, contoso: Company, client: Client
) -> None:
    contoso.microsoft.move_domain(NET, contoso.directory)
    assert text(add(client, made)).count("Verified by Microsoft.") == 2
    assert row().dns_token == ""
    assert contoso.microsoft.dns.count() == 0


def test_a_domain_of_another_directory_shows_no_record(
    made: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    other = microsoft.add_directory("fabrikam.com")
    page = text(add(client, made, "fabrikam.com"))
    assert f"belongs to another directory, {other.tenant_id}" in page
    assert "azuread-connections-verification" not in page


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("servfail", "answer with an error (SERVFAIL or REFUSED)"),
        ("refused", "answer with an error (SERVFAIL or REFUSED)"),
        ("silent", "have not answered in time"),
        ("nxdomain", "There is no TXT record at"),
    ],
)
def test_the_page_says_how_the_dns_fails(
    made: CreatedLink, microsoft: StandIn, client: Client, failure: Any, words: str
) -> None:
    add(client, made)
    let_pass()
    microsoft.dns.fail(failure)
    assert words in text(client.get(url(made)))


def test_another_value_is_shown_escaped_and_short(
    made: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    add(client, made)
    let_pass()
    microsoft.dns.set_txt(record_name(NET), "<script>alert(1)</script>", "x" * 2000)
    page = client.get(url(made))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()
    assert "<script>alert(1)" not in page.content.decode()
    assert "x" * 121 not in page.content.decode()


def test_while_microsoft_does_not_answer_nothing_is_verified(
    made: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    add(client, made)
    publish(microsoft)
    let_pass()
    microsoft.fault("discovery", status=503, times=None)
    assert "Microsoft does not answer at the moment" in text(client.get(url(made)))
    assert not row().verified_at


def test_a_domain_is_asked_about_once_in_five_seconds(
    made: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    add(client, made)
    let_pass()
    for _ in range(4):
        client.get(url(made))
        client.post(url(made), {"action": "check"}, follow=True)
    assert microsoft.dns.count(record_name(NET)) == 1


def test_verified_domains_are_not_asked_about(
    made: CreatedLink, contoso: Company, client: Client
) -> None:
    client.get(url(made))
    assert contoso.microsoft.count("discovery") == 0


# --- Going on -------------------------------------------------------------------------------------


def test_optional_domains_let_one_go_on(made: CreatedLink, client: Client) -> None:
    page = add(client, made)
    assert "nobody with its addresses is sent here until it is verified" in text(page)
    answer = client.post(url(made), {"action": "continue"})
    assert answer["Location"].endswith("/permissions")


def test_required_domains_hold_one_until_all_are_verified(
    required: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    add(client, required)
    answer = client.post(url(required), {"action": "continue"})
    assert "Each domain has to be verified before you go on." in text(answer)
    assert SetupLink.objects.get().step == "domains"
    publish(microsoft)
    let_pass()
    answer = client.post(url(required), {"action": "continue"})
    assert answer["Location"].endswith("/permissions")


def test_a_typed_domain_is_not_lost_on_the_way_on(made: CreatedLink, client: Client) -> None:
    page = client.post(url(made), {"action": "continue", "domain": NET})
    assert "Press “Add” to add this domain" in text(page)
    assert f'value="{NET}"' in page.content.decode()


def test_enter_in_the_field_adds_the_domain(made: CreatedLink, client: Client) -> None:
    client.post(url(made), {"domain": NET})
    assert row().needs_proof


# --- What cannot be added -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter a domain such as"),
        ("contoso", "Enter a domain such as"),
        ("https://contoso.net/", "Enter the domain alone: contoso.net"),
        ("adele@contoso.net", "Enter the domain alone: contoso.net"),
        ("gmail.com", "Anybody can have an address at gmail.com"),
        ("onmicrosoft.com", "Anybody can have an address at onmicrosoft.com"),
        ("login.microsoftonline.com", "This is Microsoft's address."),
        ("contoso.com", "contoso.com is in the list already."),
        ("x" * 400, "Enter a domain such as"),
        ("contoso\x00.net<b>", "Enter a domain such as"),
    ],
)
def test_what_cannot_be_a_domain_is_explained_and_kept(
    made: CreatedLink, client: Client, typed: str, words: str
) -> None:
    page = add(client, made, typed)
    assert words in text(page)
    kept = typed.replace("\x00", "")[:300]
    assert f'value="{html.escape(kept)}"' in page.content.decode()
    assert DomainAlias.objects.count() == 1


def test_there_is_a_limit_of_domains(
    made: CreatedLink, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "MOST_DOMAINS", 2)
    for name in ("a.example", "b.example", "c.example"):
        page = add(client, made, name)
    assert "You can add 2 domains here." in text(page)
    assert DomainAlias.objects.filter(needs_proof=True).count() == 2


def test_additions_are_throttled(made: CreatedLink, client: Client) -> None:
    for _ in range(domains._ADDITIONS.limit):
        domains._ADDITIONS.allows(made.link.reference)
    assert "You have added many domains." in text(add(client, made))


def test_a_domain_verified_for_another_directory_is_refused_and_both_logs_say_why(
    made: CreatedLink, fabrikam: Company, client: Client
) -> None:
    page = text(add(client, made, "fabrikam.com"))
    assert "fabrikam.com is verified for another Microsoft directory on this site." in page
    assert "fabrikam " not in page
    logged = Event.objects.filter(kind="setup_step")
    assert (
        "fabrikam, which trusts another directory"
        in logged.get(connection=made.link.connection).message
    )
    assert (
        "The set-up of the connection contoso asked"
        in logged.get(connection=fabrikam.connection).message
    )


def test_a_domain_that_has_left_the_other_directory_can_be_added(
    made: CreatedLink, contoso: Company, fabrikam: Company, client: Client
) -> None:
    contoso.microsoft.move_domain("fabrikam.com", contoso.directory)
    assert text(add(client, made, "fabrikam.com")).count("Verified by Microsoft.") == 2
    assert Event.objects.filter(kind="domain_withdrawn").count() == 1


# --- Removing -------------------------------------------------------------------------------------


def test_only_what_a_set_up_has_added_can_be_removed(
    made: CreatedLink, contoso: Company, client: Client
) -> None:
    contoso.connection.aliases.create(domain="contoso.org")
    add(client, made)
    page = client.get(url(made)).content.decode()
    assert 'name="remove" value="contoso.net"' in page
    assert page.count('name="remove"') == 1
    for name in (NET, "contoso.org", "contoso.com"):
        client.post(url(made), {"remove": name})
    assert set(DomainAlias.objects.values_list("domain", flat=True)) == {
        "contoso.com",
        "contoso.org",
    }


def test_after_the_end_nothing_changes(made: CreatedLink, client: Client) -> None:
    add(client, made)
    SetupLink.objects.update(finished_at=made.link.created_at)
    client.post(url(made), {"remove": NET})
    add(client, made, "contoso.org")
    assert set(DomainAlias.objects.values_list("domain", flat=True)) == {"contoso.com", NET}
    page = client.get(url(made)).content.decode()
    assert 'name="domain"' not in page
    assert "Remove" not in page


# --- Discovery ------------------------------------------------------------------------------------


def test_an_added_domain_leads_nobody_here_until_it_is_verified(
    made: CreatedLink, microsoft: StandIn, client: Client
) -> None:
    address = f"megan@{NET}"
    add(client, made)
    assert not leads_here(address)
    assert not leads_here("megan@mail.contoso.net")
    publish(microsoft)
    let_pass()
    client.get(url(made))
    assert leads_here(address)
    microsoft.dns.set_txt(record_name(NET))
    check(Connection.objects.get(name="contoso"), NET)
    assert not leads_here(address)


def test_an_administrators_domain_leads_here_unverified(contoso: Company) -> None:
    contoso.connection.aliases.create(domain=NET)
    assert leads_here(f"megan@{NET}")


def test_discovery_reads_the_domains_in_one_query(made: CreatedLink, client: Client) -> None:
    add(client, made)
    for address in ("a@contoso.com", f"a@{NET}"):
        with CaptureQueriesContext(database) as queries:
            Client().post("/login/", {"email": address})
        assert len([each for each in queries if "domainalias" in each["sql"]]) == 1


def test_the_page_takes_the_same_queries_for_any_number_of_domains(
    made: CreatedLink, contoso: Company, client: Client
) -> None:
    counts = []
    for number in range(2):
        for each in range(number * 5):
            contoso.connection.aliases.create(
                domain=f"d{each}.example",
                verified_at=made.link.created_at,
                found_tenant_id=contoso.directory.tenant_id,
            )
        with CaptureQueriesContext(database) as queries:
            client.get(url(made))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- The log and the admin center -----------------------------------------------------------------


def test_a_domain_that_becomes_verified_is_logged_once(
    client: Client, made: CreatedLink, microsoft: StandIn
) -> None:
    add(client, made)
    publish(microsoft)
    for _look in range(3):
        let_pass()
        client.get(url(made))
    logged = Event.objects.filter(
        kind="setup_step", reference=made.link.reference, message__contains="Verified the domain"
    )
    assert [each.message for each in logged] == [f"Verified the domain {NET} by its DNS record."]


@pytest.mark.parametrize("answers", [False, True])
def test_a_disputed_domain_is_not_logged_as_verified(
    client: Client, made: CreatedLink, contoso: Company, fabrikam: Company, answers: bool
) -> None:
    for connection in (contoso.connection, fabrikam.connection):
        asked = {"dns_token": "token", "dns_tenant_id": connection.tenant_id}
        connection.aliases.create(domain=NET, needs_proof=True, **asked)
        aliases = connection.aliases.filter(domain=NET)
        aliases.mark_verified(connection.tenant_id, DomainAlias.VerifiedBy.DNS)
    if answers:
        contoso.microsoft.dns.fail("servfail")
    else:
        contoso.microsoft.fault("discovery", status=503, times=None)
    for _look in range(3):
        let_pass()
        assert "Verified by its DNS" not in text(client.get(url(made)))
    logged = Event.objects.filter(message__contains="Verified the domain")
    assert not logged.exists()
    contoso.microsoft.clear_faults()
    contoso.microsoft.move_domain(NET, contoso.directory)
    for _look in range(2):
        let_pass()
        client.get(url(made))
    assert [each.message for each in logged] == [
        f"Verified the domain {NET} by Microsoft's answer."
    ]


def test_the_page_links_to_the_domains_in_the_admin_center(
    client: Client, made: CreatedLink
) -> None:
    address = admin_center.directory_url(made.link.connection.cloud)
    assert f'href="{html.escape(address)}"' in client.get(url(made)).content.decode()
