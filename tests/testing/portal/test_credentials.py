from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from azuread_connections.testing import App
from tests.keys import certificate_of, key_pair, rsa_key
from tests.testing.contoso import REDIRECT_URI, Contoso
from tests.testing.oauth.test_assertions import ask, signed

from .conftest import Portal

DAY = 86400


@pytest.fixture
def app(portal: Portal) -> App:
    return portal.register()


@pytest.fixture
def path(app: App) -> str:
    return f"apps/{app.client_id}/credentials"


def test_a_secrets_value_is_shown_once(portal: Portal, app: App, path: str) -> None:
    first = portal.press(path, "add_secret", description="Example", expires="180")
    (secret,) = app.secrets
    assert f'value="{secret.value}"' in first
    assert secret.key_id in first
    again = portal.read(path)
    assert secret.value not in again
    assert f"{secret.hint}******************" in again
    assert secret.key_id in again


def test_only_the_value_signs_in(portal: Portal, app: App, path: str) -> None:
    portal.press(path, "add_secret", expires="180")
    (secret,) = app.secrets
    app.grant(portal.directory)
    contoso = Contoso(portal.entra, portal.directory, portal.directory.people[0], app)
    assert app.redirect_uris == [REDIRECT_URI]
    as_id = contoso.redeem(contoso.code(), client_secret=secret.key_id)
    assert as_id.json()["error_codes"] == [7000215]
    assert contoso.redeem(contoso.code()).status_code == 200


@pytest.mark.parametrize("days", [90, 180, 365, 545, 730])
def test_a_secret_lasts_as_long_as_was_chosen(
    portal: Portal, app: App, path: str, days: int
) -> None:
    portal.entra.clock = lambda: 1_800_000_000
    page = portal.press(path, "add_secret", expires=str(days))
    (secret,) = app.secrets
    assert secret.expires_at == 1_800_000_000 + days * DAY
    end = datetime.fromtimestamp(secret.expires_at, UTC)
    assert f"{end.month}/{end.day}/{end.year}" in page


def test_an_own_end_is_within_24_months(portal: Portal, app: App, path: str) -> None:
    today = datetime.now(UTC)
    for end in ("", "soon", f"{today - timedelta(days=2):%Y-%m-%d}", "9999-12-31"):
        portal.refusal(path, "add_secret", expires="custom", end=end)
    portal.refusal(path, "add_secret", expires="custom", end=f"{today.year + 3}-01-01")
    portal.refusal(path, "add_secret", expires="forever")
    assert app.secrets == []
    day = today + timedelta(days=10)
    portal.press(path, "add_secret", expires="custom", end=f"{day:%Y-%m-%d}")
    (secret,) = app.secrets
    assert secret.expires_at is not None
    assert 10 * DAY <= secret.expires_at - today.timestamp() <= 11 * DAY


def test_a_secret_is_deleted(portal: Portal, app: App, path: str) -> None:
    kept, gone = app.add_secret(), app.add_secret()
    portal.press(path, "remove_secret", key=gone.key_id)
    portal.press(path, "remove_secret", key=kept.value)  # not its ID
    assert app.secrets == [kept]


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_an_uploaded_certificate_shows_its_thumbprint(
    portal: Portal, app: App, encoding: Encoding
) -> None:
    content = certificate_of(rsa_key()).public_bytes(encoding)
    page = portal.upload(app, ("portal.cer", content))
    (certificate,) = app.certificates
    assert certificate.thumbprint in page.text
    assert certificate.name == "Portal’s"
    assert "Portal’s" in page.text
    portal.press(f"apps/{app.client_id}/credentials", "remove_certificate", key=certificate.key_id)
    assert app.certificates == []


def test_an_uploaded_certificate_signs_in(portal: Portal, app: App) -> None:
    contoso = Contoso(portal.entra, portal.directory, portal.directory.people[0], app)
    assert ask(contoso, signed(contoso)).json()["error_codes"] == [700027]
    portal.upload(app, ("portal.pem", key_pair().certificate))
    assert ask(contoso, signed(contoso)).status_code == 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "The file is not a certificate."),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a certificate"),
        (b"-----BEGIN PRIVATE KEY-----\n", "contains a private key"),
        (b"", "Select a file."),
    ],
)
def test_other_files_are_refused(portal: Portal, app: App, content: bytes, message: str) -> None:
    answer = portal.upload(app, ("portal.cer", content))
    assert answer.status_code == 400
    assert message in answer.text
    assert app.certificates == []


def test_no_file_at_all_is_refused(portal: Portal, app: App) -> None:
    assert "Select a file." in portal.upload(app, None).text


def test_federated_credentials_are_added_and_removed(portal: Portal, app: App, path: str) -> None:
    trusted = {"issuer": "https://cluster.example", "subject": "system:serviceaccount:web:portal"}
    audience = "api://AzureADTokenExchange"
    assert audience in portal.read(path)
    portal.press(path, "add_federated", **trusted, audience=audience)
    (rule,) = app.federated_credentials
    assert (rule.issuer, rule.subject, rule.audience) == (*trusted.values(), audience)
    assert "exists already" in portal.refusal(path, "add_federated", **trusted, audience="other")
    empty = portal.refusal(path, "add_federated", issuer="", subject="", audience="")
    assert len(re.findall("must not be empty", empty)) == 3
    portal.press(path, "remove_federated", key="1")
    portal.press(path, "remove_federated", key="0")
    assert app.federated_credentials == []
