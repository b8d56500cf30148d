"""Requests that are built to reach what their token does not: another connection, method or row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Event, Identity
from azuread_connections.scim.models import ProvisionedPerson, ProvisioningRequest, ScimToken
from tests.attacks.catalogue import Attacker, Standing, attack
from tests.company import Company
from tests.factories import ConnectionFactory, UserFactory
from tests.scim.directory import Provisioning, group, guid, user

pytestmark = [pytest.mark.django_db, attack(who=Attacker.ADMINISTRATOR)]

BASE = "/scim/contoso/v2"


def expire(token: ScimToken) -> None:
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()


def delete(token: ScimToken) -> None:
    token.delete()


def delete_connection(token: ScimToken) -> None:
    token.connection.delete()
    ConnectionFactory.create(name="contoso", tenant_id=guid())


def rename_connection(token: ScimToken) -> None:
    token.connection.name = "moved"
    token.connection.save()
    ConnectionFactory.create(name="contoso", tenant_id=guid())


@attack(
    wants="to go on with a token whose right has ended",
    stopped_by="a token is looked up again at each request, with its own connection",
)
@pytest.mark.parametrize("end", [expire, delete, delete_connection, rename_connection])
def test_a_token_whose_right_has_ended(directory: Provisioning, end: Any) -> None:
    assert directory.get("Users").status_code == 200
    end(ScimToken.objects.get())
    before = Standing.now()
    assert directory.post("Users", user()).status_code == 401
    assert before.lost() == {}
    assert ProvisionedPerson.objects.count() == 0


@attack(
    wants="a token taken from where logs and caches keep it",
    stopped_by="only the Authorization header counts, once and by the scheme Bearer",
)
@pytest.mark.parametrize(
    "place",
    ["query", "cookie", "body", "other header", "Basic", "two headers", "bare", "line break"],
)
def test_a_token_in_another_place(directory: Provisioning, place: str) -> None:
    value = directory.token
    headers = {
        "other header": {"X-Authorization": f"Bearer {value}", "X-Access-Token": value},
        "Basic": {"Authorization": f"Basic {value}"},
        "two headers": {"Authorization": f"Bearer {value},Bearer {value}"},
        "bare": {"Authorization": value},
        "line break": {"Authorization": f"Bearer\n{value}"},
        "cookie": {"Cookie": f"Authorization=Bearer {value}; access_token={value}"},
    }.get(place, {})
    query = f"?access_token={value}&token={value}" if place == "query" else ""
    body = f"access_token={value}" if place == "body" else ""
    response = Client().generic(
        "POST",
        f"{BASE}/Users{query}",
        body,
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )
    assert response.status_code == 401
    assert value not in response.content.decode()
    assert not Event.objects.filter(message__contains=value).exists()
    assert not ProvisioningRequest.objects.exists()


@attack(
    wants="another method, or another address, than the one that is checked",
    stopped_by="no header or parameter overrides the method or the path",
)
@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL"]
)
def test_an_override(directory: Provisioning, header: str) -> None:
    shown = directory.create(user())
    other = ConnectionFactory.create(name="fabrikam", tenant_id=guid())
    path = f"{BASE}/Users/{shown['id']}"
    response = Client().get(
        f"{path}?_method=DELETE",
        headers={
            "Authorization": f"Bearer {directory.token}",
            header: f"/scim/{other.name}/v2/Users" if "URL" in header else "DELETE",
        },
    )
    assert (response.status_code, response.json()["id"]) == (200, shown["id"])
    assert ProvisionedPerson.objects.get().deleted_at is None


@attack(
    wants="the user of a colleague, by taking over their object ID",
    stopped_by="two people of a connection never have one object ID",
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_object_id_of_a_colleague(directory: Provisioning, method: str) -> None:
    victim, own = directory.create(user("victim@contoso.com")), directory.create(user())
    before = Standing.now()
    path, taken = f"Users/{own['id']}", victim["externalId"].upper()
    if method == "PUT":
        response = directory.send("PUT", path, user(externalId=taken))
    else:
        response = directory.patch(path, {"op": "replace", "path": "externalId", "value": taken})
    assert (response.status_code, response.json()["scimType"]) == (409, "uniqueness")
    assert before.lost() == {}
    assert before.rows[Identity] == Standing.now().rows[Identity]


@attack(
    wants="another row, by writing what only this service sets",
    stopped_by="id, schemas and meta of a request change nothing",
)
@pytest.mark.parametrize("path", ["id", "ID", "meta", "meta.location", "schemas"])
def test_an_attribute_of_the_service(directory: Provisioning, path: str) -> None:
    victim, own = directory.create(user("victim@contoso.com")), directory.create(user())
    value: Any = [victim["id"]] if path == "schemas" else victim["id"]
    for operation in (
        {"op": "replace", "path": path, "value": value},
        {"op": "replace", "value": {path: value}},
    ):
        directory.patch(f"Users/{own['id']}", operation)
    directory.send("PUT", f"Users/{own['id']}", user(id=victim["id"], externalId=own["externalId"]))
    shown = directory.get(f"Users/{own['id']}").json()
    for name in ("id", "schemas"):
        assert shown[name] == own[name]
    assert shown["meta"]["location"] == own["meta"]["location"]
    assert directory.get(f"Users/{victim['id']}").json() == victim


@attack(
    wants="people or columns that the filter is not for",
    stopped_by="a filter is parsed, and only known attributes become conditions",
)
@pytest.mark.parametrize(
    "text",
    [
        'connection_id eq "1"',
        'user__is_superuser eq "True"',
        'identity.user.password eq "x"',
        'userName eq "x" or 1 eq 1',
        "userName eq 'x' OR 1=1 --",
        "userName pr",
        'not (userName eq "x")',
        'userName eq "x") or (userName pr',
    ],
)
def test_an_injected_filter(directory: Provisioning, text: str) -> None:
    directory.create(user())
    response = directory.client.get(
        f"{BASE}/Users", {"filter": text}, headers={"Authorization": f"Bearer {directory.token}"}
    )
    assert (response.status_code, response.json().get("scimType")) == (400, "invalidFilter")


@attack(
    wants="an account of the site's staff, by reporting its name and address",
    stopped_by="names and addresses tie nobody, whatever rights the account has",
)
@pytest.mark.parametrize("rights", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("follows", ["active", "delete", "rename"])
def test_an_account_of_the_staff(
    contoso: Company, directory: Provisioning, rights: str, follows: str
) -> None:
    contoso.connection.link_by_email = True
    contoso.connection.save()
    boss: User = UserFactory.create(username="boss@contoso.com", email="boss@contoso.com")
    setattr(boss, rights, True)
    boss.save()
    before = Standing.now()
    shown = directory.create(user("boss@contoso.com", externalId="boss@contoso.com"))
    change = {"op": "Replace", "path": "externalId", "value": guid()}
    directory.change(shown, change)
    if follows == "active":
        directory.set_active(shown, False)
    elif follows == "delete":
        directory.send("DELETE", f"Users/{shown['id']}")
    else:
        directory.change(shown, {"op": "Replace", "path": "userName", "value": "x@contoso.com"})
    assert before.lost() == {}
    boss.refresh_from_db()
    assert (boss.is_active, boss.username) == (True, "boss@contoso.com")
    assert not Identity.objects.filter(user=boss).exists()


@attack(
    wants="rights of the site, by a group with the name of one that has them",
    stopped_by="only a mapping that an administrator has made here gives a group",
)
def test_a_group_with_the_name_of_the_staffs(contoso: Company, directory: Provisioning) -> None:
    contoso.connection.security_groups = True
    contoso.connection.save()
    staff = Group.objects.create(name="Staff")
    own = directory.create(user())
    for name in ("Staff", str(staff.pk)):
        directory.create(group(name, externalId=name, members=[{"value": own["id"]}]))
    assert not User.objects.filter(groups=staff).exists()


@attack(
    wants="a colleague's row, by a user name that looks the same",
    stopped_by="names are compared by letters without regard to case, and never folded further",
)
@pytest.mark.parametrize(
    ("name", "is_same"),
    [
        ("ADELE@contoso.com", True),
        ("ade\u0301le@contoso.com", False),
        ("adéle@contoso.com", False),
        ("ａdele@contoso.com", False),
        ("adele@contoso.com ", False),
        ("adele\U0001f600@contoso.com", False),
        ("adele\u200b@contoso.com", False),
    ],
)
def test_a_user_name_that_looks_the_same(directory: Provisioning, name: str, is_same: bool) -> None:
    first = directory.create(user())
    response = directory.post("Users", user(name))
    assert response.status_code == (409 if is_same else 201), response.content
    listed = directory.client.get(
        f"{BASE}/Users",
        {"filter": f'userName eq "{name}"'},
        headers={"Authorization": f"Bearer {directory.token}"},
    ).json()
    assert listed["totalResults"] == 1
    assert (listed["Resources"][0]["id"] == first["id"]) == is_same


@attack(
    wants="two people to be taken for one by letters that change their number in another case",
    stopped_by="keys are hashes of the name in one normal form",
)
@pytest.mark.parametrize("name", ["İ@contoso.com", "straße@contoso.com", "ǰ@contoso.com"])
def test_letters_whose_case_has_another_length(directory: Provisioning, name: str) -> None:
    shown = directory.create(user(name))
    assert shown["userName"] == name
    assert directory.post("Users", user(name)).status_code == 409
    directory.create(user(name.replace("İ", "i").replace("ß", "ss").replace("ǰ", "j")))
    assert Identity.objects.values("user").distinct().count() == 2


@attack(
    wants="a person of another connection of the same directory out of the site",
    stopped_by="a user whom another connection lets in is not deactivated",
)
@pytest.mark.parametrize("how", ["signed in", "reported", "reported inactive"])
def test_a_person_whom_another_connection_lets_in(
    contoso: Company, directory: Provisioning, how: str
) -> None:
    shown = directory.create(user())
    partners = ConnectionFactory.create(name="partners", tenant_id=contoso.directory.tenant_id)
    if how == "signed in":
        Identity.objects.update(connection=partners)
    else:
        is_active = how == "reported"
        Provisioning.of(partners).create(user(externalId=shown["externalId"], active=is_active))
    directory.set_active(shown, False)
    assert User.objects.get().is_active == (how != "reported inactive")
