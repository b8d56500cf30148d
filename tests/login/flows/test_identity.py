"""An `iss` parameter in the callback (RFC 9207), and the subject of the ID token."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Application, Connection, Directory, Event, Identity
from azuread_connections.testing import StandIn
from tests.company import Company, error_code, query_of, unprove
from tests.factories import UserFactory
from tests.login.flows.test_accounts import PASSWORD
from tests.login.flows.test_accounts import begin as begin_connecting
from tests.login.flows.test_callback import CALLBACK, assert_refused
from tests.login.flows.test_consent import begin as begin_consent
from tests.login.flows.test_consent import link as consent_link
from tests.login.flows.test_trial import begin as begin_trial

pytestmark = pytest.mark.django_db

OTHER = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture(params=["contoso", "fabrikam"])
def company(request: pytest.FixtureRequest) -> Company:
    """A company under the v2.0 identity API, and one under v1.0."""
    found: Company = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def everybody(microsoft: StandIn, application: Application) -> Company:
    """A connection on the common endpoint."""
    made = Company.create(
        microsoft, application, name="everybody", use_common_endpoint=True, new_directories="accept"
    )
    made.app.multi_tenant = True
    return made


def issuer_of(company: Company, tenant_id: str = "") -> str:
    """The issuer in the discovery document; that of v1.0 is always on Microsoft's own host."""
    tenant_id = tenant_id or company.directory.tenant_id
    if company.connection.identity_api == "v1.0":
        return f"https://sts.windows.net/{tenant_id}/"
    return f"{company.microsoft.url}/{tenant_id}/v2.0"


def come_back(company: Company, client: Client, *issuers: str) -> Any:
    """Sign in at Microsoft, and return with these `iss` parameters."""
    url = company.microsoft.sign_in(company.start(client), company.person)
    return client.get(CALLBACK, {**query_of(url), "iss": list(issuers)})


def test_the_issuer_that_was_asked_is_welcome(company: Company, client: Client) -> None:
    assert come_back(company, client, issuer_of(company)).status_code == 302
    assert Identity.objects.count() == 1


def test_an_issuer_without_a_value_counts_as_left_out(company: Company, client: Client) -> None:
    assert come_back(company, client, "").status_code == 302


WRONG = [
    "https://login.example.net/{tid}/v2.0",
    "https://login.microsoftonline.com/{other}/v2.0",
    "{issuer}/",
    "{issuer} ",
    " {issuer}",
    "{issuer}#x",
    "{other_issuer}",
    "{template}",
    "x",
    "\x00",
    "{tid}",
]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("answer", ["code", "error"])
def test_another_issuer_ends_the_sign_in(
    company: Company, client: Client, wrong: str, answer: str
) -> None:
    tenant_id = company.directory.tenant_id
    named = wrong.format(
        tid=tenant_id,
        other=OTHER,
        issuer=issuer_of(company),
        other_issuer=issuer_of(company, OTHER),
        template=issuer_of(company, "{tenantid}"),
    )
    if answer == "code":
        response = come_back(company, client, named)
    else:
        state = query_of(company.start(client))["state"]
        parameters = {"state": state, "error": "access_denied", "iss": named}
        response = client.get(CALLBACK, parameters)
    event = assert_refused(response, 502, "id_token_invalid")
    assert "RFC 9207" in event.message
    assert company.microsoft.count("token") == 0


def test_of_two_issuers_each_has_to_be_right(company: Company, client: Client) -> None:
    right = issuer_of(company)
    response = come_back(company, client, "https://login.example.net/", right)
    assert_refused(response, 502, "id_token_invalid")


def test_the_error_of_the_right_issuer_is_believed(company: Company, client: Client) -> None:
    state = query_of(company.start(client))["state"]
    parameters = {"state": state, "error": "access_denied", "iss": issuer_of(company)}
    assert_refused(client.get(CALLBACK, parameters), 403, "access_denied")


def test_a_connection_that_is_not_pinned_learns_its_issuer_first(
    company: Company, client: Client
) -> None:
    Connection.objects.filter(pk=company.connection.pk).update(tenant_id="")
    unprove()
    response = come_back(company, client, issuer_of(company, OTHER))
    assert_refused(response, 502, "id_token_invalid")
    assert company.microsoft.count("token") == 0
    assert come_back(company, Client(), issuer_of(company)).status_code == 302


