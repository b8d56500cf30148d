from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.models import Connection, Identity
from tests.admin.pages import field_errors, text

LIST = "/admin/azuread_connections/identity/"
OBJECT_ID = "00001111-aaaa-2222-bbbb-3333cccc4444"


def change_page(identity: Identity) -> str:
    return f"{LIST}{identity.pk}/change/"


def make(connection: Connection, user: Any, number: int = 0, **values: Any) -> Identity:
    return Identity.objects.create(
        **{
            "user": user,
            "cloud": "global",
            "tenant_id": connection.tenant_id,
            "object_id": f"{OBJECT_ID[:-3]}{number:03}",
            "connection": connection,
            "login_name": f"megan{number}@contoso.com",
            "profile": {"name": "Megan <b>Bowen</b>"},
            "last_sign_in_at": timezone.now(),
        }
        | values
    )


@pytest.fixture
def user(boss: Client, django_user_model: Any) -> Any:
    return django_user_model.objects.get()


def test_a_person_is_shown_and_only_the_user_can_be_edited(
    boss: Client, connection: Connection, user: Any
) -> None:
    identity = make(connection, user)
    response = boss.get(change_page(identity))
    page = text(response)
    for words in ("megan0@contoso.com", "boss", "contoso", identity.object_id, "Bowen"):
        assert words in page
    assert b"<b>Bowen" not in response.content
    boss.post(change_page(identity), {"user": user.pk, "login_name": "x", "object_id": "y"})
    stored = Identity.objects.get()
    assert (stored.login_name, stored.object_id) == ("megan0@contoso.com", identity.object_id)
    assert boss.get(f"{LIST}add/").status_code == 403


def test_who_may_only_look_ties_nobody(
    staff: Callable[..., Client], connection: Connection, django_user_model: Any
) -> None:
    identity = make(connection, django_user_model.objects.create_user("megan"))
    other = django_user_model.objects.create_user("alex")
    client = staff("view_identity")
    assert b'name="_save"' not in client.get(change_page(identity)).content
    assert client.post(change_page(identity), {"user": other.pk}).status_code == 403
    identity.refresh_from_db()
    assert identity.user.get_username() == "megan"


def test_a_person_is_tied_to_another_user_and_the_history_says_from_whom_to_whom(
    staff: Callable[..., Client], connection: Connection, django_user_model: Any
) -> None:
    identity = make(connection, django_user_model.objects.create_user("megan"))
    other = django_user_model.objects.create_user("alex")
    client = staff("change_identity")
    assert "this person will sign in as the user chosen here" in text(
        client.get(change_page(identity))
    )

    # A sign-in in between is not undone.
    Identity.objects.update(login_name="renamed@contoso.com")
    assert client.post(change_page(identity), {"user": other.pk}).status_code == 302
    stored = Identity.objects.get()
    assert (stored.user, stored.login_name) == (other, "renamed@contoso.com")
    message = LogEntry.objects.latest("pk").get_change_message()
    assert message == (f"Tied to the user alex ({other.pk}) instead of megan ({identity.user_id}).")


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_only_a_superuser_ties_to_powerful_users(
    staff: Callable[..., Client],
    connection: Connection,
    django_user_model: Any,
    boss: Client,
    power: str,
) -> None:
    identity = make(connection, django_user_model.objects.create_user("megan"))
    powerful = django_user_model.objects.create_user("powerful", **{power: True})
    client = staff("change_identity")
    errors = field_errors(client.post(change_page(identity), {"user": powerful.pk}))
    assert errors == {
        "user": ["Only a superuser can tie a person to a user who is staff or superuser."]
    }
    assert boss.post(change_page(identity), {"user": powerful.pk}).status_code == 302
    assert Identity.objects.get().user == powerful
    # Whom the person is tied to already may stay.
    assert client.post(change_page(identity), {"user": powerful.pk}).status_code == 302


