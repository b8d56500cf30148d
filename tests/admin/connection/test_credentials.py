from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from azuread_connections.entra.errors import CredentialFailed
from azuread_connections.models import Connection, Credential
from azuread_connections.testing.standin import StandIn
from tests.admin.conftest import SECRET
from tests.admin.pages import ADD, change_page, field_errors, filled_in, messages_on, text

NEW = "xyz8Q~new-0123456789"
FORGED = "xyz8Q~forged-0123456789"


def in_days(days: int) -> str:
    return f"{timezone.now() + timedelta(days=days):%Y-%m-%d}"


def warnings_on(response: Any) -> list[str]:
    return [message for level, message in messages_on(response) if level == "warning"]


@pytest.fixture
def secret(connection: Connection) -> Credential:
    return connection.credentials.create(
        value=SECRET, expires_at=datetime(2027, 4, 30, 15, 45, tzinfo=UTC)
    )


def test_a_secret_is_stored_encrypted_with_its_date(boss: Client, microsoft: StandIn) -> None:
    data = filled_in(new_secret=f" {SECRET} ", new_secret_expires=in_days(100))
    response = boss.post(ADD, data, follow=True)
    stored = Credential.objects.get()
    assert stored.value.reveal() == SECRET
    assert SECRET not in stored.value.ciphertext
    assert stored.hint == "abc"
    assert stored.expires_at is not None
    assert f"{stored.expires_at:%Y-%m-%d %H:%M}" == f"{in_days(100)} 00:00"
    assert warnings_on(response) == []


@pytest.mark.parametrize(
    ("expires", "warning"),
    [
        ("", "no expiry date, so check_secrets cannot warn you"),
        (in_days(-1), "The expiry date is in the past"),
        (in_days(800), "over 24 months away"),
    ],
)
def test_an_odd_date_is_allowed_with_a_warning(
    boss: Client, microsoft: StandIn, expires: str, warning: str
) -> None:
    data = filled_in(new_secret=SECRET, new_secret_expires=expires)
    warnings = warnings_on(boss.post(ADD, data, follow=True))
    assert Credential.objects.count() == 1
    assert len(warnings) == 1
    assert warning in warnings[0]


