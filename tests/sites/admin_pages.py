"""Every page of this app in the admin, with something on each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from azuread_connections.models import Application, Event, Identity, SetupLink
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import CertificateFactory, IdentityFactory, SetupLinkFactory, UserFactory


def furnish(microsoft: StandIn, user: Any = None) -> Company:
    """Return a company with something in each section of its connection's page.

    ``user``: who is tied to its person; None for a new one, with a username.
    """
    company = Company.create(
        microsoft,
        Application.objects.get(slug="default"),
        display_name="Contoso",
        security_groups=True,
        enable_users_api=True,
        use_common_endpoint=True,
    )
    connection = company.connection
    connection.credentials.update(expires_at=timezone.now() + timedelta(days=12))
    CertificateFactory.create(connection=connection)
    connection.directories.create(tenant_id="x", status="waiting")
    group = Group.objects.create(name="Staff")
    connection.group_mappings.create(directory_group_id=company.directory.tenant_id, group=group)
    identity = IdentityFactory.create(
        user=user or UserFactory.create(),
        connection=connection,
        login_name="adele.vance@contoso.com",
        profile={"name": "Adele Vance", "job_title": "Retail Manager"},
    )
    Event.objects.create(
        created_at=timezone.now(),
        kind=Event.Kind.SIGN_IN_FAILED,
        code="secret_rejected",
        aadsts_code=7000215,
        message="Invalid client secret provided.",
        reference="ABCD-EFGH",
        correlation_id="5ad1b1e8-6e0c-4b4a-9c0e-1f6d0c8f2a01",
        connection=connection,
        connection_name="contoso",
        application_name="default",
        identity=identity,
        person=identity.login_name,
    )
    SetupLinkFactory.create(
        connection=connection,
        applications=connection.applications.all(),
        finished_at=timezone.now(),
    )
    return company


def pages(company: Company) -> dict[str, str]:
    """Return each page's path below the admin, by a short name."""
    connection = f"connection/{company.connection.pk}"

    directory = company.connection.directories.get(tenant_id="x")
    application = f"application/{Application.objects.get(slug='default').pk}"
    identity = f"identity/{Identity.objects.latest('pk').pk}"
    link = f"setuplink/{SetupLink.objects.latest('pk').pk}"

    below = {
        "connections": "connection/",
        "connection-add": "connection/add/",
        "connection": f"{connection}/change/",
        "connection-delete": f"{connection}/delete/",
        "connection-history": f"{connection}/history/",
        "invite-new": "connection/invite/",
        "invite": f"{connection}/invite/",
        "users": f"{connection}/users/?q=a",
        "certificate": f"{connection}/certificate/",
        "federated": f"{connection}/federated/",
        "rotate": f"{connection}/rotate/",
        "check": f"{connection}/check/",
        "try": f"{connection}/try/",
        "sign-out": f"{connection}/sign-out/",
        "applications": "application/",
        "application-add": "application/add/",
        "application": f"{application}/change/",
        "application-delete": f"{application}/delete/",
        "identities": "identity/",
        "identity": f"{identity}/change/",
        "identity-delete": f"{identity}/delete/",
        "directories": "directory/",
        "directory-add": "directory/add/",
        "directory": f"directory/{directory.pk}/change/",
        "directory-delete": f"directory/{directory.pk}/delete/",
        "events": "event/",
        "event": f"event/{Event.objects.latest('pk').pk}/change/",
        "setup-links": "setuplink/",
        "setup-link": f"{link}/change/",
        "setup-approve": f"{link}/approve/",
        "setup-revoke": f"{link}/revoke/",
    }

    return {"index": ""} | {name: f"azuread_connections/{path}" for name, path in below.items()}
