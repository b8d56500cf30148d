from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.entra.cloud import CLOUDS
from azuread_connections.models import Connection, DomainAlias, Event
from azuread_connections.testing import StandIn
from tests.admin.pages import ADD, change_page, field_errors, filled_in, messages_on, text
from tests.company import is_proven, unprove


def warnings_on(response: Any) -> str:
    return " ".join(message for level, message in messages_on(response) if level == "warning")


def domains(connection: Connection) -> dict[str, bool]:
    return dict(connection.aliases.values_list("domain", "is_primary"))


# --- Domains --------------------------------------------------------------------------------


def test_aliases_are_added_and_removed_without_changing_the_own_domain(
    boss: Client, connection: Connection
) -> None:
    url = change_page(connection)
    boss.post(url, filled_in(connection, domain_aliases="Contoso.de, contoso.fr\ncontoso.com"))
    assert domains(connection) == {"contoso.com": True, "contoso.de": False, "contoso.fr": False}
    assert "contoso.de\ncontoso.fr" in boss.get(url).content.decode()
    boss.post(url, filled_in(connection, domain_aliases="contoso.fr"))
    assert domains(connection) == {"contoso.com": True, "contoso.fr": False}


def test_the_own_domain_is_left_out_of_discovery(boss: Client, connection: Connection) -> None:
    data = filled_in(connection, domain_aliases="contoso.de")
    del data["discover_domain"]
    boss.post(change_page(connection), data)
    assert domains(connection) == {"contoso.com": True, "contoso.de": False}

    errors = field_errors(
        boss.post(change_page(connection), data | {"domain_aliases": "contoso.com"})
    )
    assert errors == {
        "domain_aliases": ["contoso.com is the connection's own domain: use its check box below."]
    }


def test_a_bad_alias_is_reported_and_nothing_is_stored(
    boss: Client, connection: Connection
) -> None:
    data = filled_in(connection, domain_aliases="contoso.de, gmail.com, conto so")
    errors = field_errors(boss.post(change_page(connection), data))
    assert [message.split(":")[0] for message in errors["domain_aliases"]] == [
        "“gmail.com”",
        "“conto so”",
    ]
    assert domains(connection) == {"contoso.com": True}


def test_a_public_mail_domain_is_refused_as_an_alias(boss: Client, microsoft: StandIn) -> None:
    errors = field_errors(boss.post(ADD, filled_in(domain="outlook.com")))
    assert "Anybody can have an address at outlook.com" in errors["domain"][0]


def test_a_domain_shared_with_another_connection_is_warned_of(
    boss: Client, connection: Connection
) -> None:
    other = Connection.objects.create(
        name="fabrikam", domain="fabrikam.com", client_id=connection.client_id
    )
    other.aliases.create(domain="shared.example")
    data = filled_in(connection, domain_aliases="shared.example")
    warning = (
        "The domain shared.example also leads to fabrikam: people with such an address can "
        "choose wherever both are enabled."
    )
    assert warning in warnings_on(boss.post(change_page(connection), data, follow=True))
    # Only when it is added, not at every later save.
    data = filled_in(connection, display_name="Other")
    assert warning not in warnings_on(boss.post(change_page(connection), data, follow=True))


# --- Whether the domain is the directory's --------------------------------------------------


def test_finding_the_directory_verifies_the_domain(boss: Client, microsoft: StandIn) -> None:
    boss.post(ADD, filled_in())
    connection = Connection.objects.get()
    assert is_proven()
    assert "contoso.com is verified for this directory, last checked" in text(
        boss.get(change_page(connection))
    )


