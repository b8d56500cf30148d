"""Fictional companies: their directories in the stand-in, and the connections of three of them.

All dates are relative to today, so that the demo shows the same thing on every day: Contoso's
secret expires in 12 days, Northwind's expired 9 days ago, Fabrikam's has no recorded date.
Contoso uses the other features: an alias, nested groups, job titles, the Users API. Adatum is new:
it has registered no app, and the site has no connection to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_DNS, uuid5


@dataclass(frozen=True)
class Secret:
    """A client secret as Azure has it. ``days`` counts from today; negative means expired."""

    value: str
    days: int


@dataclass(frozen=True)
class Team:
    """A group of the directory. ``teams`` are the groups inside it."""

    name: str
    members: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    security: bool = True


@dataclass(frozen=True)
class Company:
    """A directory with one registered app, and the connection that uses it, or with neither.

    The first of ``secrets`` is the one the connection holds. ``staff``: the team whose members
    become members of the Django group of the demo; if it is set, everything else is read from
    Graph, too. ``administrator`` can consent for the directory.
    """

    name: str
    domain: str
    tenant_id: str
    people: tuple[str, ...]
    connection: str = ""
    client_id: str = ""
    secrets: tuple[Secret, ...] = ()
    identity_api: str = "microsoft-identity-platform-v2.0"
    expiry_recorded: bool = True
    aliases: tuple[str, ...] = ()
    jobs: Mapping[str, str] = field(default_factory=dict)
    teams: tuple[Team, ...] = ()
    staff: str = ""
    administrator: str = ""


#: The Django group that people of Contoso's team "All staff" are put into.
STAFF_GROUP = "Staff"

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
    aliases=("contoso.net",),
    jobs={
        "Adele Vance": "Retail Manager",
        "Alex Wilber": "Marketing Assistant (agency)",
        "Diego Siciliani": "Sales Representative",
        "Grady Archie": "Designer",
        "Henrietta Mueller": "Sales Lead, DACH",
        "Isaiah Langer": "Sales Representative",
        "Johanna Lorenz": "Sales Representative",
        "Joni Sherman": "Counsel",
        "Lee Gu": "Engineering Lead",
        "Megan Bowen": "Head of IT",
    },
    # Alex works for an agency: in the directory, but in no team of the staff.
    teams=(
        Team("All staff", teams=("Sales", "Product", "Headquarters")),
        Team("Sales", ("Adele Vance", "Diego Siciliani", "Isaiah Langer"), ("Sales Europe",)),
        Team("Sales Europe", ("Henrietta Mueller", "Johanna Lorenz")),
        Team("Product", ("Grady Archie", "Lee Gu")),
        Team("Headquarters", ("Joni Sherman", "Megan Bowen")),
        Team("Summer party", ("Adele Vance", "Alex Wilber", "Lee Gu"), security=False),
    ),
    staff="All staff",
    administrator="Megan Bowen",
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

#: A customer who sets up the connection alone, by a set-up link and the stand-in's portal.
ADATUM = Company(
    name="Adatum",
    domain="adatum.com",
    tenant_id="b2f6c9a4-73d8-4e15-9c40-5ad7e8f1dd04",
    people=("Cameron White", "Delia Dennis", "Emily Braun", "Mallory Cortez"),
    administrator="Cameron White",
)

COMPANIES = (CONTOSO, FABRIKAM, NORTHWIND)


def standin_data(
    *,
    redirect_uri: str,
    now: datetime,
    provisioning: Mapping[str, list[dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    """The directories, in the stand-in's data format. ``provisioning``: jobs by domain."""
    jobs = provisioning or {}
    return {
        "directories": [
            directory(company, redirect_uri, now) | {"provisioning": jobs.get(company.domain, [])}
            for company in (*COMPANIES, ADATUM)
        ]
    }


def connections(*, now: datetime, known: Collection[str] = ()) -> list[dict[str, Any]]:
    """The site's connections, in the shape of Auth0's Management API.

    For those that are ``known`` only the secret's date is given, which depends on today: the rest
    can have been changed in the admin.
    """
    return [
        dated_secret(company, now) if company.connection in known else connection(company, now)
        for company in COMPANIES
    ]


