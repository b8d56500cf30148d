"""The step in which the customer enters what Microsoft shows."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from azuread_connections.credentials.addition import add_secret
from azuread_connections.entra.aadsts import explain
from azuread_connections.entra.certificates import expiry_of
from azuread_connections.microsoft import admin_center
from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    Directory,
    Event,
    SetupLink,
)
from azuread_connections.models.credential import HINT_LENGTH
from azuread_connections.setup.draft import ENTERED
from azuread_connections.setup.links import create_link
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import ConnectionFactory, CredentialFactory
from tests.setup.customer import Customer, errors_of

pytestmark = pytest.mark.django_db


def test_what_microsoft_accepts_is_stored(customer: Customer) -> None:
    response = customer.enter()
    assert response.status_code == 302, errors_of(response)
    assert response["Location"] == customer.url("domains")
    connection = customer.connection
    assert (connection.domain, connection.client_id, connection.tenant_id) == (
        "contoso.com",
        customer.app.client_id,
        customer.directory.tenant_id,
    )
    [stored] = connection.credentials.all()
    assert stored.last_success_at is not None
    assert connection.aliases.verified().count() == 1
    assert customer.link.draft == {ENTERED: [str(stored.pk)]}
    assert Event.objects.filter(kind=Event.Kind.SETUP_STEP, reference=customer.link.reference)


def test_a_certificate_is_made_once_and_works_when_it_is_uploaded(customer: Customer) -> None:
    first = customer.browser.post(customer.url("credentials"), {"download": "1"})
    again = customer.browser.post(customer.url("credentials"), {"download": "1"})
    assert first["Content-Type"] == "application/pkix-cert"
    assert first.content == again.content
    logged = Event.objects.filter(kind="setup_step", message__contains="Created the certificate")
    assert logged.count() == 1
    too_early = customer.enter(client_secret="", expires_at="")
    assert "does not have the certificate" in errors_of(too_early)["__all__"][0]
    assert not customer.connection.credentials.exists()
    customer.app.add_certificate(first.content)
    assert customer.enter(client_secret="", expires_at="").status_code == 302
    [stored] = customer.connection.credentials.all()
    assert stored.kind == Credential.Kind.CERTIFICATE
    assert stored.expires_at == expiry_of(stored.certificate)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"domain": "gmail.com"}, "domain", "Anybody can have an address"),
        ({"domain": "not a domain"}, "domain", "Enter"),
        ({"domain": "unknown.example"}, "domain", "no directory with the domain unknown.example"),
        ({"client_id": "my app"}, "client_id", "Application (client) ID"),
        ({"client_id": str(uuid.uuid4())}, "client_id", "has no app with the client ID"),
        ({"client_secret": str(uuid.uuid4())}, "client_secret", "the secret's ID"),
        ({"client_secret": "Zyx8Q~not-the-one-of-this-app"}, "client_secret", "Copy the column"),
        ({"expires_at": ""}, "expires_at", "Enter the day"),
        ({"expires_at": "2001-01-01"}, "expires_at", "in the past"),
        ({"client_secret": ""}, "client_secret", "Enter the secret that ends"),
        ({"client_secret": "", "expires_at": ""}, "client_secret", "Download the certificate"),
    ],
)
def test_a_mistake_is_explained_and_nothing_reaches_the_connection(
    customer: Customer, changes: dict[str, str], field: str, text: str
) -> None:
    response = customer.enter(**changes)
    assert text in " ".join(errors_of(response)[field])
    connection = customer.connection
    assert (connection.domain, connection.client_id, connection.tenant_id) == ("", "", "")
    assert not connection.credentials.exists()
    page = response.content.decode()
    for name in ("domain", "client_id", "expires_at"):
        assert customer.values(**changes)[name].replace("'", "&#x27;") in page
    if customer.values(**changes)["client_secret"]:
        assert customer.values(**changes)["client_secret"] not in page


def test_a_secret_is_not_lost_by_a_wrong_client_id(customer: Customer) -> None:
    assert "client_id" in errors_of(customer.enter(client_id=str(uuid.uuid4())))
    assert customer.app.secrets[0].value not in str(customer.link.draft)
    page = customer.browser.get(customer.url("credentials")).content.decode()
    assert "is stored encrypted" in page
    assert customer.enter(client_secret="").status_code == 302
    assert customer.connection.credentials.count() == 1


@pytest.mark.parametrize(
    "mistake",
    [
        {"expires_at": ""},
        {"expires_at": "2001-01-01"},
        {"expires_at": "next year"},
        {"domain": "gmail.com"},
        {"client_id": "my app"},
    ],
)
def test_a_secret_is_not_lost_by_a_mistake_in_another_field(
    customer: Customer, mistake: dict[str, str]
) -> None:
    secret = customer.app.secrets[0].value
    response = customer.enter(**mistake)
    assert list(errors_of(response)) == list(mistake)
    page = response.content.decode()
    assert "is stored encrypted" in page
    assert secret not in page
    assert secret not in str(customer.link.draft)
    corrected = customer.values(client_secret="") | {
        "seen": response.context["form"]["seen"].value()
    }
    assert customer.browser.post(customer.url("credentials"), corrected).status_code == 302
    [stored] = customer.connection.credentials.all()
    assert stored.value.holds(secret)
    assert stored.expires_at is not None


def test_a_kept_secret_still_needs_its_end(customer: Customer) -> None:
    customer.enter(expires_at="")
    response = customer.enter(client_secret="", expires_at="")
    assert "Enter the day" in errors_of(response)["expires_at"][0]
    assert not customer.connection.credentials.exists()


def test_a_secret_beside_a_mistake_does_not_replace_what_a_colleague_has_saved(
    customer: Customer,
) -> None:
    colleague = Client()
    assert colleague.post(customer.made.path).status_code == 302
    older = customer.values(expires_at="") | {"seen": customer.seen(colleague)}
    customer.enter(client_secret="Zyx8Q~of-the-colleague")
    before = customer.link.draft
    response = colleague.post(customer.url("credentials"), older)
    assert "expires_at" in errors_of(response)
    assert customer.link.draft == before
    # Their next try says so.
    repeated = older | {"expires_at": customer.values()["expires_at"]}
    response = colleague.post(customer.url("credentials"), repeated)
    assert "A colleague has saved" in errors_of(response)["__all__"][0]


def test_the_directorys_id_as_client_id_is_recognised(customer: Customer) -> None:
    response = customer.enter(client_id=customer.directory.tenant_id)
    assert "Directory (tenant) ID" in errors_of(response)["client_id"][0]


def test_an_app_of_another_directory_is_refused(customer: Customer, microsoft: StandIn) -> None:
    microsoft.add_directory("fabrikam.com")
    response = customer.enter(domain="fabrikam.com")
    assert "has no app with the client ID" in errors_of(response)["client_id"][0]
    assert customer.connection.tenant_id == ""


def test_an_outage_loses_nothing(customer: Customer, microsoft: StandIn) -> None:
    microsoft.fault("discovery", status=503, times=None)
    response = customer.enter()
    assert "could not be asked" in errors_of(response)["__all__"][0]
    microsoft.clear_faults()
    assert customer.enter(client_secret="").status_code == 302


def test_a_wrong_setting_of_the_site_is_logged_and_not_shown(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise ImproperlyConfigured("The setting AUTHORITY is wrong: http://inside.example")

    monkeypatch.setattr("azuread_connections.domains.ask", refuse)
    [error] = errors_of(customer.enter())["__all__"]
    assert "settings do not allow it to ask Microsoft." in error
    assert "inside.example" not in error
    assert Event.objects.filter(message__contains="inside.example").count() == 1


@pytest.mark.parametrize(
    ("changes", "shown", "logged"),
    [
        (
            {"domain": "unknown.example"},
            "Microsoft kennt kein Verzeichnis mit der Domain unknown.example",
            "Not accepted: Microsoft knows no directory with the domain unknown.example.",
        ),
        (
            {"client_secret": "Zyx8Q~not-the-one-of-this-app"},
            "Microsoft akzeptiert das Secret nicht, das mit Zyx… beginnt.",
            "Not accepted: Microsoft does not accept the secret that begins with Zyx…",
        ),
    ],
)
def test_a_refusal_is_shown_in_the_customers_language_and_logged_in_english(
    customer: Customer, changes: dict[str, str], shown: str, logged: str
) -> None:
    values = customer.values(**changes)
    response = customer.browser.post(
        customer.url("credentials"), values, headers={"accept-language": "de"}
    )
    assert shown in str(errors_of(response))
    assert Event.objects.filter(message__startswith=logged).count() == 1


def test_an_explained_error_is_shown_in_the_customers_language_and_logged_in_english(
    customer: Customer, microsoft: StandIn
) -> None:
    microsoft.fault("token", aadsts=7000112)
    response = customer.browser.post(
        customer.url("credentials"), customer.values(), headers={"accept-language": "de"}
    )
    with override("de"):
        assert f"AADSTS7000112: {explain(7000112).meaning}" in str(errors_of(response))
    with override(None):
        logged = f"Not accepted: AADSTS7000112: {explain(7000112).meaning}"
    assert Event.objects.filter(message=logged).count() == 1


def test_a_directory_of_another_connection_is_refused(
    customer: Customer, microsoft: StandIn, application: Application
) -> None:
    fabrikam = Company.create(microsoft, application, name="fabrikam", domain="fabrikam.com")
    response = customer.enter(
        domain="fabrikam.com",
        client_id=fabrikam.app.client_id,
        client_secret=fabrikam.app.secrets[0].value,
    )
    assert "already in use" in errors_of(response)["domain"][0]
    assert admin_center.directory_url(customer.connection.cloud) in errors_of(response)["domain"][0]
    [logged] = Event.objects.filter(kind="setup_step", connection=fabrikam.connection)
    assert "The set-up of the connection contoso entered fabrikam.com" in logged.message
    assert "fabrikam" not in errors_of(response)["domain"][0].replace("fabrikam.com", "")
    assert customer.connection.tenant_id == ""


@pytest.mark.parametrize("what", ["pinned", "let in"])
def test_what_another_connection_has_is_refused(customer: Customer, what: str) -> None:
    tenant_id = customer.directory.tenant_id
    pins = {"tenant_id": tenant_id} if what == "pinned" else {"tenant_id": str(uuid.uuid4())}
    other = ConnectionFactory.create(name="other", domain="northwind.example", **pins)
    Directory.objects.all().delete()
    if what == "let in":
        allowed = Directory.Status.ALLOWED
        Directory.objects.create(connection=other, tenant_id=tenant_id, status=allowed)
    assert "already in use" in errors_of(customer.enter())["domain"][0]
    assert customer.connection.tenant_id == ""


def test_the_connection_whose_own_the_directory_is_learns_of_it(customer: Customer) -> None:
    tenant_id = customer.directory.tenant_id
    lets_in = ConnectionFactory.create(name="fabrikam", domain="fabrikam.com")
    Directory.objects.create(connection=lets_in, tenant_id=tenant_id, status="allowed")
    logged = Event.objects.filter(
        message__startswith="The set-up of the connection contoso entered"
    )
    customer.enter()
    [first] = logged
    assert first.connection == lets_in
    assert first.message.endswith("a domain of a directory that this connection lets in.")
    owner = ConnectionFactory.create(name="own", domain="contoso.org", tenant_id=tenant_id)
    customer.enter()
    [second] = logged.exclude(pk=first.pk)
    assert second.connection == owner
    assert second.message.endswith("a domain of this connection's directory.")
    first.refresh_from_db()
    assert first.count == 1


def test_a_domain_that_has_left_another_directory_is_accepted(customer: Customer) -> None:
    other = ConnectionFactory.create(
        name="other", domain="northwind.example", tenant_id=str(uuid.uuid4())
    )
    alias = other.aliases.create(domain="contoso.com")
    other.aliases.filter(pk=alias.pk).mark_verified(other.tenant_id)
    assert customer.enter(client_secret="Zyx8Q~not-the-one-of-this-app").status_code == 200
    assert other.aliases.verified().filter(pk=alias.pk).exists()
    assert customer.enter().status_code == 302
    assert not other.aliases.verified().filter(pk=alias.pk).exists()
    withdrawn = Event.objects.get(kind=Event.Kind.DOMAIN_WITHDRAWN)
    assert withdrawn.connection == other


def test_the_same_form_sent_twice_is_stored_once(customer: Customer) -> None:
    values = customer.values()
    for _press in range(2):
        response = customer.browser.post(customer.url("credentials"), values)
        assert response.status_code == 302, errors_of(response)
    assert customer.connection.credentials.count() == 1


def test_two_administrators_do_not_overwrite_each_other(customer: Customer) -> None:
    colleague = Client()
    assert colleague.post(customer.made.path).status_code == 302
    older = customer.values(client_id=str(uuid.uuid4())) | {"seen": customer.seen(colleague)}
    assert customer.enter().status_code == 302
    response = colleague.post(customer.url("credentials"), older)
    assert "A colleague has saved" in errors_of(response)["__all__"][0]
    assert customer.connection.client_id == customer.app.client_id
    assert older["client_id"] in response.content.decode()
    # With what the page now shows, the colleague replaces it on purpose.
    newer = older | {"seen": str(response.context["form"]["seen"].value())}
    again = colleague.post(customer.url("credentials"), newer)
    assert "__all__" not in errors_of(again)


def test_another_directory_begins_the_later_steps_again(
    customer: Customer, microsoft: StandIn
) -> None:
    assert customer.enter().status_code == 302
    SetupLink.objects.update(step="done")
    fabrikam = microsoft.add_directory("fabrikam.com")
    app = fabrikam.add_app()
    changes = {"client_id": app.client_id, "client_secret": app.secrets[0].value}
    assert customer.enter(domain="fabrikam.com", **changes).status_code == 302
    assert customer.connection.tenant_id == fabrikam.tenant_id
    assert customer.link.step == "domains"
    assert customer.connection.credentials.filter(last_success_at__isnull=False).count() == 1


def test_too_many_tests_are_refused(customer: Customer) -> None:
    for _attempt in range(30):
        customer.enter(client_id=str(uuid.uuid4()))
    response = customer.enter()
    assert "tested very often" in errors_of(response)["__all__"][0]


@pytest.fixture
def renewal(contoso: Company, client: Client) -> Customer:
    link = create_link(connection=contoso.connection, purpose="renew")
    assert client.post(link.path).status_code == 302
    return Customer(contoso.directory, contoso.app, link, client)


def test_a_renewal_adds_a_credential_only(renewal: Customer) -> None:
    new = renewal.app.add_secret()
    before = Connection.objects.values("domain", "client_id", "tenant_id").get()
    response = renewal.enter(client_secret=new.value, domain="evil.example")
    assert response.status_code == 302, errors_of(response)
    assert response["Location"] == renewal.url("done")
    assert Connection.objects.values("domain", "client_id", "tenant_id").get() == before
    assert renewal.connection.credentials.count() == 2


def test_a_stored_credential_renews_nothing(renewal: Customer) -> None:
    assert "already stored" in errors_of(renewal.enter())["client_secret"][0]
    assert renewal.link.step == "credentials"


def test_what_the_site_adds_meanwhile_is_neither_named_nor_a_renewal(renewal: Customer) -> None:
    added = add_secret(renewal.connection, "Qrs8Q~added-by-the-site-meanwhile").credential
    Credential.objects.update(last_success_at=timezone.now())
    page = renewal.browser.get(renewal.url("credentials")).content.decode()
    finished = renewal.finish()
    assert "has not yet accepted a secret" in finished.content.decode()
    assert "Qrs" not in page + finished.content.decode()
    assert renewal.link.finished_at is None
    assert str(added) in str(Credential.objects.first())


def test_what_was_entered_with_a_link_is_named_and_renews(renewal: Customer) -> None:
    secrets = [renewal.app.add_secret().value for _number in range(2)]
    for secret in secrets:
        assert renewal.enter(client_secret=secret).status_code == 302
        # A mistake afterwards stores a draft again.
        renewal.enter(client_secret="Zyx8Q~not-the-one-of-this-app")
        page = renewal.browser.get(renewal.url("credentials")).content.decode()
        assert secret[:HINT_LENGTH] in page
    assert len(renewal.link.draft[ENTERED]) == 2
    assert renewal.finish().status_code == 302
    assert renewal.link.finished_at is not None


def test_a_wrong_secret_never_reaches_the_sign_ins(renewal: Customer) -> None:
    response = renewal.enter(client_secret="Zyx8Q~not-the-one-of-this-app")
    assert "client_secret" in errors_of(response)
    assert renewal.connection.credentials.count() == 1


def test_a_link_of_a_connection_in_use_cannot_point_it_elsewhere(
    contoso: Company, application: Application, client: Client, microsoft: StandIn
) -> None:
    link = create_link(connection=contoso.connection, applications=[application])
    client.post(link.path)
    customer = Customer(contoso.directory, contoso.app, link, client)
    customer.go_on("register")
    evil = microsoft.add_directory("evil.example")
    app = evil.add_app()
    customer.enter(
        domain="evil.example", client_id=app.client_id, client_secret=app.secrets[0].value
    )
    connection = Connection.objects.get()
    assert (connection.domain, connection.tenant_id) == (
        "contoso.com",
        contoso.directory.tenant_id,
    )
    assert connection.credentials.count() == 1


def test_a_connection_that_is_enabled_meanwhile_is_not_changed(
    customer: Customer, application: Application, microsoft: StandIn
) -> None:
    assert customer.enter().status_code == 302
    values = customer.values()
    customer.connection.applications.add(application)
    evil = microsoft.add_directory("evil.example")
    app = evil.add_app()
    customer.browser.post(
        customer.url("credentials"),
        values
        | {
            "domain": "evil.example",
            "client_id": app.client_id,
            "client_secret": app.secrets[0].value,
        },
    )
    assert customer.connection.tenant_id == customer.directory.tenant_id


def test_a_connection_with_a_stored_credential_of_the_site_shows_nothing_of_it(
    customer: Customer,
) -> None:
    other = ConnectionFactory.create(name="northwind", domain="northwind.example")
    CredentialFactory.create(connection=other, value="Qrs8Q~of-another-connection")
    page = customer.browser.get(customer.url("credentials")).content.decode()
    assert "Qrs" not in page
    assert "northwind" not in page
