"""Three fictional companies: what the stand-in knows of them, and the site's connections to them.

All dates are relative to today, so that the demo shows the same thing on every day: Contoso's
secret expires in 12 days, Northwind's expired 9 days ago, Fabrikam's has no recorded date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, uuid5


@dataclass(frozen=True)
class Secret:
    """A client secret as Azure has it. ``days`` counts from today; negative means expired."""

    value: str
    days: int


@dataclass(frozen=True)
class Company:
    """A directory with one registered app, and the connection that uses it.

    The first of ``secrets`` is the one the connection holds.
    """

    name: str
    connection: str
    domain: str
    tenant_id: str
    client_id: str
    secrets: tuple[Secret, ...]
    people: tuple[str, ...]
    identity_api: str = "microsoft-identity-platform-v2.0"
    expiry_recorded: bool = True


CONTOSO = Company(
    name="Contoso",
    connection="contoso",
    domain="contoso.com",
    tenant_id="5ad1b1e8-6e0c-4b4a-9c0e-1f6d0c8f2a01",
    client_id="0c2f6a3e-8d57-4c1b-a0d4-3b9e5f7c1101",
    secrets=(Secret("Cts8Q~demo-secret-of-contoso-0000000001", days=12),),
    people=(
        "Adele Vance",
        "Alex Wilber",
        "Diego Siciliani",
        "Grady Archie",
        "Henrietta Mueller",
        "Isaiah Langer",
        "Johanna Lorenz",
        "Joni Sherman",
        "Lee Gu",
        "Megan Bowen",
    ),
)

FABRIKAM = Company(
    name="Fabrikam",
    connection="fabrikam",
    domain="fabrikam.com",
    tenant_id="8f3c2d77-41b5-4f0e-b6a9-7d2e9b5c3b02",
    client_id="3e9d7b51-2a64-4f8c-9b17-6c0a8e2d2202",
    secrets=(Secret("Fbk8Q~demo-secret-of-fabrikam-000000001", days=400),),
    people=(
        "Allan Deyoung",
        "Christie Cline",
        "Debra Berger",
        "Enrico Cattaneo",
        "Irvin Sayers",
        "Lidia Holloway",
        "Lynne Robbins",
    ),
    identity_api="azure-active-directory-v1.0",
    expiry_recorded=False,
)

NORTHWIND = Company(
    name="Northwind",
    connection="northwind",
    domain="northwindtraders.com",
    tenant_id="c64e0f19-9a82-4d3b-8e57-20b1f4a7cc03",
    client_id="a17c4e08-5f39-4b62-8d2e-94f1c7b03303",
    secrets=(
        Secret("Nwt8Q~demo-secret-of-northwind-00000001", days=-9),
        # Ready in Azure, not yet in the site: pasting it into the form repairs the connection.
        Secret("Nwt8Q~demo-secret-of-northwind-00000002", days=180),
    ),
    people=(
        "Miriam Graham",
        "Nestor Wilke",
        "Patti Fernandez",
        "Pradeep Gupta",
        "Raul Razo",
        "Tamara Holm",
        "Veronica Quek",
    ),
)

COMPANIES = (CONTOSO, FABRIKAM, NORTHWIND)


def standin_data(*, redirect_uri: str, now: datetime) -> dict[str, Any]:
    """The directories, in the stand-in's data format."""
    return {"directories": [directory(company, redirect_uri, now) for company in COMPANIES]}


def connections(*, now: datetime) -> list[dict[str, Any]]:
    """The site's connections, in the shape of Auth0's Management API."""
    return [connection(company, now) for company in COMPANIES]


def directory(company: Company, redirect_uri: str, now: datetime) -> dict[str, Any]:
    return {
        "domain": company.domain,
        "name": company.name,
        "tenant_id": company.tenant_id,
        "domains": [company.domain],
        "people": [person(company, name) for name in company.people],
        "applications": [
            {
                "client_id": company.client_id,
                "name": f"{company.name} staff sign-in",
                "redirect_uris": [redirect_uri],
                "secrets": [registered_secret(secret, now) for secret in company.secrets],
            }
        ],
    }


def person(company: Company, name: str) -> dict[str, Any]:
    given_name, family_name = name.split(" ")
    address = f"{given_name}.{family_name}@{company.domain}".lower()
    return {
        "object_id": stable_guid(address),
        "name": name,
        "given_name": given_name,
        "family_name": family_name,
        "upn": address,
        "mail": address,
        "guest": False,
        "enabled": True,
    }


def registered_secret(secret: Secret, now: datetime) -> dict[str, Any]:
    return {
        "value": secret.value,
        "expires_at": expiry(secret, now),
        "key_id": stable_guid(secret.value),
    }


def connection(company: Company, now: datetime) -> dict[str, Any]:
    held = company.secrets[0]
    options: dict[str, Any] = {
        "tenant_domain": company.domain,
        "client_id": company.client_id,
        "client_secret": held.value,
        "identity_api": company.identity_api,
        "basic_profile": True,
        "set_user_root_attributes": "on_each_login",
    }
    if company.expiry_recorded:
        options["client_secret_expires_at"] = expiry(held, now)
    return {
        "name": company.connection,
        "strategy": "waad",
        "display_name": company.name,
        "show_as_button": True,
        "options": options,
        "enabled_clients": ["default"],
    }


def expiry(secret: Secret, now: datetime) -> str:
    """The end of the day that is so many days from today, so that "in 12 days" holds all day."""
    day = (now.astimezone(UTC) + timedelta(days=secret.days)).date()
    return datetime.combine(day, time(23, 59, 59), UTC).isoformat()


def stable_guid(name: str) -> str:
    """The same GUID for the same name on every machine."""
    return str(uuid5(NAMESPACE_DNS, name))
