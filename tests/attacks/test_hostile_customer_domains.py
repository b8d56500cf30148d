"""Somebody with a set-up link, or with a domain's DNS, who wants another company's domain."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections import domains
from azuread_connections.dns_proof.records import record_name, record_value
from azuread_connections.models import DomainAlias, EnabledConnection, SetupLink
from azuread_connections.setup import domains as setup_domains
from azuread_connections.setup.links import create_link
from tests.company import Company
from tests.factories import ApplicationFactory

from .catalogue import Attacker, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CUSTOMER)]

VICTIM = "northwindtraders.com"


@pytest.fixture
def step(contoso: Company, client: Client) -> str:
    """The step of the domains, opened with a link for Contoso's connection."""
    made = create_link(applications=[ApplicationFactory.create()], connection=contoso.connection)
    client.post(made.path)
    SetupLink.objects.update(step="domains")
    return f"/login/setup/{made.link.reference}/domains"


def is_led_away(address: str) -> bool:
    return "/authorize?" in Client().post("/login/", {"email": address}).content.decode()


@attack(
    wants="the sign-ins of another company, by typing its domain",
    stopped_by="a domain that a link has added leads nobody until it is verified",
)
@pytest.mark.parametrize("domain", [VICTIM, "co.uk", f"mail.{VICTIM}"])
def test_typing_a_strangers_domain(step: str, client: Client, domain: str) -> None:
    client.post(step, {"domain": domain, "action": "add"})
    client.get(step)
    assert DomainAlias.objects.filter(domain=domain).exists()
    for address in (f"a@{domain}", f"a@x.{domain}"):
        assert not is_led_away(address)
    assert not DomainAlias.objects.verified().filter(domain=domain).exists()


@attack(
    wants="a domain verified by the record of another connection, which anybody can read",
    stopped_by="each connection, domain and directory has a token of its own",
)
def test_the_record_of_another_connection(
    contoso: Company, fabrikam: Company, step: str, client: Client
) -> None:
    fabrikam.connection.aliases.create(domain=VICTIM)
    domains.check(fabrikam.connection, VICTIM)
    theirs = fabrikam.connection.aliases.get(domain=VICTIM)
    contoso.microsoft.dns.set_txt(record_name(VICTIM), record_value(theirs.dns_token))
    client.post(step, {"domain": VICTIM, "action": "add"})
    for _ in range(2):
        domains.check(contoso.connection, VICTIM)
    assert not contoso.connection.aliases.verified().filter(domain=VICTIM).exists()


@attack(
    wants="a domain that Microsoft says is another company's, by a record in its DNS",
    stopped_by="a directory that Microsoft names counts more than a record",
)
def test_a_record_against_microsofts_answer(
    contoso: Company, fabrikam: Company, step: str, client: Client
) -> None:
    client.post(step, {"domain": VICTIM, "action": "add"})
    domains.check(contoso.connection, VICTIM)
    alias = contoso.connection.aliases.get(domain=VICTIM)
    contoso.microsoft.dns.set_txt(record_name(VICTIM), record_value(alias.dns_token))
    contoso.microsoft.move_domain(VICTIM, fabrikam.directory)
    domains.check(contoso.connection, VICTIM)
    assert not contoso.connection.aliases.verified().filter(domain=VICTIM).exists()


@attack(
    wants="a page that runs their script, by a TXT record",
    stopped_by="what is seen is escaped, and cut to a few short lines",
)
def test_a_script_in_a_record(contoso: Company, step: str, client: Client) -> None:
    client.post(step, {"domain": VICTIM, "action": "add"})
    domains.check(contoso.connection, VICTIM)
    contoso.microsoft.dns.set_txt(record_name(VICTIM), "<script>alert(1)</script>", "x" * 9000)
    page = client.get(step).content.decode()
    assert "<script>alert" not in page
    assert "x" * 200 not in page


@attack(
    wants="an error of the server, by a domain that no database can compare",
    stopped_by="the name to remove is never part of a query",
)
@pytest.mark.parametrize("name", ["a\x00b", "\U0001f600" * 100, "' or 1=1 --"])
def test_removing_what_no_domain_can_be(step: str, client: Client, name: str) -> None:
    client.post(step, {"domain": VICTIM, "action": "add"})
    assert client.post(step, {"remove": name}).status_code == 302
    assert DomainAlias.objects.filter(domain=VICTIM).exists()


@attack(
    wants="the people of a connection in use locked out, by removing the domains that lead to it",
    stopped_by="a link removes no verified domain of a connection in use",
)
def test_removing_a_domain_that_leads_to_a_connection_in_use(
    contoso: Company, step: str, client: Client
) -> None:
    client.post(step, {"domain": VICTIM, "action": "add"})
    contoso.microsoft.move_domain(VICTIM, contoso.directory)
    domains.check(contoso.connection, VICTIM)
    assert is_led_away(f"a@{VICTIM}")
    assert 'name="remove"' not in client.get(step).content.decode()
    client.post(step, {"remove": VICTIM})
    assert is_led_away(f"a@{VICTIM}")
    # Nobody can be led by it before anybody can sign in.
    EnabledConnection.objects.all().delete()
    assert 'name="remove"' in client.get(step).content.decode()
    client.post(step, {"remove": VICTIM})
    assert not DomainAlias.objects.filter(domain=VICTIM).exists()


@attack(
    wants="a connection whose own domain is gone, which every page and command expects",
    stopped_by="the connection's own domain is changed at its step, and never removed",
)
def test_removing_the_domain_of_the_connection(contoso: Company, step: str, client: Client) -> None:
    EnabledConnection.objects.all().delete()
    own = contoso.connection.aliases.filter(is_primary=True)
    # As after a link has made a domain that it had added the connection's own.
    own.update(needs_proof=True)
    client.post(step, {"remove": contoso.connection.domain})
    assert own.exists()


@attack(
    wants="a set-up finished with a domain that another directory has verified as well",
    stopped_by="a disputed domain is not verified for either",
)
def test_going_on_with_a_disputed_domain(
    contoso: Company, fabrikam: Company, step: str, client: Client
) -> None:
    SetupLink.objects.update(domains="required")
    for connection in (contoso.connection, fabrikam.connection):
        connection.aliases.create(domain=VICTIM, needs_proof=True)
        connection.aliases.filter(domain=VICTIM).mark_verified(
            connection.tenant_id, DomainAlias.VerifiedBy.DNS
        )
    contoso.microsoft.fault("discovery", status=503, times=None)
    page = client.post(step, {"action": "continue"}).content.decode()
    assert "Each domain has to be verified" in page
    assert SetupLink.objects.get().step == "domains"


@attack(
    wants="the site's requests to Microsoft used up, by opening the page again and again",
    stopped_by="the domains of a connection are asked about some times in 15 minutes",
)
def test_a_flood_of_questions(
    contoso: Company, step: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_domains, "ASK_EVERY", 0)
    monkeypatch.setattr("azuread_connections.dns_proof.resolver.LIFETIME", 0.1)
    for number in range(10):
        contoso.connection.aliases.create(domain=f"d{number}.{VICTIM}", needs_proof=True)
    for _ in range(30):
        assert client.get(step).status_code == 200
    before = contoso.microsoft.count()
    page = client.get(step)
    assert page.status_code == 200
    assert contoso.microsoft.count() == before
