"""What check_secrets asks Microsoft, and whom it tells."""

from __future__ import annotations

import json
import smtplib
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.core.management import call_command
from django.utils import timezone

from azuread_connections import signals
from azuread_connections.credentials.notices import send_notices
from azuread_connections.credentials.verification import sync, verify
from azuread_connections.models import ClientSecret, Connection
from tests.company import Company
from tests.factories import ClientSecretFactory
from tests.mail import LOCMEM, SMTP, set_admins, set_mail_backend

pytestmark = pytest.mark.django_db

END = datetime(2027, 5, 1, 10, tzinfo=UTC)


# --verify


def test_verify_asks_about_each_secret_and_records_the_answer(contoso: Company) -> None:
    ClientSecretFactory.create(connection=contoso.connection, value="wrong-secret")
    [remark] = verify()
    # The report counts it.
    assert (remark.connection, remark.is_problem) == ("contoso", False)
    assert "AADSTS7000215: The client secret is wrong." in remark.text
    assert "Trace ID" not in remark.text
    assert "wrong-secret" not in remark.text
    assert ClientSecret.objects.get(hint="wro").refused_at
    assert ClientSecret.objects.exclude(hint="wro").get().last_success_at


def test_verify_says_what_could_not_be_asked(contoso: Company) -> None:
    contoso.microsoft.fault("token", status=503)
    [remark] = verify()
    assert "could not be verified" in remark.text
    assert remark.is_problem
    assert ClientSecret.objects.get().refused_at is None


# --sync


@pytest.fixture
def readable(contoso: Company) -> Company:
    contoso.app.grant(contoso.directory, application=["Application.Read.All"])
    contoso.app.secrets[0].expires_at = END.timestamp()
    return contoso


def test_sync_stores_the_true_end_date(readable: Company) -> None:
    [remark] = sync()
    assert "2027-05-01" in remark.text
    secret = ClientSecret.objects.get()
    assert secret.expires_at == END
    assert secret.key_id == readable.app.secrets[0].key_id
    assert list(sync()) == []


def test_sync_tells_secrets_apart_by_their_id(readable: Company) -> None:
    twin = readable.app.add_secret(
        readable.app.secrets[0].value[:3] + "-another", expires_at=END + timedelta(days=9)
    )
    [remark] = sync()
    assert "begins alike" in remark.text
    ClientSecret.objects.update(key_id=twin.key_id)
    list(sync())
    assert ClientSecret.objects.get().expires_at == END + timedelta(days=9)


def test_sync_gives_two_stored_secrets_that_begin_alike_no_date(readable: Company) -> None:
    """One of them may have been removed, and the date is the other one's."""
    twin = ClientSecret.objects.get().hint + "8Q~another"
    ClientSecretFactory.create(connection=readable.connection, value=twin)
    remarks = [remark.text for remark in sync()]
    assert len(remarks) == 2
    assert all("cannot be told from another secret" in text for text in remarks)
    assert not any("removed" in text or "Remove" in text for text in remarks)
    assert not ClientSecret.objects.exclude(expires_at=None, key_id="").exists()


def test_sync_gives_a_secret_whose_id_is_known_to_no_other(readable: Company) -> None:
    list(sync())
    twin = ClientSecret.objects.get().hint + "8Q~another"
    ClientSecretFactory.create(connection=readable.connection, value=twin)
    [remark] = sync()
    assert "cannot be told from another secret" in remark.text
    readable.app.add_secret(twin, expires_at=END + timedelta(days=9))
    [remark] = sync()
    assert "2027-05-10" in remark.text
    assert ClientSecret.objects.filter(expires_at=END).count() == 1


def test_a_secret_that_azure_replaced_by_one_that_begins_alike_gets_no_date_of_it(
    readable: Company,
) -> None:
    list(sync())
    before = ClientSecret.objects.values("key_id", "expires_at").get()
    [old] = readable.app.secrets
    readable.app.add_secret(old.value[:3] + "8Q~another", expires_at=END + timedelta(days=9))
    # Its own value still opens the door while this is asked.
    readable.app.secrets.remove(old)
    readable.app.secrets.append(replace(old, key_id=str(uuid.uuid4())))
    [remark] = sync()
    assert "cannot be told from another secret" in remark.text
    assert ClientSecret.objects.values("key_id", "expires_at").get() == before


@pytest.mark.parametrize("hint", [None, "", 5])
def test_sync_never_says_removed_where_azure_does_not_say_how_a_secret_begins(
    readable: Company, hint: object
) -> None:
    answer = {"id": "x", "passwordCredentials": [registered(hint=hint)]}
    answer_for_applications(readable, answer)
    [remark] = sync()
    assert "Azure does not say how they begin" in remark.text
    assert "emoved" not in remark.text