# The common endpoint: any directory's issuer, then exactly the token's own


@pytest.mark.parametrize("version", ["v1.0", "v2.0"])
def test_on_the_common_endpoint_the_token_decides(
    everybody: Company, client: Client, version: str
) -> None:
    Connection.objects.update(identity_api=version)
    everybody.connection.refresh_from_db()
    assert come_back(everybody, client, issuer_of(everybody)).status_code == 302


@pytest.mark.parametrize("version", ["v1.0", "v2.0"])
def test_on_the_common_endpoint_another_directorys_issuer_is_refused(
    everybody: Company, client: Client, version: str
) -> None:
    Connection.objects.update(identity_api=version)
    everybody.connection.refresh_from_db()
    directories = Directory.objects.count()
    response = come_back(everybody, client, issuer_of(everybody, OTHER))
    event = assert_refused(response, 502, "id_token_invalid")
    assert "RFC 9207" in event.message
    assert Directory.objects.count() == directories


@pytest.mark.parametrize("named", ["https://login.example.net/v2.0", "{template}"])
def test_on_the_common_endpoint_another_host_is_refused_before_the_code_is_sent(
    everybody: Company, client: Client, named: str
) -> None:
    template = issuer_of(everybody, "{tenantid}")
    response = come_back(everybody, client, named.replace("{template}", template))
    assert_refused(response, 502, "id_token_invalid")
    assert everybody.microsoft.count("token") == 0


# All other flows that return to the callback


def with_issuer(url: str, issuer: str) -> str:
    return f"{url}&{urlencode({'iss': issuer})}"


WRONG_ISSUER = "https://login.example.net/"


def test_connecting_an_account_looks_at_the_issuer(contoso: Company, client: Client) -> None:
    User.objects.create_user("patti", password=PASSWORD)
    assert client.login(username="patti", password=PASSWORD)
    url = contoso.microsoft.sign_in(begin_connecting(contoso, client), contoso.person)
    response = client.get(with_issuer(url, WRONG_ISSUER))
    assert (response.status_code, error_code(response)) == (502, "id_token_invalid")
    assert not Identity.objects.exists()


def test_a_trial_looks_at_the_issuer(contoso: Company, client: Client) -> None:
    client.force_login(UserFactory.create(username="staff", is_staff=True))
    url = contoso.microsoft.sign_in(begin_trial(client), contoso.person)
    client.get(with_issuer(url, WRONG_ISSUER))
    assert Event.objects.get(kind="tried").code == "id_token_invalid"
    assert contoso.microsoft.count("token") == 0


@pytest.mark.parametrize("issuer", [WRONG_ISSUER, "right"])
@pytest.mark.parametrize("way", ["session", "link"])
def test_a_return_from_the_consent_page_looks_at_the_issuer(
    contoso: Company, client: Client, issuer: str, way: str
) -> None:
    user = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    admin = contoso.directory.add_person("Megan Bowen", admin=True)
    if way == "session":
        client.force_login(user)
        address = begin_consent(client, contoso.connection)
    else:
        address = consent_link(user)
    url = contoso.microsoft.consent(address, admin)
    right = issuer == "right"
    response = client.get(with_issuer(url, issuer_of(contoso) if right else issuer))
    assert response.status_code == ((302 if way == "session" else 200) if right else 502)
    assert Event.objects.filter(kind="consent_returned").exists() is right


@pytest.mark.parametrize("sub", [None, "", " ", 5, ["x"], {}])
def test_a_token_without_a_subject_is_refused(company: Company, client: Client, sub: Any) -> None:
    def change(header: dict[str, Any], claims: dict[str, Any]) -> None:
        del claims["sub"]
        if sub is not None:
            claims["sub"] = sub

    company.microsoft.tamper_id_token(change)
    event = assert_refused(company.sign_in(client), 502, "id_token_invalid")
    assert "subject (sub)" in event.message
    assert not Event.objects.filter(kind="signed_in").exists()