def test_a_domain_changed_unchecked_is_checked_at_every_later_save(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    directory = microsoft.directories[0]
    Connection.objects.update(tenant_id=directory.tenant_id)
    connection.refresh_from_db()
    url = change_page(connection)
    microsoft.stop()
    boss.post(url, filled_in(connection, domain=directory.initial_domain))
    connection.refresh_from_db()
    assert connection.tenant_id == directory.tenant_id
    assert not is_proven(directory.initial_domain)
    assert "is not verified for this directory yet" in text(boss.get(url))

    boss.post(url, filled_in(connection))
    assert not is_proven(directory.initial_domain)

    microsoft.start()
    boss.post(url, filled_in(connection))
    assert is_proven(directory.initial_domain)


def test_an_unchecked_domain_of_another_directory_is_an_error(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    unprove()
    errors = field_errors(boss.post(change_page(connection), filled_in(connection)))
    assert "belongs to another directory" in errors["domain"][0]


def old_proof() -> None:
    """As if Microsoft had last been asked an hour ago."""
    DomainAlias.objects.update(checked_at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def pinned(microsoft: StandIn, connection: Connection) -> Connection:
    """The connection, pinned to the stand-in's directory and verified an hour ago."""
    connection.tenant_id = microsoft.directories[0].tenant_id
    connection.save()
    connection.aliases.mark_verified(connection.tenant_id)
    old_proof()
    return connection


def test_a_save_asks_again_unless_it_was_asked_just_now(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    for _ in range(2):
        assert boss.post(change_page(pinned), filled_in(pinned)).status_code == 302
    assert microsoft.count("discovery") == 1


def test_a_save_of_a_domain_that_has_moved_is_refused_and_withdraws_the_proof(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    other = microsoft.add_directory("fabrikam.com").tenant_id
    microsoft.move_domain("contoso.com", microsoft.directories[1])
    errors = field_errors(boss.post(change_page(pinned), filled_in(pinned)))
    assert "belongs to another directory" in errors["domain"][0]
    assert not is_proven()
    assert Event.objects.filter(kind="domain_withdrawn").count() == 1
    page = text(boss.get(change_page(pinned)))
    assert f"Microsoft says that contoso.com belongs to another directory, {other}." in page


def test_a_domain_that_is_only_typed_withdraws_nothing(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    microsoft.add_directory("fabrikam.com")
    boss.post(change_page(pinned), filled_in(pinned, domain="fabrikam.com"))
    boss.post(change_page(pinned), filled_in(pinned, domain="nobody.example"))
    assert is_proven()


def test_another_directory_that_is_trusted_takes_the_proof_along(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    pinned.aliases.create(domain="contoso.net")
    pinned.aliases.mark_verified(pinned.tenant_id)
    other = microsoft.add_directory("fabrikam.com").tenant_id
    data = filled_in(pinned, domain="fabrikam.com", trust_directory=other)
    assert boss.post(change_page(pinned), data).status_code == 302
    assert {row.domain for row in DomainAlias.objects.verified()} == {"fabrikam.com"}


def test_a_save_asks_about_the_aliases_too_and_says_which_are_not_the_directorys(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    microsoft.move_domain("contoso.net", microsoft.directories[0])
    other = microsoft.add_directory("fabrikam.com").tenant_id
    data = filled_in(pinned, domain_aliases="contoso.net, fabrikam.com, mail.example")
    told = warnings_on(boss.post(change_page(pinned), data, follow=True))
    assert {row.domain for row in DomainAlias.objects.verified()} == {"contoso.com", "contoso.net"}
    assert f"fabrikam.com belongs to another directory ({other})" in told
    assert "no directory with the domain mail.example" in told
    # Only when they are added, not at every later save.
    told = warnings_on(boss.post(change_page(pinned), filled_in(pinned), follow=True))
    assert "mail.example" not in told


def test_a_save_asks_about_a_few_domains_at_most(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    aliases = "\n".join(f"c{number}.example" for number in range(50))
    boss.post(change_page(pinned), filled_in(pinned, domain_aliases=aliases))
    assert microsoft.count("discovery") == 21
    assert pinned.aliases.count() == 51


def test_another_cloud_takes_the_proofs_away_while_nobody_can_be_asked(
    boss: Client, microsoft: StandIn, pinned: Connection
) -> None:
    microsoft.stop()
    assert boss.post(change_page(pinned), filled_in(pinned, cloud="china")).status_code == 302
    assert not DomainAlias.objects.exclude(verified_at=None).exists()


def test_a_change_of_cloud_looks_the_directory_up_again(
    boss: Client, microsoft: StandIn, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CLOUDS, "usgov", CLOUDS["usgov"].moved(login_url=microsoft.url))
    microsoft.directories[0].cloud = "usgov"
    found = microsoft.directories[0].tenant_id
    data = filled_in(connection, cloud="usgov", trust_directory=found)
    boss.post(change_page(connection), data)
    connection.refresh_from_db()
    assert (connection.cloud, connection.tenant_id) == ("usgov", found)
    assert is_proven()
