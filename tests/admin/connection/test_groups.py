from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.models import Connection, GroupMapping
from tests.admin.conftest import SECRET
from tests.admin.pages import change_page, field_errors, filled_in, mappings, text

ENGINEERS = "22223333-cccc-4444-dddd-5555eeee6666"
OTHERS = "33334444-dddd-5555-eeee-6666ffff7777"


@pytest.fixture
def connection(connection: Connection) -> Connection:
    connection.security_groups = True
    connection.save()
    return connection


@pytest.fixture
def group(db: None) -> Group:
    return Group.objects.create(name="Engineers")


def post(client: Client, connection: Connection, *new: dict[str, Any], **changes: Any) -> Any:
    data = filled_in(connection) | mappings(connection, *new) | changes
    return client.post(change_page(connection), data)


def row_errors(response: Any) -> list[dict[str, list[str]]]:
    assert response.status_code == 200
    formsets = [inline.formset for inline in response.context["inline_admin_formsets"]]
    formset = next(formset for formset in formsets if formset.model is GroupMapping)
    return [dict(errors) for errors in formset.errors]


def allow(client: Client, *permissions: str) -> None:
    user = client.get("/admin/").wsgi_request.user
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )


def test_a_mapping_is_added_changed_and_removed(
    boss: Client, connection: Connection, group: Group
) -> None:
    row = {"directory_group_id": ENGINEERS.upper(), "label": "Builders", "group": group.pk}
    assert post(boss, connection, row).status_code == 302
    mapping = GroupMapping.objects.get()
    assert (mapping.directory_group_id, mapping.group, mapping.admits) == (ENGINEERS, group, False)
    post(boss, connection, **{"group_mappings-0-admits": "on"})
    mapping.refresh_from_db()
    assert mapping.admits
    post(boss, connection, **{"group_mappings-0-DELETE": "on"})
    assert not GroupMapping.objects.exists()


def test_a_wrong_group_id_is_an_error_at_its_field(boss: Client, connection: Connection) -> None:
    (errors,) = row_errors(post(boss, connection, {"directory_group_id": "Engineers"}))
    assert "Enter the group's “Object ID”" in errors["directory_group_id"][0]


def test_the_same_mapping_twice_is_refused(
    boss: Client, connection: Connection, group: Group
) -> None:
    rows = [{"directory_group_id": id, "group": group.pk} for id in (ENGINEERS, ENGINEERS.upper())]
    response = post(boss, connection, *rows)
    assert response.status_code == 200
    assert "Please correct the duplicate data" in text(response)
    assert not GroupMapping.objects.exists()


def test_mappings_without_security_groups_are_an_error_at_that_option(
    boss: Client, connection: Connection, group: Group
) -> None:
    Connection.objects.update(security_groups=False)
    connection.refresh_from_db()
    row = {"directory_group_id": ENGINEERS, "group": group.pk}
    assert list(field_errors(post(boss, connection, row))) == ["security_groups"]
    assert not GroupMapping.objects.exists()


def test_security_groups_stay_on_while_there_are_mappings(
    boss: Client, connection: Connection, group: Group
) -> None:
    connection.group_mappings.create(directory_group_id=ENGINEERS, group=group)
    data = filled_in(connection)
    del data["security_groups"]
    errors = field_errors(boss.post(change_page(connection), data))
    assert errors == {
        "security_groups": ["The group mappings need “Security Groups”: remove the mappings first."]
    }


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 15])
def test_the_page_takes_the_same_queries_at_any_number_of_rows(
    boss: Client, connection: Connection, group: Group, rows: int
) -> None:
    for number in range(rows):
        connection.group_mappings.create(directory_group_id=f"{number:036}", group=group)
        connection.directories.create(tenant_id=str(number), status="waiting")
        connection.credentials.create(value=SECRET)
    url = change_page(connection)
    boss.get(url)
    with CaptureQueriesContext(database) as queries:
        assert len(boss.get(url).context["directories"]) == rows + 1
    assert len(queries) == 35


# --- App roles ------------------------------------------------------------------------------


@pytest.fixture
def uses_roles(connection: Connection) -> Connection:
    connection.app_roles = True
    connection.save()
    return connection