@pytest.mark.parametrize(
    "answer", [{}, {"passwordCredentials": None}, {"passwordCredentials": [5]}]
)
def test_sync_takes_an_answer_without_secrets_for_no_answer(
    readable: Company, answer: dict[str, Any]
) -> None:
    answer_for_applications(readable, answer)
    [remark] = sync()
    assert remark.is_problem
    assert "emoved" not in remark.text


@pytest.mark.parametrize("end", [None, "", "soon"])
def test_sync_says_where_azure_names_no_date(readable: Company, end: object) -> None:
    hint = ClientSecret.objects.get().hint
    answer_for_applications(
        readable, {"passwordCredentials": [registered(hint=hint, endDateTime=end)]}
    )
    [remark] = sync()
    assert "Azure does not say when it expires" in remark.text
    assert ClientSecret.objects.get().expires_at is None


def registered(**changes: object) -> dict[str, object]:
    secret = {"hint": "Zzz", "keyId": str(uuid.uuid4()), "endDateTime": "2027-05-01T10:00:00Z"}
    return secret | changes


def answer_for_applications(company: Company, answer: dict[str, Any]) -> None:
    company.microsoft.fault(
        "applications", status=200, body=json.dumps(answer), content_type="application/json"
    )


def test_sync_says_which_secret_the_registration_does_not_have(readable: Company) -> None:
    ClientSecret.objects.update(hint="Abc")
    [remark] = sync()
    assert remark.text.startswith("Abc… is not on the registration")
    assert "Remove it" in remark.text


def test_a_refusal_is_explained_once(contoso: Company) -> None:
    ClientSecret.objects.all().delete()
    ClientSecretFactory.create(connection=contoso.connection, value="wrong-secret")
    remarks = [*sync(), *verify()]
    assert len([remark for remark in remarks if "7000215" in remark.text]) == 1
    assert not any(remark.is_problem for remark in remarks)


def test_a_connection_that_is_not_finished_is_no_problem_of_sync(contoso: Company) -> None:
    ClientSecret.objects.all().delete()
    [remark] = sync()
    assert not remark.is_problem


def test_an_answer_cannot_write_on_the_terminal(contoso: Company) -> None:
    body = json.dumps({"error": "x", "error_description": "\x1b[2Jgone\r\nall fine"})
    contoso.microsoft.fault("token", status=400, body=body, content_type="application/json")
    [remark] = verify()
    assert "�[2Jgone all fine" in remark.text


def test_sync_says_where_the_app_may_not_read(contoso: Company) -> None:
    [remark] = sync()
    assert "may not read" in remark.text
    assert not remark.is_problem


def test_sync_says_where_the_app_is_registered_elsewhere(readable: Company) -> None:
    readable.microsoft.fault("applications", status=404, body="{}", content_type="application/json")
    [remark] = sync()
    assert "registered in another directory" in remark.text


# --email


@pytest.fixture
def admins(settings: Any) -> None:
    set_admins(settings, "lidia@contoso.com")


def expire_in(days: float) -> None:
    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=days))


def test_notices_go_out_once_per_threshold(contoso: Company, admins: None) -> None:
    sent = []
    for days in (60, 31, 29, 20, 13, 8, 6, 2, 1, 0.001, -1, -5):
        expire_in(days)
        # The same secret comes closer: what was told before was about the same expiry.
        ClientSecret.objects.update(notice_expiry=ClientSecret.objects.get().expires_at)
        sent.append(send_notices().told)
    assert sent == [0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0]


def test_a_new_expiry_begins_anew(contoso: Company, admins: None) -> None:
    expire_in(20)
    assert send_notices().told == 1
    assert send_notices().told == 0
    expire_in(21)
    assert send_notices().told == 1


def test_admins_and_contact_are_written_to(contoso: Company, admins: None) -> None:
    Connection.objects.update(contact_email="desk@contoso.com")
    expire_in(5.5)
    send_notices()
    assert sorted(message.to[0] for message in mail.outbox) == [
        "desk@contoso.com",
        "lidia@contoso.com",
    ]
    body = mail.outbox[0].body
    assert "contoso" in body
    assert "default" in body
    assert contoso.app.secrets[0].value not in body


def test_a_signal_goes_to_whoever_listens(contoso: Company) -> None:
    heard: list[tuple[str, int]] = []

    def listen(connection: Connection, days_left: int, **kwargs: Any) -> None:
        heard.append((connection.name, days_left))

    expire_in(5.5)
    signals.secret_expiring.connect(listen)
    try:
        send_notices()
    finally:
        signals.secret_expiring.disconnect(listen)
    assert [name for name, _days in heard] == ["contoso"]


