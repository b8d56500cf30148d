"""A customer with a set-up link who wants more than to set up their own connection."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    Directory,
    EnabledConnection,
    Event,
    SetupLink,
)
from azuread_connections.setup.links import LinkError, create_link, reopen, revoke
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import (
    ConnectionFactory,
    CredentialFactory,
    FederatedFactory,
    UserFactory,
)
from tests.setup.customer import Customer, errors_of

from .catalogue import Attacker, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CUSTOMER)]

#: Fields of the connection's form in the admin, and of the approval.
OPTIONS = {
    "use_common_endpoint": "on",
    "link_by_email": "on",
    "enable_users_api": "on",
    "new_directories": "accept",
    "name": "evil",
    "cloud": "china",
    "tenant_id": "11112222-bbbb-3333-cccc-4444dddd5555",
    "applications": "1",
    "enabled_applications": "1",
    "approve": "1",
    "approved_at": "2020-01-01",
    "auto_enable": "on",
}


@pytest.fixture
def customer(microsoft: StandIn, application: Application, client: Client) -> Customer:
    customer = Customer.create(microsoft, application, client)
    customer.go_on("register")
    return customer


def before(link: SetupLink) -> datetime:
    return link.created_at - timedelta(days=1)


@attack(wants="options of “Who gets in”", stopped_by="the forms of a set-up have no such field")
def test_further_fields_change_nothing(customer: Customer) -> None:
    before = Connection.objects.values().get()
    customer.browser.post(customer.url("register"), OPTIONS)
    response = customer.enter(**OPTIONS)
    assert response.status_code == 302
    changed = {
        name for name, value in Connection.objects.values().get().items() if value != before[name]
    }
    assert changed == {"domain", "tenant_id", "client_id", "updated_at"}
    assert not EnabledConnection.objects.exists()
    assert not customer.link.auto_enable


@attack(wants="sign-ins without approval", stopped_by="finishing enables nothing by itself")
def test_the_last_step_does_not_approve(customer: Customer) -> None:
    customer.enter()
    SetupLink.objects.update(step="done")
    customer.browser.post(customer.url("done"), OPTIONS)
    assert customer.link.finished_at is not None
    assert customer.link.approved_at is None
    assert not EnabledConnection.objects.exists()


@attack(
    wants="to lock out another company, whose people come by the common endpoint",
    stopped_by="a directory is pinned only once it accepts the credential of an app that it has",
)
def test_a_foreign_directory_is_not_pinned(
    customer: Customer, microsoft: StandIn, application: Application
) -> None:
    fabrikam = microsoft.add_directory("fabrikam.com")
    shared = ConnectionFactory.create(
        name="shared", domain="northwind.example", use_common_endpoint=True
    )
    theirs = Directory.objects.create(
        connection=shared,
        tenant_id=fabrikam.tenant_id,
        status=Directory.Status.ALLOWED,
        admitted_by=Directory.AdmittedBy.ITSELF,
    )
    response = customer.enter(domain="fabrikam.com")
    assert response.status_code == 200
    theirs.refresh_from_db()
    assert theirs.status == Directory.Status.ALLOWED
    assert customer.connection.tenant_id == ""


@attack(
    wants="the directory of a company that signs in here already",
    stopped_by="a directory that another connection lets in is refused",
)
def test_an_app_inside_a_known_directory_does_not_take_it(
    customer: Customer, microsoft: StandIn
) -> None:
    fabrikam = microsoft.add_directory("fabrikam.com")
    app = fabrikam.add_app()
    shared = ConnectionFactory.create(
        name="shared", domain="northwind.example", use_common_endpoint=True
    )
    Directory.objects.create(
        connection=shared, tenant_id=fabrikam.tenant_id, status=Directory.Status.ALLOWED
    )
    customer.enter(
        domain="fabrikam.com", client_id=app.client_id, client_secret=app.secrets[0].value
    )
    assert customer.connection.tenant_id == ""
    assert Directory.objects.get().status == Directory.Status.ALLOWED


@attack(
    wants="to send the people of a connection in use to another directory",
    stopped_by="its domain and its client ID cannot be changed with a link",
)
@pytest.mark.parametrize("has_people", [False, True])
def test_a_connection_in_use_keeps_its_directory(
    contoso: Company,
    application: Application,
    client: Client,
    microsoft: StandIn,
    has_people: bool,
) -> None:
    if has_people:
        contoso.sign_in(Client())
        EnabledConnection.objects.all().delete()
    made = create_link(connection=contoso.connection, applications=[application])
    client.post(made.path)
    customer = Customer(contoso.directory, contoso.app, made, client)
    customer.go_on("register")
    app = microsoft.add_directory("evil.example").add_app()
    values = {"client_id": app.client_id, "client_secret": app.secrets[0].value}
    customer.enter(domain="evil.example", **values)
    connection = Connection.objects.get()
    assert connection.tenant_id == contoso.directory.tenant_id
    assert connection.client_id == contoso.app.client_id
    assert connection.credentials.count() == 1


@attack(wants="a stored secret, or what else is here", stopped_by="no page of a set-up reads them")
def test_no_page_shows_what_is_stored(contoso: Company, client: Client) -> None:
    UserFactory.create(username="zoe.quist", email="zoe@northwind.example")
    other = ConnectionFactory.create(name="northwind", domain="northwind.example")
    CredentialFactory.create(connection=other, value="Qrs8Q~of-another-connection")
    [stored] = contoso.connection.credentials.all()
    assert stored.value is not None
    made = create_link(connection=contoso.connection, purpose="renew")
    client.post(made.path)
    SetupLink.objects.update(step="done")
    for step in ("welcome", "credentials", "done"):
        page = client.get(f"/login/setup/{made.link.reference}/{step}").content.decode()
        for private in (
            stored.value.reveal(),
            stored.value.ciphertext,
            "northwind",
            "zoe",
            "Qrs",
        ):
            assert private not in page, step


@attack(
    wants="a credential of their own on a connection in use",
    stopped_by="only a credential that Microsoft accepts for its app is added",
)
def test_only_what_microsoft_accepts_is_added(contoso: Company, client: Client) -> None:
    made = create_link(connection=contoso.connection, purpose="renew")
    client.post(made.path)
    customer = Customer(contoso.directory, contoso.app, made, client)
    customer.enter(client_secret="Evl8Q~a-secret-of-their-own")
    assert Credential.objects.count() == 1
    assert customer.browser.get(customer.url("done"))["Location"] == customer.url("credentials")


@attack(
    wants="to learn of what this site has stored: the beginning of a secret, a file, a host",
    stopped_by="a set-up names only credentials that were entered with it",
)
def test_no_answer_names_a_credential_of_the_site(customer: Customer) -> None:
    connection = customer.connection
    stored = CredentialFactory.create(connection=connection, value="Qrs8Q~entered-by-the-site")
    Credential.objects.filter(pk=stored.pk).update(created_at=before(customer.link))
    page = customer.enter(client_secret="", expires_at="").content.decode()
    assert "does not accept the secret or certificate" in page
    stored.delete()
    FederatedFactory.create(connection=connection, token_file="/run/of-this-site/token")
    page += customer.enter(client_secret="", expires_at="").content.decode()
    Credential.objects.update(last_success_at=timezone.now())
    page += customer.browser.get(customer.url("credentials")).content.decode()
    SetupLink.objects.update(step="done")
    page += customer.browser.get(customer.url("done")).content.decode()
    assert "federated credential" in page
    assert "Qrs" not in page
    assert "/run/of-this-site" not in page
    # The site's own administrator can read why.
    logged = " ".join(Event.objects.values_list("message", flat=True))
    assert "Qrs…" in logged
    assert "/run/of-this-site/token" in logged


@attack(
    wants="to learn which companies sign in on this site, by typing their domains as their own",
    stopped_by="the step Credentials says that a directory is in use only to who has an app in it",
)
def test_asking_which_companies_are_here(
    customer: Customer, microsoft: StandIn, application: Application
) -> None:
    here = Company.create(microsoft, application, name="fabrikam", domain="fabrikam.com").directory
    answers = set()
    for directory in (here, microsoft.add_directory("northwind.example")):
        [errors] = errors_of(customer.enter(domain=directory.domain)).values()
        shown = " ".join(errors).replace(directory.tenant_id, "DIRECTORY")
        answers.add(shown.replace(directory.domain, "DOMAIN"))
    assert len(answers) == 1


@attack(
    wants="sign-ins without approval, by a link that was made to renew a credential",
    stopped_by="a renewal enables nothing, whatever its link names",
)
def test_a_renewal_that_names_applications_enables_nothing(
    contoso: Company, application: Application, client: Client
) -> None:
    EnabledConnection.objects.all().delete()
    made = create_link(
        connection=contoso.connection,
        applications=[application],
        purpose="renew",
        auto_enable=True,
    )
    client.post(made.path)
    customer = Customer(contoso.directory, contoso.app, made, client)
    assert customer.enter(client_secret=contoso.app.add_secret().value).status_code == 302
    client.post(customer.url("done"))
    assert customer.link.state == SetupLink.State.APPROVED
    assert not EnabledConnection.objects.exists()


@attack(wants="the pages of another link", stopped_by="a session is of one link")
@pytest.mark.parametrize("step", ["welcome", "register", "credentials", "done"])
def test_a_cookie_opens_only_its_own_link(
    customer: Customer, application: Application, step: str
) -> None:
    other = create_link(applications=[application], name="Fabrikam").link
    SetupLink.objects.filter(pk=other.pk).update(step="done")
    [cookie] = customer.browser.cookies.values()
    customer.browser.cookies[f"azuread_setup_{other.reference}"] = cookie.value
    for method in (customer.browser.get, customer.browser.post):
        response: Any = method(f"/login/setup/{other.reference}/{step}")
        assert response.status_code == 403


@attack(
    wants="to go on after the link was revoked or its connection deleted",
    stopped_by="every request reads the link again",
)
@pytest.mark.parametrize("end", ["revoked", "deleted"])
def test_a_session_ends_with_its_link(customer: Customer, end: str) -> None:
    values = customer.values()
    url = customer.url("credentials")
    if end == "revoked":
        SetupLink.objects.update(revoked_at=customer.link.created_at)
    else:
        customer.connection.delete()
    assert customer.browser.post(url, values).status_code == 403
    assert not Credential.objects.exists()


@attack(
    wants="the site's log and disk filled, by a form that is sent again and again",
    stopped_by="a test over the limit, and its refusal, write nothing",
)
def test_a_flood_of_tests(customer: Customer) -> None:
    values = customer.values(client_secret="Evl8Q~not-of-this-app-at-all")
    for _ in range(30):
        customer.browser.post(customer.url("credentials"), values)
    before = Event.objects.count()
    for _ in range(3):
        page = customer.browser.post(customer.url("credentials"), values)
        assert "tested very often" in page.content.decode()
    assert Event.objects.count() == before


@attack(
    wants="the site's log and disk filled, by a set-up that is finished and reopened",
    stopped_by="a set-up can be reopened some times in an hour",
)
def test_a_flood_of_reopenings(customer: Customer) -> None:
    customer.enter()
    SetupLink.objects.update(step="done")
    for _ in range(25):
        customer.browser.post(customer.url("done"))
        page = customer.browser.post(customer.url("done"), {"reopen": "1"})
    assert "many times" in page.content.decode()
    before = Event.objects.count()
    customer.browser.post(customer.url("done"))
    customer.browser.post(customer.url("done"), {"reopen": "1"})
    assert Event.objects.count() == before
    assert customer.link.state == SetupLink.State.FINISHED


@attack(
    wants="the server's processors, by certificates that are made and thrown away",
    stopped_by="a link makes some in 15 minutes",
)
def test_a_flood_of_certificates(customer: Customer) -> None:
    kinds = []
    for _ in range(11):
        # As after a secret was accepted: the certificate goes with the rest of the draft.
        SetupLink.objects.update(draft={})
        answer = customer.browser.post(customer.url("credentials"), {"download": "1"})
        kinds.append(answer["Content-Type"])
    assert kinds[:10] == ["application/pkix-cert"] * 10
    assert kinds[10].startswith("text/html")
    assert "Many certificates" in answer.content.decode()


@attack(
    wants="a set-up reopened after its link was revoked",
    stopped_by="the link is checked again when its row is locked",
)
def test_reopening_in_the_moment_of_the_revocation(customer: Customer) -> None:
    customer.enter()
    customer.finish()
    link = customer.link
    revoke(customer.link)
    with pytest.raises(LinkError):
        reopen(link)
    assert customer.link.finished_at is not None
