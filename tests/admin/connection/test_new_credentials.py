"""The pages that add a certificate or a federated credential."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override

from azuread_connections.credentials import certificates
from azuread_connections.credentials.certificates import MAX_BYTES
from azuread_connections.entra.managed_identity import forget_tokens
from azuread_connections.models import Connection, Credential
from azuread_connections.testing.standin import StandIn
from tests.admin.pages import change_page, filled_in, messages_on, text
from tests.factories import CertificateFactory, CredentialFactory, FederatedFactory
from tests.keys import (
    PASSWORD,
    certificate_of,
    key_pair,
    pfx,
    private_lines,
    private_pem,
    rsa_key,
)

PEM = key_pair().private_key + key_pair().certificate
ISSUER, SUBJECT = "https://oidc.example.com/cluster", "system:serviceaccount:portal:web"


def page_of(connection: Connection, word: str) -> str:
    return change_page(connection).replace("/change/", f"/{word}/")


def add(boss: Client, connection: Connection, **data: Any) -> Any:
    return boss.post(page_of(connection, "certificate"), data, follow=True)


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("contoso.pfx", content)


# --- Certificates ---------------------------------------------------------------------------------


def test_a_pasted_certificate_is_stored_and_never_shown(
    boss: Client, connection: Connection
) -> None:
    response = add(boss, connection, pem=PEM, password="")
    stored = Credential.objects.get()
    assert (stored.kind, stored.certificate) == ("certificate", key_pair().certificate)
    assert stored.value is not None
    assert stored.value.reveal() == key_pair().private_key
    (level, message) = messages_on(response)[0]
    assert level == "success"
    assert f"Added the certificate {stored}." in message
    assert "Download its .cer file" in message
    page = response.content.decode()
    assert stored.thumbprints.sha1 in page
    assert not [line for line in private_lines() if line in page]
    assert LogEntry.objects.get().get_change_message() == f"Added credential “{stored}”."


def test_the_same_certificate_is_not_stored_twice(boss: Client, connection: Connection) -> None:
    add(boss, connection, pem=PEM)
    response = add(boss, connection, pem=PEM)
    assert Credential.objects.count() == 1
    assert messages_on(response)[0][0] == "info"


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_file_is_taken(boss: Client, connection: Connection, password: str) -> None:
    content = pfx(rsa_key(), certificate_of(rsa_key()), password)
    add(boss, connection, file=upload(content), password=password)
    assert Credential.objects.get().kind == "certificate"


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({}, "pem", "Paste the text, or choose a file."),
        ({"pem": "   "}, "pem", "Paste the text, or choose a file."),
        ({"pem": "no PEM"}, "pem", "neither PEM text"),
        ({"pem": key_pair().private_key}, "pem", "The certificate is missing"),
        ({"pem": "x" * (MAX_BYTES + 1)}, "pem", "too large"),
        (
            {"pem": private_pem(rsa_key(), PASSWORD) + key_pair().certificate},
            "password",
            "enter its password",
        ),
        (
            {"pem": private_pem(rsa_key(), PASSWORD) + key_pair().certificate, "password": "x"},
            "password",
            "does not open the private key",
        ),
    ],
)
def test_bad_input_has_a_sentence_at_its_field_and_stores_nothing(
    boss: Client, connection: Connection, data: dict[str, str], field: str, sentence: str
) -> None:
    response = add(boss, connection, **data)
    assert sentence in " ".join(response.context["form"].errors[field])
    assert sentence in text(response)
    assert not Credential.objects.exists()
    page = response.content.decode()
    # Neither the text nor the password comes back.
    assert "PRIVATE KEY-----" not in page
    assert "BEGIN ENCRYPTED" not in page
    assert 'value="x"' not in page


def test_a_bad_file_has_its_sentence_at_the_file(boss: Client, connection: Connection) -> None:
    for content, sentence in [
        (b"no file", "neither PEM text"),
        (b"0" * (MAX_BYTES + 5), "too large"),
    ]:
        response = add(boss, connection, file=upload(content))
        assert sentence in " ".join(response.context["form"].errors["file"])
    both = add(boss, connection, file=upload(b"x"), pem=PEM)
    assert "Paste the text, or choose a file." in text(both)
    assert not Credential.objects.exists()


def test_without_an_encryption_key_nothing_is_stored(
    boss: Client, connection: Connection, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    assert "ENCRYPTION_KEYS" in text(add(boss, connection, pem=PEM))
    assert not Credential.objects.exists()


def test_a_certificate_is_created_and_downloaded(
    boss: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_MADE_BITS", 2048)  # 3072 take a second
    response = add(boss, connection, create="1", years="2")
    stored = Credential.objects.get()
    link = f"{page_of(connection, 'cer')}?credential={stored.pk}"
    assert link in response.content.decode()
    file = boss.get(link)
    assert file["Content-Type"] == "application/pkix-cert"
    assert file["Content-Disposition"] == f'attachment; filename="contoso-{stored.hint}.cer"'
    certificate = x509.load_der_x509_certificate(file.content)
    assert certificate.subject.rfc4514_string() == "CN=contoso"
    assert (certificate.not_valid_after_utc.timestamp() - time.time()) // 86_400 == 729


@pytest.mark.parametrize("years", ["0", "4", "x", ""])
def test_other_lifetimes_are_refused(boss: Client, connection: Connection, years: str) -> None:
    response = add(boss, connection, create="1", years=years)
    assert response.status_code == 200
    assert response.context["creation"].errors
    assert not Credential.objects.exists()


@pytest.mark.parametrize("query", ["", "?credential=0", "?credential=x", "?credential={secret}"])
def test_only_a_certificate_of_this_connection_is_downloaded(
    boss: Client, connection: Connection, query: str
) -> None:
    secret = CredentialFactory.create(connection=connection)
    url = page_of(connection, "cer") + query.format(secret=secret.pk)
    assert boss.get(url).status_code == 404
    other = CertificateFactory.create()
    assert boss.get(f"{page_of(connection, 'cer')}?credential={other.pk}").status_code == 404


@pytest.mark.parametrize("word", ["certificate", "federated"])
@pytest.mark.parametrize(
    "rights", [("view_connection",), ("change_connection",), ("view_connection", "manage_secret")]
)
def test_adding_needs_both_permissions(
    staff: Callable[..., Client], connection: Connection, word: str, rights: tuple[str, ...]
) -> None:
    client = staff(*rights)
    for answer in (
        client.get(page_of(connection, word)),
        client.post(page_of(connection, word), {"pem": PEM, "source": "file", "add": "1"}),
    ):
        assert answer.status_code == 403
    assert not Credential.objects.exists()


def test_whoever_may_see_the_connection_may_download(
    staff: Callable[..., Client], connection: Connection
) -> None:
    stored = CertificateFactory.create(connection=connection)
    client = staff("view_connection")
    link = f"{page_of(connection, 'cer')}?credential={stored.pk}"
    assert client.get(link).status_code == 200
    page = client.get(change_page(connection)).content.decode()
    assert link in page
    assert page_of(connection, "certificate") not in page


# --- Federated credentials ------------------------------------------------------------------------


@pytest.fixture
def token_file(
    microsoft: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    forget_tokens()
    file = tmp_path / "token"
    file.write_text(microsoft.add_issuer(ISSUER).token(SUBJECT))
    yield file
    forget_tokens()


def federate(boss: Client, connection: Connection, press: str = "add", **data: str) -> Any:
    posted = {"source": "file", "token_file": "", "client_id": "", press: "1"} | data
    return boss.post(page_of(connection, "federated"), posted, follow=True)


def test_the_page_shows_what_to_enter_in_azure_before_anything_is_stored(
    boss: Client, connection: Connection, token_file: Path
) -> None:
    response = federate(boss, connection, "show", token_file=str(token_file))
    for shown in (ISSUER, SUBJECT, "api://AzureADTokenExchange"):
        assert shown in text(response)
    assert token_file.read_text() not in response.content.decode()
    assert not Credential.objects.exists()
    federate(boss, connection, token_file=str(token_file))
    stored = Credential.objects.get()
    assert (stored.kind, stored.token_file) == ("federated", str(token_file))
    page = boss.get(change_page(connection))
    link = f"{page_of(connection, 'federated')}?credential={stored.pk}"
    assert link in page.content.decode()
    assert SUBJECT in text(boss.get(link))


def test_without_a_path_the_environment_names_the_file(
    boss: Client, connection: Connection, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "AZURE_FEDERATED_TOKEN_FILE is not set" in text(federate(boss, connection))
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(token_file))
    federate(boss, connection)
    assert Credential.objects.get().token_file == ""


def test_a_managed_identity_shows_the_audience_that_azure_asks_for(
    boss: Client,
    connection: Connection,
    microsoft: StandIn,
    token_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", microsoft.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", microsoft.identity_header)
    refused = federate(boss, connection, source="identity")
    assert "answered 400 invalid_request" in text(refused)
    assert refused.context["form"].errors.keys() == {"client_id"}
    identity = microsoft.add_managed_identity(microsoft.directories[0])
    shown = text(federate(boss, connection, "show", source="identity"))
    assert identity.principal_id in shown
    assert "api://AzureADTokenExchange" in shown
    federate(boss, connection, source="identity")
    assert Credential.objects.get().managed_identity == "system"


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"token_file": "token"}, "token_file", "Enter the whole path"),
        ({"token_file": "/nowhere/token"}, "token_file", "There is no token file"),
        ({"token_file": "/tmp"}, "token_file", "is not a regular file"),
        ({"source": "identity", "client_id": "me"}, "client_id", "Enter the client ID"),
        ({"source": "elsewhere"}, "source", "not one of the available choices"),
    ],
)
def test_a_bad_source_has_a_sentence_at_its_field(
    boss: Client, connection: Connection, data: dict[str, str], field: str, sentence: str
) -> None:
    response = federate(boss, connection, **data)
    assert sentence in " ".join(response.context["form"].errors[field])
    assert not Credential.objects.exists()


def test_a_file_that_holds_no_token_is_not_quoted(
    boss: Client, connection: Connection, tmp_path: Path
) -> None:
    file = tmp_path / "environment"
    file.write_text("DATABASE_PASSWORD=hunter2")
    response = federate(boss, connection, "show", token_file=str(file))
    assert "holds no token" in text(response)
    assert "hunter2" not in response.content.decode()


def test_a_stored_one_whose_file_is_gone_says_so(boss: Client, connection: Connection) -> None:
    stored = FederatedFactory.create(connection=connection, token_file="/nowhere/token")
    response = boss.get(f"{page_of(connection, 'federated')}?credential={stored.pk}")
    assert "There is no token file /nowhere/token." in text(response)


# --- The table ------------------------------------------------------------------------------------


def test_the_table_has_every_kind_and_only_a_secrets_date_can_be_edited(
    boss: Client, connection: Connection
) -> None:
    FederatedFactory.create(connection=connection)
    certificate = CertificateFactory.create(connection=connection)
    CredentialFactory.create(connection=connection)
    response = boss.get(change_page(connection))
    shown = text(response)
    for words in ("client secret", "certificate", "federated credential", "does not expire"):
        assert words in shown
    assert f"{certificate.expires_at:%Y-%m-%d}" in shown
    html = response.content.decode()
    assert 'name="credentials-0-expires_at"' in html
    assert 'name="credentials-1-expires_at"' not in html
    assert 'name="credentials-2-expires_at"' not in html
    forged = {"credentials-1-expires_at": "2099-01-01", "credentials-2-expires_at": "2099-01-01"}
    boss.post(change_page(connection), filled_in(connection, **forged))
    before = certificate.expires_at
    certificate.refresh_from_db()
    assert certificate.expires_at == before
    assert Credential.objects.get(kind="federated").expires_at is None


def test_one_of_two_that_work_is_removed_without_a_question(
    boss: Client, connection: Connection
) -> None:
    CertificateFactory.create(connection=connection)
    FederatedFactory.create(connection=connection)
    data = filled_in(connection, **{"credentials-0-DELETE": "on"})
    boss.post(change_page(connection), data, follow=True)
    assert Credential.objects.count() == 1
    # One that is refused does not count as the other.
    refused = CredentialFactory.create(connection=connection)
    Credential.objects.filter(pk=refused.pk).update(refused_at=refused.created_at)
    data = filled_in(connection, **{"credentials-1-DELETE": "on"})
    asked = boss.post(change_page(connection), data)
    assert "This removes the last credential that works" in text(asked)
    # A new secret in the same form takes its place.
    data |= {"new_secret": "xyz8Q~new-0123456789"}
    boss.post(change_page(connection), data)
    assert Credential.objects.filter(kind="certificate").count() == 0


def test_the_pages_speak_the_readers_language(boss: Client, connection: Connection) -> None:
    with override("de"):
        for word in ("certificate", "federated"):
            assert boss.get(page_of(connection, word)).status_code == 200