def give(user: Any, *codenames: str, by_group: bool = False) -> None:
    permissions = Permission.objects.filter(codename__in=codenames)
    if by_group:
        group = Group.objects.create(name=f"{user}'s")
        group.permissions.set(permissions)
        user.groups.add(group)
    else:
        user.user_permissions.set(permissions)


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("by_group", [True, False])
def test_nobody_ties_to_a_user_who_holds_more_than_they_do(
    staff: Callable[..., Client],
    connection: Connection,
    django_user_model: Any,
    boss: Client,
    by_group: bool,
    is_active: bool,
) -> None:
    identity = make(connection, django_user_model.objects.create_user("megan"))
    other = django_user_model.objects.create_user("other", is_active=is_active)
    give(other, "change_identity", "delete_user", by_group=by_group)
    client = staff("change_identity")
    errors = field_errors(client.post(change_page(identity), {"user": other.pk}))
    assert errors == {
        "user": ["This user holds permissions that you do not hold yourself: auth.delete_user."]
    }
    assert Identity.objects.get().user.get_username() == "megan"
    assert boss.post(change_page(identity), {"user": other.pk}).status_code == 302
    assert Identity.objects.get().user == other
    # Whom the person is tied to already may stay.
    assert client.post(change_page(identity), {"user": other.pk}).status_code == 302


def test_a_user_who_holds_no_more_than_the_editor_can_be_tied_to(
    staff: Callable[..., Client], connection: Connection, django_user_model: Any
) -> None:
    identity = make(connection, django_user_model.objects.create_user("megan"))
    other = django_user_model.objects.create_user("other")
    give(other, "change_identity", by_group=True)
    client = staff("change_identity", "view_connection")
    assert client.post(change_page(identity), {"user": other.pk}).status_code == 302
    assert Identity.objects.get().user == other


def test_users_are_searched_only_by_who_may_see_them(
    boss: Client, staff: Callable[..., Client], connection: Connection, user: Any
) -> None:
    identity = make(connection, user)
    assert b"admin-autocomplete" in boss.get(change_page(identity)).content
    html = staff("change_identity").get(change_page(identity)).content
    assert b"admin-autocomplete" not in html
    assert b"vForeignKeyRawIdAdminField" in html


def test_deleting_unties_the_person_and_keeps_the_user(
    boss: Client, connection: Connection, user: Any, django_user_model: Any
) -> None:
    identity = make(connection, user)
    boss.post(f"{LIST}{identity.pk}/delete/", {"post": "yes"})
    assert not Identity.objects.exists()
    assert django_user_model.objects.filter(pk=user.pk).exists()


def test_deleting_needs_its_permission(
    staff: Callable[..., Client], connection: Connection, boss: Client, user: Any
) -> None:
    identity = make(connection, user)
    client = staff("view_identity")
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}{identity.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Identity.objects.exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=megan1", [1]),
        (f"q={OBJECT_ID[:-3].upper()}002", [2]),
        ("q=AAAABBBB-0000-CCCC-1111-DDDD2222EEEE", [0, 1, 2]),
        ("q=nobody", []),
        ("connection=999", []),
        ("connection=nonsense", []),
    ],
)
def test_searching(
    boss: Client, connection: Connection, user: Any, query: str, found: list[int]
) -> None:
    identities = [make(connection, user, number) for number in range(3)]
    rows = boss.get(f"{LIST}?{query}").context["cl"].result_list
    assert {row.pk for row in rows} == {identities[number].pk for number in found}


def test_filtering_by_connection(boss: Client, connection: Connection, user: Any) -> None:
    make(connection, user, 1)
    make(connection, user, 2)
    Identity.objects.filter(login_name="megan2@contoso.com").update(connection=None)
    rows = boss.get(f"{LIST}?connection={connection.pk}").context["cl"].result_list
    assert [row.login_name for row in rows] == ["megan1@contoso.com"]


@pytest.mark.parametrize("rows", [2, 40])
def test_the_list_takes_the_same_queries_at_any_number_of_rows(
    boss: Client, connection: Connection, django_user_model: Any, rows: int
) -> None:
    for number in range(rows):
        make(connection, django_user_model.objects.create_user(f"user{number}"), number)
    with CaptureQueriesContext(database) as queries:
        assert len(boss.get(LIST).context["cl"].result_list) == rows
    # Session, user, the filter's connections, count, rows.
    assert len(queries) == 5
