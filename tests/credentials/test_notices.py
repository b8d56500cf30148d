from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.utils import timezone

from azuread_connections import signals
from azuread_connections.credentials.notices import send_notices
from azuread_connections.models import Connection, Credential
from tests.company import Company
from tests.factories import CredentialFactory
from tests.mail import LOCMEM, SMTP, set_admins, set_mail_backend

pytestmark = pytest.mark.django_db


@pytest.fixture
def admins(settings: Any) -> None:
    set_admins(settings, "lidia@contoso.com")


def expire_in(days: float) -> None:
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=days))


def test_notices_go_out_once_per_threshold(contoso: Company, admins: None) -> None:
    sent = []
    for days in (60, 31, 29, 20, 13, 8, 6, 2, 1, 0.001, -1, -5):
        expire_in(days)
        # The same secret gets closer to its expiry: the earlier notice was about the same date.
        Credential.objects.update(notice_expiry=Credential.objects.get().expires_at)
        sent.append(send_notices().told)
    assert sent == [0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0]


def test_a_new_expiry_date_starts_the_notices_again(contoso: Company, admins: None) -> None:
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


def test_the_signal_is_sent_to_its_receivers(contoso: Company) -> None:
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


def test_a_notice_without_recipients_is_reported_and_sent_later(
    contoso: Company, settings: Any
) -> None:
    settings.ADMINS = []
    expire_in(5.5)
    for _day in range(2):
        delivery = send_notices()
        assert delivery.told == 0
        assert "no recipient for notices about contoso: set ADMINS" in delivery.problems[0]
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
    # In addition to Django's reports of the receiver's error.
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


def test_superseded_secrets_cause_no_notice(contoso: Company, admins: None) -> None:
    expire_in(5)
    CredentialFactory.create(
        connection=contoso.connection, expires_at=timezone.now() + timedelta(days=300)
    )
    assert send_notices().told == 0