def directory(company: Company, redirect_uri: str, now: datetime) -> dict[str, Any]:
    return {
        "domain": company.domain,
        "name": company.name,
        "tenant_id": company.tenant_id,
        "domains": [company.domain, *company.aliases],
        "people": [person(company, name) for name in company.people],
        "groups": [group(company, team) for team in company.teams],
        "applications": [application(company, redirect_uri, now)] if company.client_id else [],
    }


def application(company: Company, redirect_uri: str, now: datetime) -> dict[str, Any]:
    return {
        "client_id": company.client_id,
        "name": f"{company.name} staff sign-in",
        "redirect_uris": [redirect_uri],
        "secrets": [registered_secret(secret, now) for secret in company.secrets],
        **(GRAPH_PERMISSIONS if company.staff else {}),
    }


#: Registered in Azure and granted: what Contoso's options need.
GRAPH_PERMISSIONS = {
    "delegated": ["User.Read", "GroupMember.Read.All"],
    "application": ["User.Read.All"],
}


def person(company: Company, name: str) -> dict[str, Any]:
    given_name, family_name = name.split(" ")
    address = address_of(company, name)
    return {
        "object_id": stable_guid(address),
        "name": name,
        "given_name": given_name,
        "family_name": family_name,
        "upn": address,
        "mail": address,
        "guest": False,
        "enabled": True,
        "admin": name == company.administrator,
        "graph": graph_properties(company, name),
    }


def graph_properties(company: Company, name: str) -> dict[str, Any]:
    """The properties that the extended profile shows."""
    if name not in company.jobs:
        return {}
    teams = [team.name for team in company.teams if name in team.members and team.security]
    return {
        "jobTitle": company.jobs[name],
        "department": teams[0] if teams else None,
        "companyName": company.name,
        # Numbers reserved for fiction.
        "businessPhones": [f"+1 425 555 01{company.people.index(name):02}"],
    }


def group(company: Company, team: Team) -> dict[str, Any]:
    return {
        "name": team.name,
        "object_id": team_id(company, team.name),
        "security": team.security,
        "members": [address_of(company, name) for name in team.members],
        "groups": list(team.teams),
    }


def team_id(company: Company, team: str) -> str:
    return stable_guid(f"{team} at {company.domain}")


def address_of(company: Company, name: str) -> str:
    return f"{name.replace(' ', '.')}@{company.domain}".lower()


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
    if company.aliases:
        options["domain_aliases"] = list(company.aliases)
    if company.staff:
        options |= graph_options(company)
    return {
        "name": company.connection,
        "strategy": "waad",
        "display_name": company.name,
        "show_as_button": True,
        "options": options,
        "enabled_clients": ["default"],
    }


def graph_options(company: Company) -> dict[str, Any]:
    staff = {
        "directory_group_id": team_id(company, company.staff),
        "label": company.staff,
        "group": STAFF_GROUP,
        "admits": False,
    }
    return {
        "ext_profile": True,
        "ext_groups": True,
        "ext_nested_groups": True,
        "api_enable_users": True,
        "azuread_connections": {"group_mappings": [staff]},
    }


def dated_secret(company: Company, now: datetime) -> dict[str, Any]:
    options = connection(company, now)["options"]
    secret = {key: value for key, value in options.items() if key.startswith("client_secret")}
    return {"name": company.connection, "strategy": "waad", "options": secret}


def expiry(secret: Secret, now: datetime) -> str:
    """The end of the day that is so many days from today, so that "in 12 days" holds all day."""
    day = (now.astimezone(UTC) + timedelta(days=secret.days)).date()
    return datetime.combine(day, time(23, 59, 59), UTC).isoformat()


def stable_guid(name: str) -> str:
    """The same GUID for the same name on every machine."""
    return str(uuid5(NAMESPACE_DNS, name))
