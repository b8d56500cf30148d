"""A value that the user's fields cannot hold is refused by its name in SCIM, never cut."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Connection, Identity
from azuread_connections.scim.models import ProvisionedPerson
from tests.company import Company
from tests.scim.directory import ENTERPRISE, Provisioning, user

pytestmark = pytest.mark.django_db

LONG = "x" * 151
#: What does not fit, and how the answer names it.
VALUES = {
    "given": ({"name": {"givenName": LONG, "familyName": "Vance"}}, "name.givenName is longer"),
    "family": ({"name": {"familyName": LONG}}, "name.familyName is longer"),
    "split": ({"name": {}, "displayName": f"Adele {LONG}"}, "A name in displayName is longer"),
}


def given_name(value: str) -> dict[str, Any]:
    return {"op": "Replace", "path": "name.givenName", "value": value}


def assert_refused(response: Any, text: str) -> None:
    shown = response.json()
    assert (response.status_code, shown["scimType"]) == (400, "invalidValue")
    assert text in shown["detail"]
    assert "150 characters" in shown["detail"]


@pytest.mark.parametrize("case", VALUES)
def test_a_name_that_is_too_long_for_a_user_is_refused(directory: Provisioning, case: str) -> None:
    changes, text = VALUES[case]
    assert_refused(directory.post("Users", user(**changes)), text)
    assert (User.objects.count(), ProvisionedPerson.objects.count()) == (0, 0)
    shown = directory.create(user())
    assert_refused(directory.send("PUT", f"Users/{shown['id']}", user(**changes)), text)
    assert directory.get(f"Users/{shown['id']}").json() == shown


def test_the_longest_name_is_stored_whole(directory: Provisioning) -> None:
    directory.create(user(name={"givenName": "x" * 150}))
    assert User.objects.get().first_name == "x" * 150


@pytest.mark.parametrize(
    ("attribute", "name", "changes"),
    [
        ("job_title", "title", {"title": LONG}),
        ("department", "department", {ENTERPRISE: {"department": LONG}}),
        ("office", "addresses.formatted", {"addresses": [{"type": "work", "formatted": LONG}]}),
        ("mobile", "phoneNumbers.value", {"phoneNumbers": [{"type": "mobile", "value": LONG}]}),
    ],
)
def test_each_field_that_follows_the_profile_is_asked(
    directory: Provisioning, settings: Any, attribute: str, name: str, changes: dict[str, Any]
) -> None:
    directory.create(user("alex@contoso.com", **changes))
    assert User.objects.get().first_name == "Adele"  # no field follows it
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"first_name": attribute}
    }
    assert_refused(directory.post("Users", user(**changes)), name)


def test_an_address_that_is_not_verified_is_not_asked(
    directory: Provisioning, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"last_name": "email"}
    }
    address = f"{'x' * 60}@{'.'.join(['y' * 60] * 2)}.example"
    directory.create(user(emails=[{"type": "work", "value": address}]))
    assert User.objects.get().last_name == ""


@pytest.mark.parametrize("sync", ["never", "first_login"])
def test_what_no_field_follows_is_stored_as_it_is(
    contoso: Company, directory: Provisioning, sync: str
) -> None:
    Connection.objects.update(sync_profile=sync)
    contoso.sign_in(Client())
    reported = user(contoso.person.upn, externalId=contoso.person.object_id)
    shown = directory.create({**reported, "name": {"givenName": LONG}})
    directory.change(shown, given_name(LONG + "x"))
    assert Identity.objects.get().profile["given_name"] == LONG + "x"
    assert len(User.objects.get().first_name) < 150
    response = directory.post("Users", user("megan@contoso.com", name={"givenName": LONG}))
    assert response.status_code == (400 if sync == "first_login" else 201)


def test_a_person_without_an_object_id_is_asked_when_it_comes(directory: Provisioning) -> None:
    shown = directory.create(user(externalId="adele", name={"givenName": LONG}))
    oid = user()["externalId"]
    operation = {"op": "Replace", "path": "externalId", "value": oid}
    assert_refused(directory.patch(f"Users/{shown['id']}", operation), "name.givenName")


def test_what_was_stored_before_is_no_reason_to_refuse_another_change(
    directory: Provisioning,
) -> None:
    shown = directory.create(user())
    person = ProvisionedPerson.objects.get()
    person.attributes["name"]["givenName"] = LONG
    person.save()
    directory.change(shown, {"op": "Replace", "path": "title", "value": "Clerk"})
    assert_refused(directory.patch(f"Users/{shown['id']}", given_name(LONG + "x")), "givenName")


def test_nothing_keeps_a_leaver_in(directory: Provisioning) -> None:
    shown = directory.create(user())
    off = {"op": "Replace", "path": "active", "value": "False"}
    directory.change(shown, given_name(LONG), off)
    assert not User.objects.get().is_active


@pytest.mark.parametrize("came", ["before", "with the leaving"])
def test_nothing_keeps_out_who_is_enabled_again(directory: Provisioning, came: str) -> None:
    """The name was stored by a former release, or by the leaving: the request has no say in it."""
    shown = directory.create(user())
    if came == "before":
        person = ProvisionedPerson.objects.get()
        person.attributes["name"]["givenName"] = LONG
        person.save()
        directory.set_active(shown, "False")
    else:
        off = {"op": "Replace", "path": "active", "value": "False"}
        directory.change(shown, given_name(LONG), off)
    on = {"op": "Replace", "path": "active", "value": "True"}
    # What the request itself brings is refused.
    longer = directory.patch(f"Users/{shown['id']}", given_name(LONG + "x"), on)
    assert_refused(longer, "name.givenName")
    directory.change(shown, on)
    assert User.objects.get().is_active
    assert len(User.objects.get().first_name) <= 150
    directory.change(shown, given_name("Adele"))
    assert User.objects.get().first_name == "Adele"


def test_a_sign_in_still_cuts_it(contoso: Company) -> None:
    contoso.person.name = f"{LONG} Vance"
    contoso.sign_in(Client())
    assert len(User.objects.get().first_name) <= 150