def test_mail_that_fails_is_sent_the_next_time(
    contoso: Company, admins: None, settings: Any
) -> None:
    expire_in(5.5)
    set_mail_backend(settings, SMTP, host="127.0.0.1", port=9)
    delivery = send_notices()
    assert delivery.told == 0
    assert "ADMINS could not be sent: [Errno" in delivery.problems[0]
    set_mail_backend(settings, LOCMEM)
    assert send_notices().told == 1


def test_an_address_that_is_refused_keeps_nobody_elses_notice_back(
    contoso: Company, fabrikam: Company, admins: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def send(backend: object, messages: list[Any]) -> int:
        for message in messages:
            if message.to == ["gone@contoso.com"]:
                raise smtplib.SMTPRecipientsRefused({"gone@contoso.com": (550, b"no such user")})
            sent.extend(message.to)
        return len(messages)

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
    contacts = (contoso, "gone@contoso.com"), (fabrikam, "desk@fabrikam.com")
    for company, contact in contacts:
        Connection.objects.filter(pk=company.connection.pk).update(contact_email=contact)
    expire_in(5.5)
    delivery = send_notices()
    assert delivery.told == 2
    assert "gone@contoso.com" in delivery.problems[0]
    assert sorted(sent) == ["desk@fabrikam.com", "lidia@contoso.com"]
    # The administrators know of it: no second mail tomorrow.
    assert send_notices().told == 0
    assert len(sent) == 2


def test_a_notice_to_nobody_is_told_and_not_used_up(contoso: Company, settings: Any) -> None:
    settings.ADMINS = []
    expire_in(5.5)
    for _day in range(2):
        delivery = send_notices()
        assert delivery.told == 0
        assert "nobody to write to about contoso: set ADMINS" in delivery.problems[0]
    Connection.objects.update(contact_email="desk@contoso.com")
    assert send_notices().told == 1


def test_a_receiver_that_fails_repeats_no_mail(
    contoso: Company, fabrikam: Company, admins: None
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("The pager is out of order.")

    expire_in(5.5)
    signals.secret_expiring.connect(fail)
    try:
        delivery = send_notices()
        assert delivery.told == 2
        assert [("pager" in problem) for problem in delivery.problems] == [True, True]
        assert send_notices().told == 0
    finally:
        signals.secret_expiring.disconnect(fail)
    # Beside those in which Django reports the receiver's error.
    assert len([each for each in mail.outbox if "about to expire" in each.subject]) == 1


def test_where_nobody_is_written_to_a_receiver_is_enough(contoso: Company, settings: Any) -> None:
    settings.ADMINS = []
    heard: list[str] = []

    def listen(connection: Connection, **kwargs: Any) -> None:
        heard.append(connection.name)

    expire_in(5.5)
    signals.secret_expiring.connect(listen)
    try:
        assert [send_notices().told, send_notices().told] == [1, 0]
    finally:
        signals.secret_expiring.disconnect(listen)
    assert heard == ["contoso"]


def test_superseded_secrets_are_no_news(contoso: Company, admins: None) -> None:
    expire_in(5)
    ClientSecretFactory.create(
        connection=contoso.connection, expires_at=timezone.now() + timedelta(days=300)
    )
    assert send_notices().told == 0


# The command


def test_the_command_does_all_three_and_then_reports(
    readable: Company, admins: None, capsys: pytest.CaptureFixture[str]
) -> None:
    readable.app.secrets[0].expires_at = (datetime.now(UTC) + timedelta(days=5.5)).timestamp()
    ClientSecretFactory.create(connection=readable.connection, value="wrong-secret")
    with pytest.raises(SystemExit) as exited:
        call_command("check_secrets", "--sync", "--verify", "--email", "--format", "json")
    assert exited.value.code == 1
    printed = capsys.readouterr()
    # The refused one is no danger beside one that works.
    assert [line["status"] for line in json.loads(printed.out)] == ["expiring"]
    assert "7000215" in printed.err
    assert "1 notice sent." in printed.err
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("option", ["--sync", "--verify", "--email"])
def test_what_could_not_be_asked_or_sent_is_a_failed_check(
    contoso: Company, settings: Any, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """Status 1 would say that a secret was found, 0 that there is nothing to do."""
    settings.ADMINS = []
    expire_in(20 if option == "--email" else 300)
    contoso.microsoft.fault("token", status=503)
    with pytest.raises(SystemExit) as exited:
        call_command("check_secrets", option, "--days=5")
    assert exited.value.code == 2
    out = capsys.readouterr().out
    assert ("All secrets are fine." in out) == (option == "--email")


def test_what_was_found_goes_before_what_could_not_be_asked(
    contoso: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    expire_in(5)
    contoso.microsoft.fault("token", status=503)
    with pytest.raises(SystemExit) as exited:
        call_command("check_secrets", "--verify")
    assert exited.value.code == 1
