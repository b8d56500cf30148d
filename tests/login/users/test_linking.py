"""Linking by email while somebody else does the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.microsoft import client as microsoft
from azuread_connections.models import Connection, Identity
from tests.company import Company, error_code
from tests.factories import IdentityFactory, UserFactory

EMAIL = "adele.vance@contoso.com"

needs_row_locks = pytest.mark.skipif(
    not database.features.has_select_for_update,
    reason="this database locks no rows: it lets one writer in at a time",
)


@contextmanager
def being_tied_elsewhere(user: User) -> Iterator[threading.Event]:
    """Hold the user as the other first sign-in would; tie and commit when the event is set."""
    is_held, may_commit = threading.Event(), threading.Event()

    def tie() -> None:
        try:
            with transaction.atomic():
                User.objects.select_for_update().get(pk=user.pk)
                is_held.set()
                may_commit.wait(10)
                IdentityFactory.create(user=user)
        finally:
            connections.close_all()

    thread = threading.Thread(target=tie)
    thread.start()
    try:
        assert is_held.wait(10)
        yield may_commit
    finally:
        may_commit.set()
        thread.join()


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_two_first_sign_ins_at_once_do_not_both_take_a_user_over(
    contoso: Company, client: Client
) -> None:
    Connection.objects.update(link_by_email=True)
    local = UserFactory.create(username="adele", email=EMAIL)
    with being_tied_elsewhere(local) as may_commit:
        threading.Timer(0.5, may_commit.set).start()
        response = contoso.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert Identity.objects.filter(user=local).count() == 1


@needs_row_locks
@pytest.mark.django_db
def test_only_the_user_who_is_linked_is_locked(contoso: Company, client: Client) -> None:
    Connection.objects.update(link_by_email=True)
    local = UserFactory.create(username="adele", email=EMAIL)
    with CaptureQueriesContext(database) as queries:
        assert contoso.sign_in(client).status_code == 302
    [locking] = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
    assert f"= {local.pk} " in locking


@pytest.mark.django_db(transaction=True)
def test_no_row_is_locked_while_microsoft_is_asked_about_the_domain(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.update(link_by_email=True)
    local = UserFactory.create(username="adele", email=EMAIL)
    find, in_transaction = microsoft.find_directory, []

    def note(**asked: str) -> str:
        in_transaction.append(database.in_atomic_block)
        return find(**asked)

    monkeypatch.setattr(microsoft, "find_directory", note)
    assert contoso.sign_in(client).status_code == 302
    assert Identity.objects.get().user == local
    assert in_transaction == [False]