def test_a_role_is_mapped_without_an_object_id(
    boss: Client, uses_roles: Connection, group: Group
) -> None:
    row = {"role": "Orders.Approve", "group": group.pk, "admits": "on"}
    assert post(boss, uses_roles, row).status_code == 302
    mapping = GroupMapping.objects.get()
    assert (mapping.role, mapping.directory_group_id, mapping.group) == (
        "Orders.Approve",
        "",
        group,
    )
    assert mapping.admits


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"label": "Nothing"}, "directory_group_id", "either the object ID of a group or"),
        (
            {"role": "Orders.Approve", "directory_group_id": ENGINEERS},
            "role",
            "either the object ID of a group or",
        ),
        ({"role": "Order approvers"}, "role", "not an app role's “Value”"),
        ({"role": ".Orders"}, "role", "not an app role's “Value”"),
        ({"role": "Bestellungen.Prüfen"}, "role", "not an app role's “Value”"),
        ({"role": "x" * 121}, "role", "at most 120 characters"),
    ],
)
def test_a_wrong_row_is_an_error_at_its_field(
    boss: Client, uses_roles: Connection, row: dict[str, Any], field: str, message: str
) -> None:
    (errors,) = row_errors(post(boss, uses_roles, row))
    assert list(errors) == [field]
    assert message in errors[field][0]


def test_a_role_without_the_option_is_an_error_at_that_option(
    boss: Client, connection: Connection, group: Group
) -> None:
    row = {"role": "Orders.Approve", "group": group.pk}
    assert list(field_errors(post(boss, connection, row))) == ["app_roles"]
    assert not GroupMapping.objects.exists()


def test_each_kind_of_mapping_needs_only_its_own_option(
    boss: Client, uses_roles: Connection, group: Group
) -> None:
    uses_roles.security_groups = False
    uses_roles.save()
    assert post(boss, uses_roles, {"role": "Orders.Approve", "group": group.pk}).status_code == 302
    row = {"directory_group_id": ENGINEERS, "group": group.pk}
    assert list(field_errors(post(boss, uses_roles, row))) == ["security_groups"]


def test_app_roles_stay_on_while_there_are_mappings(
    boss: Client, uses_roles: Connection, group: Group
) -> None:
    uses_roles.group_mappings.create(role="Orders.Approve", admits=True)
    data = filled_in(uses_roles)
    del data["app_roles"]
    errors = field_errors(boss.post(change_page(uses_roles), data))
    assert list(errors) == ["app_roles"]
    uses_roles.refresh_from_db()
    assert uses_roles.app_roles


def test_two_cases_of_a_role_for_one_django_group_are_refused(
    boss: Client, uses_roles: Connection, group: Group
) -> None:
    rows = [{"role": role, "group": group.pk} for role in ("Orders.Approve", "orders.approve")]
    response = post(boss, uses_roles, *rows)
    assert response.status_code == 200
    assert "with other capital letters" in text(response)
    other = Group.objects.create(name="Other")
    rows[1]["group"] = other.pk
    assert post(boss, uses_roles, *rows).status_code == 302


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("employeeid\nOID", "“OID” cannot be kept"),
        ("email", "“email” cannot be kept"),
        ("roles, groups", "“groups” cannot be kept"),
        ("two words", "“two words” is not a claim's name"),
        ("x" * 101, "is not a claim's name"),
        ("<b>", "is not a claim's name"),
        ("\n".join(f"c{number}" for number in range(31)), "At most 30 claims"),
    ],
)
def test_a_wrong_claim_is_named_at_its_field(
    boss: Client, connection: Connection, typed: str, message: str
) -> None:
    data = filled_in(connection) | {"optional_claims": typed}
    errors = field_errors(boss.post(change_page(connection), data))
    assert list(errors) == ["optional_claims"]
    assert message in " ".join(errors["optional_claims"])


def test_claims_to_keep_are_one_per_line(boss: Client, connection: Connection) -> None:
    typed = "employeeid\nextn.costCenter\n\nhttp://schemas.example.com/claims/badge\nemployeeid"
    data = filled_in(connection) | {"optional_claims": typed}
    assert boss.post(change_page(connection), data).status_code == 302
    connection.refresh_from_db()
    assert connection.optional_claims == [
        "employeeid",
        "extn.costCenter",
        "http://schemas.example.com/claims/badge",
    ]
    page = boss.get(change_page(connection)).content.decode()
    assert "employeeid\nextn.costCenter\nhttp://schemas.example.com/claims/badge</textarea>" in page


# --- Giving a Django group ------------------------------------------------------------------


