"""The same person reported by several requests at once, and while they sign in."""

from __future__ import annotations

from collections import Counter
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.test import Client

from azuread_connections.models import Identity
from azuread_connections.scim.models import GroupMember, ProvisionedPerson
from tests.company import Company
from tests.concurrency.crowd import all_at_once, in_own_thread
from tests.scim.directory import Provisioning, group, user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def in_parallel(directory: Provisioning, path: str, contents: list[Any]) -> Counter[int]:
    def send(content: Any) -> int:
        own = Provisioning(
            directory.connection, directory.token, Client(raise_request_exception=False)
        )
        return int(own.post(path, content).status_code)

    return Counter(all_at_once([lambda content=content: send(content) for content in contents]))


@pytest.mark.parametrize("has_id", [True, False], ids=["with an object ID", "without"])
def test_eight_posts_of_one_person_make_one(directory: Provisioning, has_id: bool) -> None:
    adele = user()
    if not has_id:
        del adele["externalId"]
    assert in_parallel(directory, "Users", [adele] * 8) == Counter({409: 7, 201: 1})
    number = 1 if has_id else 0
    assert (ProvisionedPerson.objects.count(), User.objects.count()) == (1, number)
    assert Identity.objects.count() == number


def test_eight_posts_of_eight_people_make_eight(directory: Provisioning) -> None:
    people = [user(f"person{number}@contoso.com") for number in range(8)]
    assert in_parallel(directory, "Users", people) == Counter({201: 8})
    assert (User.objects.count(), Identity.objects.count()) == (8, 8)


def test_a_person_reported_while_they_sign_in_is_one(
    contoso: Company, directory: Provisioning
) -> None:
    browser = Client(raise_request_exception=False)
    callback = contoso.microsoft.sign_in(contoso.start(browser), contoso.person)
    adele = user(contoso.person.upn, externalId=contoso.person.object_id)
    statuses = all_at_once(
        [
            lambda: browser.get(callback).status_code,
            lambda: directory.post("Users", adele).status_code,
        ]
    )
    assert statuses == [302, 201]
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
    person = ProvisionedPerson.objects.get()
    assert (person.user, person.identity) == (User.objects.get(), Identity.objects.get())


def test_eight_changes_of_one_group_lose_no_member(directory: Provisioning) -> None:
    team = directory.create(group())
    path = f"Groups/{team['id']}"

    def join(number: int) -> int:
        own = Provisioning(
            directory.connection, directory.token, Client(raise_request_exception=False)
        )
        value = [{"value": f"member-{number}"}]
        return int(own.patch(path, {"op": "Add", "path": "members", "value": value}).status_code)

    statuses = all_at_once([lambda number=number: join(number) for number in range(8)])
    assert set(statuses) == {200}
    assert GroupMember.objects.count() == 8


@pytest.mark.parametrize("is_first", [True, False], ids=["first sign-in", "known"])
def test_who_is_deactivated_while_they_sign_in_is_not_signed_in(
    contoso: Company, directory: Provisioning, settings: Any, is_first: bool
) -> None:
    """The report arrives after the sign-in has looked whether the person is active."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    if not is_first:
        contoso.sign_in(Client())  # so that the connection has no user to deactivate
    contoso.connection.create_users = False
    contoso.connection.save()
    adele = user(contoso.person.upn, externalId=contoso.person.object_id)
    shown = directory.create(adele)
    contoso.connection.create_users = True
    contoso.connection.save()
    reports: list[Thread] = []

    def report(**kwargs: Any) -> None:
        reports.append(
            Thread(target=lambda: in_own_thread(lambda: directory.set_active(shown, False)))
        )
        reports[0].start()
        reports[0].join(1)  # it waits for this sign-in's transaction, or has overtaken it

    browser = Client(raise_request_exception=False)
    callback = contoso.microsoft.sign_in(contoso.start(browser), contoso.person)
    user_logged_in.connect(report)
    try:
        browser.get(callback)
    finally:
        user_logged_in.disconnect(report)
    reports[0].join()
    assert not ProvisionedPerson.objects.get().is_active
    assert browser.get("/login/profile").status_code != 200


def test_eight_changes_and_deletions_of_one_person_fail_in_no_other_way_than_404(
    directory: Provisioning,
) -> None:
    shown = directory.create(user())
    path = f"Users/{shown['id']}"

    def change(number: int) -> int:
        own = Provisioning(
            directory.connection, directory.token, Client(raise_request_exception=False)
        )
        if number % 4 == 3:
            return int(own.send("DELETE", path).status_code)
        operation = {"op": "Replace", "path": "active", "value": str(number % 2 == 0)}
        return int(own.patch(path, operation).status_code)

    statuses = all_at_once([lambda number=number: change(number) for number in range(8)])
    assert Counter(statuses)[204] == 1
    assert set(statuses) <= {200, 204, 404}
    person = ProvisionedPerson.objects.get()
    assert (person.is_active, person.identity, Identity.objects.count()) == (False, None, 0)
    assert not User.objects.get().is_active
