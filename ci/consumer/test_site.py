"""A site's own tests, by the fixture `entra`."""

from __future__ import annotations

from django.test import Client

from azuread_connections.testing import (
    App,
    AppCertificate,
    AppFederatedCredential,
    AppSecret,
    Directory,
    DirectoryRole,
    Group,
    Issuer,
    ManagedIdentity,
    Person,
    ProvisioningJob,
    RecordedRequest,
    Report,
    StandIn,
    StandInPageError,
    next_address,
)

pytest_plugins = ["azuread_connections.testing.plugin"]


def test_sign_in(entra: StandIn) -> None:
    contoso: Directory = entra.add_directory("contoso.com", name="Contoso")
    adele: Person = contoso.add_person("Adele Vance", upn="adele@contoso.com")
    try:
        answer: str = entra.sign_in("http://localhost/authorize", adele)
    except StandInPageError as page:
        answer = f"{page.code}: {page.text}"
    requests: list[RecordedRequest] = entra.requests
    assert answer
    assert requests


def test_step_up(entra: StandIn, client: Client) -> None:
    assert next_address(client.get("/payments/")).startswith(entra.url)


def test_credentials(entra: StandIn, certificate: str) -> None:
    contoso = entra.add_directory("contoso.com")
    app: App = contoso.add_app(redirect_uris=["http://localhost/login/callback"])
    secret: AppSecret = app.add_secret()
    public: AppCertificate = app.add_certificate(certificate)
    cluster: Issuer = entra.add_issuer("https://oidc.example.com/cluster")
    federated: AppFederatedCredential = app.add_federated_credential(cluster.url, "web")
    identity: ManagedIdentity = entra.add_managed_identity(contoso)
    assert secret.hint + identity.principal_id
    assert public in app.certificates
    assert federated in app.federated_credentials


def test_provisioning(entra: StandIn) -> None:
    contoso = entra.add_directory("contoso.com")
    group: Group = contoso.add_group("Portal users")
    role: DirectoryRole = contoso.add_role("Helpdesk Administrator")
    job: ProvisioningJob = entra.provisioning_job("https://localhost/scim/contoso/v2", "token")
    report: Report = job.cycle()
    assert report.is_good
    assert group in contoso.groups
    assert role in contoso.roles
