"""The models refuse a domain in which anybody can have an address, in forms and in code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from azuread_connections.models import Connection, DomainAlias
from azuread_connections.testing import next_address
from azuread_connections.transfer.importer import ImportRefused, import_connections
from tests.company import Company
from tests.factories import ConnectionFactory
from tests.transfer.entries import entry

pytestmark = pytest.mark.django_db

DOMAINS = ["gmail.com", "Outlook.COM", "hotmail.com.", " live.com", "onmicrosoft.com"]
domains = pytest.mark.parametrize("domain", DOMAINS)
refused = pytest.raises(ValidationError, match="it does not belong to one company")


@domains
@pytest.mark.parametrize("common", [True, False], ids=["common endpoint", "single directory"])
def test_as_a_connections_own(domain: str, common: bool) -> None:
    """The app is registered in an organisation's directory, with or without the common endpoint."""
    with refused:
        ConnectionFactory.build(domain=domain, use_common_endpoint=common).full_clean()
    with refused:
        ConnectionFactory.create(domain=domain, use_common_endpoint=common)
    assert not Connection.objects.exists()


@domains
def test_as_what_a_connections_own_becomes(domain: str) -> None:
    connection = ConnectionFactory.create()
    connection.domain = domain
    for options in ({}, {"update_fields": ["domain"]}, {"update_fields": {"name", "domain"}}):
        with refused:
            connection.save(**options)
    connection.display_name = "Contoso"
    connection.save(update_fields=["display_name"])
    assert list(DomainAlias.objects.values_list("domain", flat=True)) == ["contoso.com"]


@domains
def test_as_an_alias(domain: str) -> None:
    connection = ConnectionFactory.create()
    alias = connection.aliases.get()
    writers: list[Any] = [
        lambda: connection.aliases.create(domain=domain),
        lambda: connection.aliases.get_or_create(domain=domain),
        lambda: connection.aliases.update_or_create(domain=domain, defaults={"is_primary": True}),
        lambda: DomainAlias.objects.create(connection=connection, domain=domain),
        lambda: DomainAlias(connection=connection, domain=domain).full_clean(),
    ]
    for write in writers:
        with refused:
            write()
    alias.domain = domain
    with refused:
        alias.save()
    assert list(DomainAlias.objects.values_list("domain", flat=True)) == ["contoso.com"]


@pytest.mark.parametrize("place", ["tenant_domain", "domain_aliases"])
def test_in_an_import(place: str) -> None:
    value: Any = "gmail.com" if place == "tenant_domain" else ["gmail.com"]
    with pytest.raises(ImportRefused, match="it does not belong to one company"):
        import_connections(json.dumps([entry(**{place: value})]).encode())
    assert not Connection.objects.exists()


def test_discovery_passes_over_one_that_was_written_past_the_models(
    contoso: Company, client: Client
) -> None:
    """``bulk_create`` and ``update`` call no ``save``."""
    DomainAlias.objects.bulk_create(
        DomainAlias(connection=contoso.connection, domain=domain)
        for domain in ("gmail.com", "onmicrosoft.com")
    )
    for address in ("adele@gmail.com", "adele@mail.gmail.com", "adele@fabrikam.onmicrosoft.com"):
        page = client.post("/login/", {"email": address}).content.decode()
        assert "No sign-in is set up for this address" in page
    assert leads_to_microsoft(client, "adele@contoso.com")


def test_a_directorys_first_domain_is_not_a_consumer_domain(
    contoso: Company, client: Client
) -> None:
    contoso.connection.aliases.create(domain="contoso.onmicrosoft.com")
    assert leads_to_microsoft(client, "a@contoso.onmicrosoft.com")


def leads_to_microsoft(client: Client, address: str) -> bool:
    return "/authorize?" in next_address(client.post("/login/", {"email": address}))
