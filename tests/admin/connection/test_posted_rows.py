"""Table rows that somebody adds or removes while somebody else has the page open."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Connection, Credential, GroupMapping
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page, filled_in, text
from tests.factories import CredentialFactory

from .test_edit_conflict import opened, save, state_on

pytestmark = pytest.mark.django_db
GROUP = "aaaabbbb-0000-cccc-1111-dddd2222eee{}"


@pytest.fixture
def secrets(connection: Connection) -> list[Credential]:
    """Three stored ones as the page shows them: the newest first."""
    for name in ("old", "mid", "new"):
        CredentialFactory.create(connection=connection, value=f"{name}8Q~secret-0123456789")
    return list(connection.credentials.all())


def posted_from(response: Any) -> dict[str, Any]:
    """What a browser sends of the tables on a refused form."""
    data: dict[str, Any] = {}
    for inline in response.context["inline_admin_formsets"]:
        formset = inline.formset
        forms = [formset.management_form, *formset.initial_forms]
        for field in (field for form in forms for field in form):
            if not isinstance(value := field.value(), bool):
                data[field.html_name] = "" if value is None else value
    return data


def rows_shown(response: Any, prefix: str) -> list[tuple[Any, Any]]:
    """The key that each row sends, and the key of the object that it shows."""
    (inline,) = (
        each for each in response.context["inline_admin_formsets"] if each.formset.prefix == prefix
    )
    return [
        (int(row.form["id"].value()), row.original.pk) for row in inline if row.original is not None
    ]


def test_a_secret_removed_meanwhile_holds_nobody_up(
    boss: Client, connection: Connection, secrets: list[Credential], microsoft: StandIn
) -> None:
    data = filled_in(
        connection, display_name="Contoso Ltd", **{"credentials-2-expires_at": "2027-04-30"}
    )
    secrets[0].delete()
    assert save(boss, connection, data).status_code == 302
    connection.refresh_from_db()
    assert connection.display_name == "Contoso Ltd"
    dates = connection.credentials.values_list("hint", "expires_at__year")
    assert list(dates) == [("mid", None), ("old", 2027)]


def test_a_mapping_removed_meanwhile_holds_nobody_up(
    boss: Client, connection: Connection, microsoft: StandIn
) -> None:
    connection.security_groups = True
    connection.save()
    gone, kept = (
        GroupMapping.objects.create(connection=connection, directory_group_id=GROUP.format(n))
        for n in range(2)
    )
    data = filled_in(connection, **{"group_mappings-1-label": "Staff"})
    gone.delete()
    assert save(boss, connection, data).status_code == 302
    assert list(GroupMapping.objects.values_list("pk", "label")) == [(kept.pk, "Staff")]


def test_after_a_warning_about_a_removal_saving_again_removes_the_chosen_rows(
    boss: Client, connection: Connection, secrets: list[Credential], microsoft: StandIn
) -> None:
    data = opened(boss, connection)
    secrets[0].delete()
    CredentialFactory.create(connection=connection, value="xyz8Q~another-0123456789")
    told = save(boss, connection, data)
    assert "stored credentials" in text(told)
    keys = [secret.pk for secret in secrets[1:]]
    assert rows_shown(told, "credentials") == [(key, key) for key in keys]
    again = filled_in(connection) | posted_from(told) | {"shown_state": state_on(told)}
    again |= {"credentials-0-DELETE": "on"}
    assert save(boss, connection, again).status_code == 302
    assert [secret.hint for secret in connection.credentials.all()] == ["xyz", "old"]


def test_the_row_of_another_connection_is_passed_over(
    boss: Client, connection: Connection, secrets: list[Credential], microsoft: StandIn
) -> None:
    other = CredentialFactory.create()
    data = filled_in(connection, **{"credentials-0-id": other.pk, "credentials-0-DELETE": "on"})
    assert save(boss, connection, data).status_code == 302
    assert Credential.objects.count() == 4


@pytest.mark.parametrize("count", ["", "x", "-1", "999999999"])
def test_a_forged_count_breaks_nothing(
    boss: Client, connection: Connection, secrets: list[Credential], count: str
) -> None:
    data = filled_in(connection, **{"credentials-INITIAL_FORMS": count})
    assert boss.post(change_page(connection), data).status_code in {200, 302}
    assert Credential.objects.count() == 3