def test_an_odd_date_in_the_table_is_allowed_with_a_warning(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    data = filled_in(connection, **{"credentials-0-expires_at": in_days(-1)})
    warnings = warnings_on(boss.post(change_page(connection), data, follow=True))
    assert warnings == [
        "Client secret abc…: The expiry date is in the past: Microsoft already refuses this secret."
    ]


def test_blank_keeps_the_stored_secret(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    assert boss.post(change_page(connection), filled_in(connection)).status_code == 302
    kept = Credential.objects.get()
    assert kept.value.reveal() == SECRET
    # Shown and sent back as a day, the stored time is still what it was.
    assert kept.expires_at == secret.expires_at


def test_a_new_secret_is_added_to_the_old_one(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    data = filled_in(connection, new_secret=NEW, new_secret_expires=in_days(100))
    boss.post(change_page(connection), data)
    assert [s.value.reveal() for s in connection.credentials.all()] == [NEW, SECRET]


def test_the_same_secret_again_only_updates_the_date(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    data = filled_in(connection, new_secret=SECRET, new_secret_expires=in_days(100))
    response = boss.post(change_page(connection), data, follow=True)
    stored = Credential.objects.get()
    assert f"{stored.expires_at:%Y-%m-%d}" == in_days(100)
    assert ("info", "Client secret abc… is already stored, so none was added.") in (
        messages_on(response)
    )
    boss.post(change_page(connection), filled_in(connection, new_secret=SECRET))
    assert Credential.objects.get().expires_at == stored.expires_at


def test_a_stored_secret_that_no_key_opens_does_not_stop_a_new_one(
    boss: Client, connection: Connection, secret: Credential, settings: Any
) -> None:
    other_key = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItISE="
    settings.AZUREAD_CONNECTIONS = {**settings.AZUREAD_CONNECTIONS, "ENCRYPTION_KEYS": [other_key]}
    boss.post(change_page(connection), filled_in(connection, new_secret=NEW))
    assert connection.credentials.first().value.reveal() == NEW
    assert connection.credentials.count() == 2


def test_a_date_is_changed_and_removed_in_the_table(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    data = filled_in(connection, **{"credentials-0-expires_at": "2027-06-01"})
    boss.post(change_page(connection), data)
    secret.refresh_from_db()
    assert secret.expires_at == datetime(2027, 6, 1, tzinfo=UTC)
    assert secret.value.reveal() == SECRET
    boss.post(change_page(connection), filled_in(connection, **{"credentials-0-expires_at": ""}))
    secret.refresh_from_db()
    assert secret.expires_at is None


def test_editing_a_date_does_not_undo_what_a_sign_in_writes(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    def sign_in_meanwhile(instance: Credential, **kwargs: Any) -> None:
        instance.record_failure(CredentialFailed())

    data = filled_in(connection, **{"credentials-0-expires_at": "2027-06-01"})
    pre_save.connect(sign_in_meanwhile, sender=Credential)
    try:
        boss.post(change_page(connection), data)
    finally:
        pre_save.disconnect(sign_in_meanwhile, sender=Credential)
    secret.refresh_from_db()
    assert secret.refused_at is not None
    assert secret.expires_at == datetime(2027, 6, 1, tzinfo=UTC)


def test_a_secret_is_removed(boss: Client, connection: Connection, secret: Credential) -> None:
    data = filled_in(connection, **{"credentials-0-DELETE": "on"})
    asked = boss.post(change_page(connection), data, follow=True)
    assert "This removes the last credential that works" in text(asked)
    assert Credential.objects.exists()
    # A tick for another removal confirms nothing.
    wrong = data | {"credentials-confirmed": str(secret.pk + 1)}
    assert "This removes the last" in text(boss.post(change_page(connection), wrong))
    box = f'name="credentials-confirmed" value="{secret.pk}"'
    assert box in asked.content.decode()
    confirmed = data | {"credentials-confirmed": str(secret.pk)}
    response = boss.post(change_page(connection), confirmed, follow=True)
    assert not Credential.objects.exists()
    assert warnings_on(response) == ["Nobody can sign in with contoso until it has a credential."]


def test_the_secret_of_another_connection_cannot_be_removed_here(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    other = Connection.objects.create(
        name="fabrikam", domain="fabrikam.com", tenant_id="x", client_id=connection.client_id
    )
    data = filled_in(
        connection, **{"credentials-0-DELETE": "on", "credentials-0-connection": other.pk}
    )
    boss.post(change_page(other), data | {"name": "fabrikam", "domain": "fabrikam.com"})
    assert Credential.objects.count() == 1


def test_the_table_says_the_state_in_words(boss: Client, connection: Connection) -> None:
    connection.credentials.create(value=SECRET, expires_at=timezone.now() + timedelta(days=12))
    connection.credentials.create(value="xyz8Q~none-0123456789")
    page = text(boss.get(change_page(connection)))
    for words in ("abc…", "expires in 12 days", "xyz…", "no expiry date recorded", "never"):
        assert words in page


def test_a_secret_that_microsoft_refuses_is_not_shown_as_fine(
    boss: Client, connection: Connection
) -> None:
    connection.credentials.create(
        value=SECRET,
        expires_at=timezone.now() + timedelta(days=300),
        refused_at=timezone.now() - timedelta(minutes=3, seconds=5),
    )
    response = boss.get(change_page(connection))
    assert "refused by Microsoft 3 minutes ago" in text(response)
    assert 'class="azuread-state azuread-state-refused"' in response.content.decode()


@pytest.mark.parametrize("keys", [[], ["no key at all"], [None], None])
def test_the_field_explains_a_missing_encryption_key(
    boss: Client, microsoft: StandIn, settings: Any, keys: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = {**settings.AZUREAD_CONNECTIONS, "ENCRYPTION_KEYS": keys}
    errors = field_errors(boss.post(ADD, filled_in(new_secret=SECRET)))
    assert list(errors) == ["new_secret"]
    assert "Make a key with: python -c" in errors["new_secret"][0]
    assert not Connection.objects.exists()
    assert boss.post(ADD, filled_in()).status_code == 302


# --- Never shown ----------------------------------------------------------------------------


def test_a_typed_secret_does_not_come_back_in_a_refused_form(
    boss: Client, microsoft: StandIn
) -> None:
    response = boss.post(ADD, filled_in(name="-wrong-", new_secret=SECRET))
    assert SECRET not in response.content.decode()
    assert field_errors(response)["new_secret"] == ["Not kept, for safety: paste it again."]
    assert 'autocomplete="new-password"' in response.content.decode()


@pytest.mark.slow
def test_no_page_and_no_history_shows_a_secret(
    boss: Client, microsoft: StandIn, connection: Connection, secret: Credential
) -> None:
    new = "new8Q~never-shown-either"
    url = change_page(connection)
    ciphertext = secret.value.ciphertext
    responses = [
        boss.post(url, filled_in(connection, new_secret=new), follow=True),
        boss.post(url, filled_in(connection, new_secret=new, client_id="wrong")),
        boss.post(url, filled_in(connection, **{"credentials-1-DELETE": "on"}), follow=True),
        boss.post(ADD, filled_in(name="second", new_secret=new), follow=True),
        boss.get(url),
        boss.get("/admin/azuread_connections/connection/"),
        boss.get(f"{url.removesuffix('change/')}history/"),
        boss.get(f"{url.removesuffix('change/')}delete/"),
        boss.get("/admin/"),
    ]
    pages = " ".join(response.content.decode() for response in responses)
    history = " ".join(f"{e.object_repr} {e.change_message}" for e in LogEntry.objects.all())
    for hidden in (SECRET, SECRET[3:], new, new[3:], ciphertext):
        assert hidden not in pages
        assert hidden not in history


def test_the_history_names_secrets_by_their_first_characters(
    boss: Client, connection: Connection, secret: Credential
) -> None:
    url = change_page(connection)
    boss.post(url, filled_in(connection, new_secret=NEW, **{"credentials-0-DELETE": "on"}))
    message = LogEntry.objects.latest("pk").get_change_message()
    assert message == "Deleted credential “abc…”. Added credential “xyz…”."
    boss.post(url, filled_in(connection, new_secret=NEW, new_secret_expires=in_days(9)))
    message = LogEntry.objects.latest("pk").get_change_message()
    assert message == "Changed expires for credential “xyz…”."


# --- The permission -------------------------------------------------------------------------


def test_without_the_permission_secrets_stay_as_they_are(
    staff: Callable[..., Client], connection: Connection, secret: Credential
) -> None:
    client = staff("view_connection", "change_connection")
    response = client.get(change_page(connection))
    assert "you need the permission “Can add and remove credentials”" in text(response)
    assert "abc…" in text(response)
    for name in (
        "new_secret",
        "new_secret_expires",
        "credentials-0-expires_at",
        "credentials-0-DELETE",
    ):
        assert f'name="{name}"' not in response.content.decode()

    forged = {
        "display_name": "Contoso Ltd",
        "new_secret": FORGED,
        "new_secret_expires": in_days(100),
        "credentials-0-expires_at": "2030-01-01",
        "credentials-0-DELETE": "on",
    }
    assert client.post(change_page(connection), filled_in(connection, **forged)).status_code == 302
    kept = Credential.objects.get()
    assert (kept.value.reveal(), kept.expires_at) == (SECRET, secret.expires_at)
    connection.refresh_from_db()
    assert connection.display_name == "Contoso Ltd"


def test_without_the_permission_a_new_connection_gets_no_secret(
    staff: Callable[..., Client], microsoft: StandIn
) -> None:
    client = staff("view_connection", "add_connection")
    client.post(ADD, filled_in(new_secret=FORGED))
    assert Connection.objects.count() == 1
    assert not Credential.objects.exists()


def test_the_permission_alone_does_not_show_a_connection(
    staff: Callable[..., Client], connection: Connection, secret: Credential
) -> None:
    client = staff("view_connection", "manage_secret")
    html = client.get(change_page(connection)).content.decode()
    assert 'name="credentials-0-DELETE"' not in html
    data = filled_in(connection, **{"credentials-0-DELETE": "on", "new_secret": FORGED})
    assert client.post(change_page(connection), data).status_code == 403
    assert Credential.objects.get().value.reveal() == SECRET


def test_with_the_permission_secrets_are_managed(
    staff: Callable[..., Client], connection: Connection, secret: Credential
) -> None:
    client = staff("change_connection", "manage_secret")
    data = filled_in(connection, **{"credentials-0-DELETE": "on", "new_secret": NEW})
    assert client.post(change_page(connection), data).status_code == 302
    assert Credential.objects.get().value.reveal() == NEW