def test_giving_a_group_needs_the_permission_to_change_groups(
    staff: Callable[..., Client], connection: Connection, group: Group
) -> None:
    client = staff("change_connection")
    assert "you need the permission “Can change group”" in text(client.get(change_page(connection)))
    row = {"directory_group_id": ENGINEERS, "group": group.pk, "admits": "on"}
    assert post(client, connection, row).status_code == 302
    mapping = GroupMapping.objects.get()
    # The permission for the connection covers who gets in, not which rights they get.
    assert (mapping.group, mapping.admits) == (None, True)


def test_a_mapping_that_gives_a_group_is_closed_without_that_permission(
    staff: Callable[..., Client], connection: Connection, group: Group
) -> None:
    connection.group_mappings.create(directory_group_id=ENGINEERS, group=group)
    client = staff("change_connection")
    forged = {
        "group_mappings-0-directory_group_id": OTHERS,
        "group_mappings-0-group": "",
        "group_mappings-0-admits": "on",
        "group_mappings-0-DELETE": "on",
    }
    assert post(client, connection, **forged).status_code == 302
    mapping = GroupMapping.objects.get()
    assert (mapping.directory_group_id, mapping.group) == (ENGINEERS, group)
    assert not mapping.admits


def test_nobody_gives_permissions_that_they_do_not_hold(
    staff: Callable[..., Client], connection: Connection, group: Group
) -> None:
    wanted = Permission.objects.filter(codename__in=["delete_user", "change_user"])
    group.permissions.set(wanted)
    client = staff("change_connection")
    allow(client, "auth.change_group")
    row = {"directory_group_id": ENGINEERS, "group": group.pk}
    (errors,) = row_errors(post(client, connection, row))
    assert errors["group"] == [
        "You cannot give permissions that you do not hold yourself: auth.change_user, "
        "auth.delete_user."
    ]
    allow(client, "auth.change_user", "auth.delete_user")
    assert post(client, connection, row).status_code == 302
    assert GroupMapping.objects.get().group == group


def test_giving_a_present_group_to_others_is_giving_too(
    staff: Callable[..., Client], connection: Connection, group: Group
) -> None:
    group.permissions.add(Permission.objects.get(codename="delete_user"))
    connection.group_mappings.create(directory_group_id=ENGINEERS, group=group)
    client = staff("change_connection")
    allow(client, "auth.change_group")
    changed = {"group_mappings-0-directory_group_id": OTHERS}
    (errors, *_) = row_errors(post(client, connection, **changed))
    assert "that you do not hold yourself" in errors["group"][0]
    assert post(client, connection, **{"group_mappings-0-label": "New"}).status_code == 302


@pytest.mark.parametrize("lacks", ["auth.change_group", "auth.delete_user"])
def test_roles_of_another_registration_give_only_what_the_editor_may_give(
    staff: Callable[..., Client], connection: Connection, group: Group, lacks: str
) -> None:
    """Whoever administers a registration can give themselves a role of any name."""
    Connection.objects.update(app_roles=True)
    connection.refresh_from_db()
    group.permissions.add(Permission.objects.get(codename="delete_user"))
    connection.group_mappings.create(role="Admin", group=group)
    client = staff("change_connection")
    allow(client, *({"auth.change_group", "auth.delete_user"} - {lacks}))
    other = {"client_id": OTHERS}
    response = post(client, connection, **other)
    assert response.status_code == 200
    assert "App roles give these Django groups: Engineers." in text(response)
    connection.refresh_from_db()
    assert connection.client_id != OTHERS
    assert post(client, connection, display_name="Contoso Ltd").status_code == 302
    allow(client, lacks)
    assert post(client, connection, **other).status_code == 302
    connection.refresh_from_db()
    assert connection.client_id == OTHERS


def test_superusers_give_any_group(boss: Client, connection: Connection, group: Group) -> None:
    group.permissions.set(Permission.objects.all())
    row = {"directory_group_id": ENGINEERS, "group": group.pk}
    assert post(boss, connection, row).status_code == 302
    assert GroupMapping.objects.exists()


def test_a_view_permission_changes_no_mapping(
    staff: Callable[..., Client], connection: Connection, group: Group
) -> None:
    connection.group_mappings.create(directory_group_id=ENGINEERS, group=group)
    client = staff("view_connection", "change_groupmapping", "delete_groupmapping")
    assert ENGINEERS in text(client.get(change_page(connection)))
    assert post(client, connection, **{"group_mappings-0-DELETE": "on"}).status_code == 403
    assert GroupMapping.objects.exists()
