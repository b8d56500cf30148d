"""The pages of the admin, each section and row open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from playwright.sync_api import Page, expect

from azuread_connections.models import (
    Application,
    Directory,
    Event,
    Identity,
    SetupLink,
)
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.credentials.rotating import allow, know_key_ids
from tests.factories import (
    CertificateFactory,
    FederatedFactory,
    IdentityFactory,
    SetupLinkFactory,
    SetupSessionFactory,
)

from .tour import Tour

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Begin = Callable[[str], Tour]

LIST = "/admin/azuread_connections/connection/"
CORRELATION_ID = "5ad1b1e8-6e0c-4b4a-9c0e-1f6d0c8f2a01"


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    """A connection with something in each section."""
    company = Company.create(
        microsoft,
        Application.objects.get(slug="default"),
        display_name="Contoso",
        extended_profile=True,
        security_groups=True,
        enable_users_api=True,
        use_common_endpoint=True,
    )
    company.person.admin = True
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    company.app.application = ["User.Read.All"]
    company.app.delegated = ["User.Read", "GroupMember.Read.All"]
    company.app.multi_tenant = True
    connection = company.connection
    connection.credentials.update(expires_at=timezone.now() + timedelta(days=12))
    connection.directories.create(tenant_id="x", status="waiting")
    connection.aliases.create(domain="contoso.net")
    group = Group.objects.create(name="Staff")
    for directory_group in (company.directory.tenant_id, company.person.object_id):
        connection.group_mappings.create(directory_group_id=directory_group, group=group)
    identity = IdentityFactory.create(
        connection=connection,
        tenant_id=company.directory.tenant_id,
        object_id=company.person.object_id,
        login_name="adele.vance@contoso.com",
        profile={"name": "Adele Vance", "job_title": "Retail Manager"},
    )
    for kind, code, aadsts in (
        (Event.Kind.SIGNED_IN, "", None),
        (Event.Kind.SIGN_IN_FAILED, "secret_rejected", 7000215),
    ):
        Event.objects.create(
            created_at=timezone.now(),
            kind=kind,
            code=code,
            aadsts_code=aadsts,
            message="Invalid client secret provided." if code else "",
            reference="ABCD-EFGH",
            correlation_id=CORRELATION_ID,
            connection=connection,
            connection_name="contoso",
            application_name="default",
            identity=identity,
            person=identity.login_name,
        )
    return company


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def open_all(page: Page) -> None:
    page.get_by_role("button", name="Open all").click()


def test_connections(tour: Begin, company: Company, live_server: Any) -> None:
    at = tour("connections")
    connection = company.connection
    CertificateFactory.create(connection=connection)
    FederatedFactory.create(connection=connection, token_file="/var/run/secrets/token")
    SetupLinkFactory.create(
        connection=connection, finished_at=timezone.now(), openings_used=1, step="done"
    )
    at.admin("admin-sign-in")
    at.be_boss()
    at.admin("admin-index")
    at.admin("connection-changelist")
    at.admin("connection-change", connection.pk)
    at.page.get_by_label("Groups to keep").fill("-1")
    at.page.locator("#id_group_mappings-2-directory_group_id").fill("no GUID")
    save(at.page)
    expect(at.page.get_by_text("Please correct the errors below.")).to_be_visible()
    at.look("connection-change-errors")
    at.goto(f"{LIST}{connection.pk}/change/")
    open_all(at.page)
    for box in at.page.locator("#credentials-group td [type=checkbox]").all():
        box.check()
    save(at.page)
    expect(at.page.get_by_text("Remove it: nobody will be able to sign in")).to_be_visible()
    at.look("connection-change-removal")
    at.admin("connection-add")
    save(at.page)
    at.look("connection-add-errors")
    for name in ("delete", "history", "sign_out", "certificate", "federated"):
        at.admin(f"connection-{name.replace('_', '-')}", connection.pk)
    at.press("Only show what to enter in Azure")
    at.look("connection-federated-errors")
    at.goto(f"{LIST}{connection.pk}/certificate/")
    at.press("Add the certificate")
    at.look("connection-certificate-errors")
    at.goto(LIST)
    at.page.locator("[name=_selected_action]").first.check()
    at.page.locator("[name=action]").select_option("delete_selected")
    at.press("Run" if at.page.get_by_role("button", name="Run", exact=True).count() else "Go")
    at.look("connections-delete")
    reader = get_user_model().objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    at.be(reader)
    at.admin("connection-change-read-only", connection.pk)
    at.end()


def test_checks(tour: Begin, company: Company, live_server: Any) -> None:
    at = tour("checks")
    connection = company.connection
    company.app.revoke(company.directory)
    at.be_boss()
    at.admin("users-not-granted", connection.pk)
    at.admin("check", connection.pk)
    at.press("Check now")
    expect(at.page.locator(".azuread-conclusion")).not_to_be_empty()
    at.look("check-failed")
    at.goto(f"{LIST}{connection.pk}/change/#azuread-consent")
    at.press("Continue to Microsoft", role="link")
    at.press("Adele Vance", exact=False)
    at.press("Accept")
    expect(at.page.get_by_text("Microsoft says that consent was granted")).to_be_visible()
    at.goto(f"{LIST}{connection.pk}/check/")
    at.press("Check now")
    expect(at.page.locator(".azuread-conclusion")).not_to_be_empty()
    at.look("check-passed")
    at.admin("users", connection.pk)
    at.admin("users-none", connection.pk, query="?q=nobody")
    at.admin("try", connection.pk)
    attempt(at, "Cancel")
    at.admin("try-failed", connection.pk)
    with at.page.context.expect_page() as opened:
        at.press("Try again")
    opened.value.get_by_role("button", name="Cancel").wait_for()
    opened.value.close()
    at.admin("try-open", connection.pk)
    attempt(at, "Adele Vance")
    at.admin("try-works", connection.pk)
    at.admin("rotate", connection.pk)
    at.press("Rotate now")
    expect(at.page.locator("[data-outcome=failed]")).to_be_visible()
    at.look("rotate-failed")
    allow(company)
    know_key_ids(company)
    at.goto(f"{LIST}{connection.pk}/rotate/")
    at.press("Rotate now")
    expect(at.page.locator(".azuread-conclusion")).to_contain_text("Done.")
    at.look("rotate-done")
    at.end()


def attempt(at: Tour, choice: str) -> None:
    """Begin a trial, and choose in the tab that it opens."""
    with at.page.context.expect_page() as opened:
        at.page.locator(".submit-row [type=submit]").first.click()
    tab = opened.value
    tab.get_by_role("button", name=choice).click()
    tab.wait_for_url("**/try/")
    tab.close()


def test_invitations(tour: Begin, company: Company) -> None:
    at = tour("invitations")
    at.be_boss()
    at.admin("invite-new")
    at.page.locator("#id_customer").fill("Northwind Traders")
    at.page.locator("[name=applications]").first.uncheck()
    at.press("Create the link")
    expect(at.page.locator(".errorlist").first).to_be_visible()
    at.look("invite-errors")
    at.page.locator("[name=applications]").first.check()
    at.press("Create the link")
    expect(at.page.get_by_text("This address is shown only now.")).to_be_visible()
    at.look("invite-address")
    at.page.reload()
    expect(at.page.get_by_text("The form was sent twice.")).to_be_visible()
    at.look("invite-twice")
    link = SetupLinkFactory.create(
        connection=company.connection,
        applications=Application.objects.all(),
        created_by_name="Miriam Graham",
        finished_at=timezone.now(),
        openings_used=2,
        step="done",
    )
    SetupSessionFactory.create(link=link, address="192.0.2.7")
    SetupLink.objects.exclude(pk=link.pk).update(revoked_at=timezone.now())
    at.admin("invite-again", company.connection.pk)
    at.admin("set-up-link-changelist")
    for name in ("change", "history", "approve", "revoke"):
        at.admin(f"set-up-link-{name}", link.pk)
    at.end()


def test_other_models(tour: Begin, company: Company) -> None:
    at = tour("other-models")
    at.be_boss()
    application = Application.objects.get(slug="default")
    directory = Directory.objects.get(tenant_id=company.directory.tenant_id)
    identity, event = Identity.objects.get(), Event.objects.latest("pk")
    at.admin("application-add")
    save(at.page)
    at.look("application-errors")
    for name, row in (
        ("application", application),
        ("directory", directory),
        ("identity", identity),
        ("event", event),
    ):
        at.admin(f"{name}-changelist")
        at.admin(f"{name}-change", row.pk)
        at.admin(f"{name}-history", row.pk)
        if name != "event":
            at.admin(f"{name}-delete", row.pk)
    at.admin("directory-add")
    at.end()
