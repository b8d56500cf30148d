"""Linking by email while somebody else does the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Permission, User
from django.db import connection as database
from django.db import connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.login.users import linking
from azuread_connections.microsoft import client as microsoft
from azuread_connections.models import Connection, DomainAlias, Event, Identity
from tests.company import Company, error_code, unprove
from tests.factories import ConnectionFactory, IdentityFactory, UserFactory

EMAIL = "adele.vance@contoso.com"

needs_row_locks = pytest.mark.skipif(
    not database.features.has_select_for_update,
    reason="this database locks no rows: it lets one writer in at a time",
)


@contextmanager
def being_tied_elsewhere(user: User) -> Iterator[threading.Event]:
    """Lock the user as another first sign-in would; tie and commit when the event is set."""
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


@pytest.fixture
def everybody(microsoft, application):
    company = Company.create(
        microsoft,
        application,
        name="everybody",
        use_common_endpoint=True,
        new_directories="accept",
        link_by_email=True,
    )
    company.app.multi_tenant = True
    return company


@pytest.fixture
def linking_contoso(contoso: Company) -> Company:
    Connection.objects.update(link_by_email=True)
    return contoso


def assert_refused(response: Any) -> None:
    assert (response.status_code, error_code(response)) == (403, "user_refused")
    assert not Identity.objects.exists()


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


@pytest.mark.django_db
def test_a_foreign_directory_neither_links_nor_names_by_our_domain(everybody, client):
    """nOAuth on the common endpoint: the domain is ours and verified, the directory is not."""
    local = UserFactory.create(username="local", email="ceo@contoso.com")
    evil = everybody.microsoft.add_directory("evil.example")
    everybody.app.grant(evil)
    person = evil.add_person(
        "Mallory",
        mail="ceo@contoso.com",
        claims={
            "email": "ceo@contoso.com",
            "upn": "ceo@contoso.com",
            "preferred_username": "ceo@contoso.com",
        },
    )
    assert everybody.sign_in(client, person).status_code == 302
    user = get_user(client)
    assert user != local
    assert user.email == ""
    assert user.username == f"{person.object_id}@{evil.tenant_id}"
    assert Identity.objects.get().profile["email_verified"] is False


@pytest.mark.django_db
def test_an_alias_of_another_connection_links_nobody(contoso, client):
    Connection.objects.update(link_by_email=True)
    other = ConnectionFactory.create(name="other", domain="other.example")
    DomainAlias.objects.create(connection=other, domain="sub.example")
    local = UserFactory.create(username="local", email="ceo@sub.example")
    contoso.person.mail = "ceo@sub.example"
    contoso.sign_in(client)
    assert get_user(client) != local


@pytest.mark.django_db
def test_the_upn_links_nobody(contoso, client):
    Connection.objects.update(link_by_email=True)
    local = UserFactory.create(username="local", email="adele.vance@contoso.com")
    contoso.person.mail = None
    contoso.person.claims.update(email=None, upn="adele.vance@contoso.com")
    contoso.sign_in(client)
    assert get_user(client) != local


@pytest.mark.django_db
def test_only_letter_case_may_differ_in_a_linked_address(contoso):
    local = UserFactory.create(username="local", email="Ad\u00e9le@contoso.com")

    class Rows(list):
        def using(self, alias):
            return self

        def filter(self, **kw):
            return self

        def select_for_update(self):
            return self

    model = mock.Mock(_default_manager=Rows([local]))
    model.get_email_field_name.return_value = "email"
    with mock.patch.object(linking, "get_user_model", return_value=model):
        assert linking.users_with_email("adele@contoso.com") == []
        assert linking.users_with_email("AD\u00c9LE@contoso.com") == [local]


@pytest.mark.django_db
def test_linking_is_off_unless_switched_on(contoso: Company, client: Client) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    contoso.sign_in(client)
    assert Identity.objects.get().user != local


@pytest.mark.django_db
def test_a_linked_user_loses_their_password_and_their_sessions(
    linking_contoso: Company, client: Client
) -> None:
    local = User.objects.create_user("adele", email=EMAIL.upper(), password="correct horse")
    elsewhere = Client()
    elsewhere.force_login(local)

    assert linking_contoso.sign_in(client).status_code == 302

    assert Identity.objects.get().user == local
    local.refresh_from_db()
    assert not local.has_usable_password()
    assert get_user(elsewhere).is_anonymous  # type: ignore[arg-type]
    assert get_user(client) == local  # type: ignore[arg-type]
    event = Event.objects.get(kind="user_linked")
    assert event.person == EMAIL


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"is_staff": True},
        {"is_superuser": True},
    ],
)
def test_some_users_are_never_taken_over(
    linking_contoso: Company, client: Client, change: dict[str, bool]
) -> None:
    UserFactory.create(username="adele", email=EMAIL, **change)
    assert_refused(linking_contoso.sign_in(client))


@pytest.mark.django_db
def test_a_user_with_permissions_is_never_linked(linking_contoso: Company, client: Client) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    local.user_permissions.add(Permission.objects.first())
    assert_refused(linking_contoso.sign_in(client))


@pytest.mark.django_db
def test_a_user_who_is_somebody_already_is_never_taken_over(
    linking_contoso: Company, client: Client
) -> None:
    local = UserFactory.create(username="adele", email=EMAIL)
    IdentityFactory.create(user=local)
    response = linking_contoso.sign_in(client)
    assert (response.status_code, error_code(response)) == (403, "user_refused")


@pytest.mark.django_db
def test_two_users_with_the_address_end_in_a_refusal(
    linking_contoso: Company, client: Client
) -> None:
    UserFactory.create(username="a", email=EMAIL)
    UserFactory.create(username="b", email=EMAIL)
    assert_refused(linking_contoso.sign_in(client))


@pytest.mark.django_db
def test_a_user_with_a_similar_address_is_not_the_one(
    linking_contoso: Company, client: Client
) -> None:
    """MariaDB treats é as e."""
    similar = UserFactory.create(username="a", email="adéle.vance@contoso.com")
    assert linking_contoso.sign_in(client).status_code == 302
    assert Identity.objects.get().user != similar


@pytest.mark.django_db
def test_only_the_email_claim_links(linking_contoso: Company, client: Client) -> None:
    local = UserFactory.create(username="a", email="victim@contoso.com")
    person = linking_contoso.directory.add_person(
        "Megan Bowen",
        mail=None,
        claims={"preferred_username": "victim@contoso.com", "upn": "victim@contoso.com"},
    )
    assert linking_contoso.sign_in(client, person).status_code == 302
    assert Identity.objects.get().user != local


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("alias", "linked"), [("fabrikam.com", True), ("northwindtraders.com", False)]
)
def test_the_addresss_domain_belongs_to_the_connection(
    linking_contoso: Company, client: Client, alias: str, linked: bool
) -> None:
    linking_contoso.connection.aliases.create(domain=alias)
    linking_contoso.microsoft.move_domain(alias, linking_contoso.directory)
    local = UserFactory.create(username="a", email="megan@fabrikam.com")
    person = linking_contoso.directory.add_person("Megan Bowen", mail="megan@fabrikam.com")
    assert linking_contoso.sign_in(client, person).status_code == 302
    assert (Identity.objects.get().user == local) is linked


@pytest.mark.django_db
def test_an_unproven_domain_links_nobody(linking_contoso: Company, client: Client) -> None:
    unprove()
    linking_contoso.microsoft.fault("discovery", status=503)
    local = UserFactory.create(username="a", email=EMAIL)
    assert linking_contoso.sign_in(client).status_code == 302
    assert Identity.objects.get().user != local


@pytest.mark.django_db
def test_a_deactivated_user_is_not_linked_and_the_log_says_why(
    contoso: Company, client: Client
) -> None:
    UserFactory.create(email=EMAIL, is_active=False)
    Connection.objects.update(link_by_email=True)
    assert contoso.sign_in(client).status_code == 403
    message = Event.objects.filter(code="user_refused").latest("pk").message
    assert message == f"The user found by email {EMAIL} is deactivated."
