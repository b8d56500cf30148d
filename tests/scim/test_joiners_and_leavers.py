"""Who joins and who leaves, over HTTP: session, user, rights and log after each step."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Group, User
from django.db import InterfaceError, OperationalError
from django.db.models.signals import post_save, pre_save
from django.test import Client
from django.test.utils import isolate_apps

from azuread_connections import signals
from azuread_connections.login.log.failures import SignInFailed
from azuread_connections.models import (
    Connection,
    Event,
    GroupGrant,
    GroupMapping,
    Identity,
    Revocation,
)
from azuread_connections.scim import receivers, rights
from azuread_connections.scim.errors import ScimError
from azuread_connections.scim.models import MadeUser, ProvisionedPerson, ProvisioningRequest
from azuread_connections.scim.models.keys import external_key
from azuread_connections.testing.directory.directories import Person
from tests.company import Company, error_code
from tests.factories import ConnectionFactory, IdentityFactory, UserFactory
from tests.scim.directory import ENTERPRISE, Provisioning, group, guid, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sessions_are_checked_at_each_request(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def as_reported(person: Person, **attributes: Any) -> dict[str, Any]:
    """A person of the stand-in's directory as Entra reports them."""
    known = {"externalId": person.object_id, "displayName": person.name}
    return user(person.upn, **known | attributes)


def is_signed_in(browser: Client) -> bool:
    return browser.get("/login/profile").status_code == 200


def kinds(*, person: str) -> list[str]:
    return list(Event.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def refusal() -> str:
    return Event.objects.filter(kind=Event.Kind.SIGN_IN_FAILED).latest("pk").message


# --- Joiners --------------------------------------------------------------------------------------


def test_who_is_provisioned_first_and_signs_in_later_is_one_person(
    contoso: Company, directory: Provisioning
) -> None:
    directory.create(as_reported(contoso.person))
    made = User.objects.get()
    assert made.get_username() == contoso.person.upn
    assert (made.first_name, made.last_name, made.email) == ("Adele", "Vance", contoso.person.upn)
    assert not made.has_usable_password()
    identity = Identity.objects.get()
    assert (identity.user, identity.last_sign_in_at) == (made, None)
    assert identity.login_name == contoso.person.upn
    assert kinds(person=contoso.person.upn) == ["provisioned"]

    browser = Client()
    assert contoso.sign_in(browser).status_code == 302
    assert get_user(browser) == made  # type: ignore[arg-type]
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_who_signs_in_first_and_is_provisioned_later_is_one_person(
    contoso: Company, directory: Provisioning
) -> None:
    contoso.sign_in(Client())
    signed_in = User.objects.get()
    directory.create(as_reported(contoso.person, displayName="Adele Vance (Sales)"))
    person = ProvisionedPerson.objects.get()
    assert (person.user, person.identity) == (signed_in, Identity.objects.get())
    assert not person.made_user
    assert Identity.objects.get().profile["name"] == "Adele Vance (Sales)"
    assert Identity.objects.get().last_sign_in_at is not None
    assert User.objects.count() == 1


def test_a_refusal_after_the_user_was_made_leaves_no_user(
    contoso: Company, directory: Provisioning
) -> None:
    """A new person is stored without a savepoint: all of it is rolled back, and done again."""

    def refuse(**kwargs: Any) -> None:
        assert User.objects.exists()
        raise SignInFailed("user_refused", detail="Not today.")

    pre_save.connect(refuse, sender=Identity)
    try:
        shown = directory.create(as_reported(contoso.person))
    finally:
        pre_save.disconnect(refuse, sender=Identity)
    person = ProvisionedPerson.objects.get(scim_id=shown["id"])
    assert (person.user_id, person.identity_id, person.made_user) == (None, None, False)
    assert not User.objects.exists()
    assert kinds(person=person.user_name) == ["provisioned", "provision_refused"]
    assert "Not today." in Event.objects.latest("pk").message


def test_the_connections_rules_decide_who_gets_a_user(
    contoso: Company, directory: Provisioning
) -> None:
    """A write is never refused for them: the directory would go into quarantine."""
    contoso.connection.create_users = False
    contoso.connection.allow_guests = False
    contoso.connection.save()
    directory.connection.refresh_from_db()
    shown = directory.create(as_reported(contoso.person))
    assert shown["active"] is True
    directory.create(user("bob_fabrikam.com#EXT#@contoso.onmicrosoft.com"))
    directory.create(user("guest@contoso.com", userType="Guest"))
    assert User.objects.count() == 0
    refused = Event.objects.filter(kind=Event.Kind.PROVISIONING_REFUSED).order_by("pk")
    messages = list(refused.values_list("message", flat=True))
    assert "creates no users" in messages[0]
    assert "does not allow guests" in messages[1]
    assert "does not allow guests" in messages[2]
    # Whoever is refused here is refused at the sign-in too, and let in once the rule is changed.
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    contoso.connection.create_users = True
    contoso.connection.save()
    browser = Client()
    assert contoso.sign_in(browser).status_code == 302
    person = ProvisionedPerson.objects.get(external_id=contoso.person.object_id)
    assert (person.user, person.made_user) == (User.objects.get(), True)
    assert person.identity == Identity.objects.get()


def test_the_sites_hooks_are_called_as_at_a_sign_in(
    contoso: Company, directory: Provisioning, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USERNAME_FUNCTION": lambda claims, connection: f"{connection.name}-{claims.object_id[:8]}"
    }
    directory.create(as_reported(contoso.person))
    assert User.objects.get().get_username() == f"contoso-{contoso.person.object_id[:8]}"


def test_a_person_without_an_object_id_gets_no_user(directory: Provisioning) -> None:
    """Entra's default mapping sends mailNickname, which is nobody's key."""
    shown = directory.create(user(externalId="adele.vance"))
    assert User.objects.count() == 0
    message = Event.objects.get(kind=Event.Kind.PROVISIONING_REFUSED).message
    assert "externalId is not an object ID" in message
    # The mapping is corrected.
    oid = guid()
    directory.change(shown, {"op": "Replace", "path": "externalId", "value": oid})
    assert Identity.objects.get().object_id == oid
    assert User.objects.count() == 1


def test_people_without_an_external_id_are_no_duplicates_of_each_other(
    directory: Provisioning,
) -> None:
    for name in ("a@contoso.com", "b@contoso.com"):
        nobody = user(name)
        del nobody["externalId"]
        assert "externalId" not in directory.create(nobody)
    assert ProvisionedPerson.objects.count() == 2
    again = user("A@contoso.com")
    response = directory.post("Users", again)
    assert (response.status_code, response.json()["scimType"]) == (409, "uniqueness")
    assert "userName" in response.json()["detail"]


# --- Leavers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [False, "False"])
def test_a_disabled_person_is_out_at_the_next_request(
    contoso: Company, directory: Provisioning, value: Any
) -> None:
    shown = directory.create(as_reported(contoso.person))
    browser = Client()
    contoso.sign_in(browser)
    assert is_signed_in(browser)

    directory.set_active(shown, value)
    assert not is_signed_in(browser)
    assert not User.objects.get().is_active
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    assert "deactivated this person" in refusal()
    assert directory.get(f"Users/{shown['id']}").json()["active"] is False
    assert kinds(person=contoso.person.upn)[-1] == "deprovisioned"


def test_a_person_enabled_again_signs_in_as_before(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    browser = Client()
    contoso.sign_in(browser)
    directory.set_active(shown, False)
    directory.set_active(shown, True)
    assert User.objects.get().is_active
    assert not is_signed_in(browser)  # the old session stays ended
    assert contoso.sign_in(browser).status_code == 302
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
    assert kinds(person=contoso.person.upn)[:1] == ["provisioned"]
    assert Event.objects.filter(kind="provisioned").count() == 2


def test_an_event_says_what_changed_and_not_that_there_was_a_request(
    directory: Provisioning,
) -> None:
    shown = directory.create(user())
    for title in ("Clerk", "Head", "Head"):
        directory.change(shown, {"op": "Replace", "path": "title", "value": title})
    directory.set_active(shown, True)
    for _ in range(3):
        directory.set_active(shown, False)
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == [
        "provisioned",
        "deprovisioned",
    ]


def test_clients_tokens_are_told_of_a_leaver(directory: Provisioning, contoso: Company) -> None:
    """``provider/`` ends tokens by this signal, and by the user's own."""
    shown = directory.create(as_reported(contoso.person))
    heard: list[Any] = []

    def hear(sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append(getattr(instance, "subject", None) or instance.is_active)

    for model in (Revocation, User):
        post_save.connect(hear, sender=model)
    try:
        directory.set_active(shown, False)
    finally:
        for model in (Revocation, User):
            post_save.disconnect(hear, sender=model)
    assert heard == [f"identity:{Identity.objects.get().pk}", False]


def test_a_user_whom_a_sign_in_has_made_is_deactivated_too(
    contoso: Company, directory: Provisioning
) -> None:
    browser = Client()
    contoso.sign_in(browser)
    shown = directory.create(as_reported(contoso.person))
    for _ in range(2):  # also after the directory has deleted the person and reported them again
        directory.set_active(shown, False)
        assert not is_signed_in(browser)
        assert not User.objects.get().is_active
        assert error_code(contoso.sign_in(Client())) == "user_refused"
        directory.set_active(shown, True)
        assert User.objects.get().is_active
        assert contoso.sign_in(browser).status_code == 302
        directory.send("DELETE", f"Users/{shown['id']}")
        assert not User.objects.get().is_active
        shown = directory.create(as_reported(contoso.person))
        assert User.objects.get().is_active
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)


def test_a_user_whom_a_sign_in_has_made_is_deactivated_where_the_first_report_says_so(
    contoso: Company, directory: Provisioning
) -> None:
    contoso.sign_in(Client())
    shown = directory.create(as_reported(contoso.person, active=False))
    assert not User.objects.get().is_active
    directory.set_active(shown, True)
    assert User.objects.get().is_active


@pytest.mark.parametrize("why", ["linked", "tied by hand", "another connection", "not noted"])
def test_a_person_who_signed_in_first_is_refused_but_their_user_stays_active(
    contoso: Company, directory: Provisioning, why: str
) -> None:
    """Where this connection has not made the user, they are not its to deactivate."""
    if why == "linked":
        contoso.connection.link_by_email = True
        contoso.connection.save()
        earlier = UserFactory.create(email=contoso.person.upn)
        earlier.set_unusable_password()
        earlier.save()
    browser = Client()
    contoso.sign_in(browser)
    assert User.objects.count() == 1
    if why == "tied by hand":
        identity = Identity.objects.get()
        identity.user = UserFactory.create(username="other", password="!")
        identity.save()
        User.objects.exclude(username="other").delete()
        contoso.sign_in(browser)
    if why == "another connection":
        MadeUser.objects.update(connection=ConnectionFactory.create(name="partners"))
    if why == "not noted":  # before the app was installed
        MadeUser.objects.all().delete()
    shown = directory.create(as_reported(contoso.person))
    directory.set_active(shown, False)
    assert not is_signed_in(browser)
    assert User.objects.get().is_active
    assert error_code(contoso.sign_in(Client())) == "user_refused"


def test_it_is_noted_once_who_made_a_user(contoso: Company, directory: Provisioning) -> None:
    """A user whom the directory's report has made is noted with the person."""
    directory.create(user("megan@contoso.com"))
    assert ProvisionedPerson.objects.get().made_user
    assert not MadeUser.objects.exists()
    ProvisionedPerson.objects.update(external_id_key=external_key(contoso.person.object_id))
    Identity.objects.all().delete()
    contoso.sign_in(Client())
    assert not MadeUser.objects.exists()
    ProvisionedPerson.objects.all().delete()
    User.objects.all().delete()
    contoso.sign_in(Client())
    note = MadeUser.objects.get()
    assert (note.identity.object_id, note.connection) == (
        contoso.person.object_id,
        contoso.connection,
    )
    note.user.delete()
    assert not MadeUser.objects.exists()


@pytest.mark.parametrize("has_user", [False, True], ids=["without a user", "a colleague's"])
def test_an_inactive_row_that_gets_an_object_id_ends_the_sessions(
    contoso: Company, directory: Provisioning, has_user: bool
) -> None:
    """The person is not deactivated by this request, but not known before it."""
    browser = Client()
    contoso.sign_in(browser)
    shown = directory.create(user(externalId=guid() if has_user else "adele.vance"))
    directory.set_active(shown, False)
    assert is_signed_in(browser)
    oid = {"op": "Replace", "path": "externalId", "value": contoso.person.object_id}
    directory.change(shown, oid)
    assert not is_signed_in(browser)
    assert error_code(contoso.sign_in(browser)) == "user_refused"


def test_a_person_without_a_user_is_refused_too(contoso: Company, directory: Provisioning) -> None:
    directory.create(as_reported(contoso.person, active=False))
    assert User.objects.count() == 0
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    assert User.objects.count() == 0


@pytest.mark.parametrize("way", ["password", "staff", "another identity"])
def test_a_user_with_another_way_in_stays_active(
    contoso: Company, directory: Provisioning, way: str
) -> None:
    shown = directory.create(as_reported(contoso.person))
    made = User.objects.get()
    if way == "password":
        made.set_password("correct horse battery staple")
    made.is_staff = way == "staff"
    made.save()
    if way == "another identity":
        IdentityFactory.create(user=made)
    directory.set_active(shown, False)
    made.refresh_from_db()
    assert made.is_active
    assert error_code(contoso.sign_in(Client())) == "user_refused"


def test_who_an_administrator_has_deactivated_stays_so(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    User.objects.update(is_active=False)
    directory.set_active(shown, False)
    directory.set_active(shown, True)
    assert not User.objects.get().is_active


@pytest.mark.parametrize("has_activated", [True, False])
@pytest.mark.parametrize("update_fields", [None, ["is_active"]])
def test_who_an_administrator_has_deactivated_after_the_directory_stays_so(
    directory: Provisioning, update_fields: list[str] | None, has_activated: bool
) -> None:
    """The directory undoes its own deactivation, which an administrator has undone already."""
    shown = directory.create(user())
    directory.set_active(shown, False)
    made = User.objects.get()
    made.is_active = has_activated
    made.save(update_fields=update_fields)
    made.is_active = False
    made.save(update_fields=update_fields)
    directory.set_active(shown, True)
    assert User.objects.get().is_active is not has_activated


def test_an_activation_by_a_proxy_of_the_user_model_is_heard_of(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    with isolate_apps("django.contrib.auth") as isolated:

        class Colleague(User):
            class Meta:
                proxy = True
                app_label = "auth"

    assert User in receivers.user_models()
    assert Group not in receivers.user_models()
    monkeypatch.setattr(receivers, "apps", isolated)
    assert receivers.user_models() == [Colleague]
    post_save.connect(receivers.note_activated_user, sender=Colleague)
    try:
        shown = directory.create(user())
        directory.set_active(shown, False)
        made = Colleague.objects.get()
        for is_active in (True, False):
            made.is_active = is_active
            made.save()
    finally:
        post_save.disconnect(receivers.note_activated_user, sender=Colleague)
    directory.set_active(shown, True)
    assert not User.objects.get().is_active


def test_who_made_a_user_is_noted_before_the_identity_is_released(
    contoso: Company, directory: Provisioning
) -> None:
    """Also where an administrator has deactivated the user before the directory."""
    contoso.sign_in(Client())
    shown = directory.create(as_reported(contoso.person))
    User.objects.update(is_active=False)
    directory.send("DELETE", f"Users/{shown['id']}")
    assert not MadeUser.objects.exists()
    User.objects.update(is_active=True)
    shown = directory.create(as_reported(contoso.person))
    assert User.objects.get().is_active
    directory.set_active(shown, False)
    assert not User.objects.get().is_active


def test_a_deleted_person_is_untied_and_their_user_stays(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    browser = Client()
    contoso.sign_in(browser)
    made = User.objects.get()
    response = directory.send("DELETE", f"Users/{shown['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert not is_signed_in(browser)
    assert User.objects.get() == made
    assert not User.objects.get().is_active
    assert Identity.objects.count() == 0
    assert directory.get(f"Users/{shown['id']}").status_code == 404
    assert directory.send("DELETE", f"Users/{shown['id']}").status_code == 404
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    assert "deleted this person" in refusal()
    assert kinds(person=contoso.person.upn)[-1] == "deprovisioned"


def test_a_person_deleted_and_posted_again_gets_the_same_user_back(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    made = User.objects.get()
    directory.send("DELETE", f"Users/{shown['id']}")
    again = directory.create(as_reported(contoso.person))
    assert User.objects.get() == made
    assert User.objects.get().is_active
    assert Identity.objects.get().user == made
    browser = Client()
    assert contoso.sign_in(browser).status_code == 302
    assert get_user(browser) == made  # type: ignore[arg-type]
    assert directory.get(f"Users/{again['id']}").json()["userName"] == contoso.person.upn


def test_a_person_who_returns_inactive_gets_the_same_user_back(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    made = User.objects.get()
    directory.send("DELETE", f"Users/{shown['id']}")
    again = directory.create(as_reported(contoso.person, active=False))
    assert not User.objects.get().is_active
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    directory.set_active(again, True)
    assert User.objects.get() == made
    assert User.objects.get().is_active
    assert Identity.objects.get().user == made


def test_a_person_deleted_before_and_found_by_a_patch_gets_the_same_user_back(
    directory: Provisioning,
) -> None:
    """Posted again before the mapping sends the object ID."""
    first = user()
    shown = directory.create(first)
    made = User.objects.get()
    directory.send("DELETE", f"Users/{shown['id']}")
    again = directory.create(user(externalId="adele"))
    directory.change(again, {"op": "Add", "path": "externalId", "value": first["externalId"]})
    assert User.objects.get() == made
    assert Identity.objects.get().user == made
    assert ProvisionedPerson.objects.count() == 1


def test_a_deletion_leaves_an_identity_that_another_connection_uses(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    other = ConnectionFactory.create(name="partners", tenant_id=contoso.directory.tenant_id)
    Identity.objects.update(connection=other)
    directory.send("DELETE", f"Users/{shown['id']}")
    assert Identity.objects.count() == 1
    assert User.objects.get().is_active
    assert Revocation.objects.filter(connection=contoso.connection).count() == 1


# --- Movers ---------------------------------------------------------------------------------------


def test_a_renamed_person_keeps_their_user_and_username(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person))
    directory.change(
        shown,
        {"op": "Replace", "path": "userName", "value": "adele.smith@contoso.com"},
        {"op": "Replace", "path": "name.familyName", "value": "Smith"},
        {
            "op": "Replace",
            "path": 'emails[type eq "work"].value',
            "value": "adele.smith@contoso.com",
        },
    )
    made = User.objects.get()
    assert made.get_username() == contoso.person.upn
    assert (made.last_name, made.email) == ("Smith", "adele.smith@contoso.com")
    identity = Identity.objects.get()
    assert identity.login_name == "adele.smith@contoso.com"
    assert identity.profile["family_name"] == "Smith"


@pytest.mark.parametrize("sync", ["first_login", "never"])
def test_fields_follow_only_where_the_connection_syncs_them(
    contoso: Company, directory: Provisioning, sync: str
) -> None:
    contoso.connection.sync_profile = sync
    contoso.connection.save()
    shown = directory.create(as_reported(contoso.person))
    directory.change(shown, {"op": "Replace", "path": "name.familyName", "value": "Smith"})
    assert User.objects.get().last_name == ("Vance" if sync == "first_login" else "")
    assert Identity.objects.get().profile["family_name"] == "Smith"


def test_an_address_outside_the_verified_domains_is_not_written(directory: Provisioning) -> None:
    adele = user("adele@elsewhere.example")
    directory.create(adele)
    made = User.objects.get()
    assert made.email == ""
    assert made.get_username().startswith(adele["externalId"])


def test_what_the_directory_reports_of_a_person_outlasts_a_sign_in(
    contoso: Company, directory: Provisioning
) -> None:
    extra = {ENTERPRISE: {"department": "Sales", "employeeNumber": "7"}}
    directory.create(as_reported(contoso.person, title="Clerk", **extra))
    contoso.sign_in(Client())
    profile = Identity.objects.get().profile
    assert (profile["job_title"], profile["department"], profile["employee_id"]) == (
        "Clerk",
        "Sales",
        "7",
    )


def test_a_users_name_that_a_newcomer_gets_does_not_bring_the_user(
    contoso: Company, directory: Provisioning
) -> None:
    """Entra finds the former colleague's row by the name and patches it to the newcomer's ID."""
    shown = directory.create(as_reported(contoso.person))
    former = User.objects.get()
    directory.set_active(shown, False)
    newcomer = guid()
    directory.change(
        shown,
        {"op": "Replace", "path": "externalId", "value": newcomer},
        {"op": "Replace", "path": "active", "value": "True"},
    )
    former.refresh_from_db()
    assert not former.is_active
    theirs = Identity.objects.get()
    assert (theirs.object_id, theirs.user == former) == (newcomer, False)
    # The colleague is refused, and gets the former user back if the directory reports them again.
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    directory.create(user("returned@contoso.com", externalId=contoso.person.object_id))
    assert Identity.objects.get(object_id=contoso.person.object_id).user == former


def test_a_deactivated_person_without_a_user_is_refused_after_a_newcomer_got_their_row(
    contoso: Company, directory: Provisioning
) -> None:
    shown = directory.create(as_reported(contoso.person, active=False))
    directory.change(
        shown,
        {"op": "Replace", "path": "externalId", "value": guid()},
        {"op": "Replace", "path": "active", "value": "True"},
    )
    assert User.objects.count() == 1
    assert error_code(contoso.sign_in(Client())) == "user_refused"
    # Until the directory reports them again.
    directory.create(user("returned@contoso.com", externalId=contoso.person.object_id))
    assert contoso.sign_in(Client()).status_code == 302


# --- Rights ---------------------------------------------------------------------------------------


@pytest.fixture
def staff_group(contoso: Company) -> Group:
    contoso.connection.security_groups = True
    contoso.connection.save()
    return Group.objects.create(name="Staff")


def map_to(contoso: Company, shown: dict[str, Any], django_group: Group) -> None:
    GroupMapping.objects.create(
        connection=contoso.connection, directory_group_id=shown["externalId"], group=django_group
    )


def members_of(django_group: Group) -> int:
    return User.objects.filter(groups=django_group).count()


def test_a_person_moved_between_groups_changes_their_rights_at_once(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    other = Group.objects.create(name="Sales")
    engineering, sales = directory.create(group()), directory.create(group("Sales"))
    map_to(contoso, engineering, staff_group)
    map_to(contoso, sales, other)
    adele = directory.create(as_reported(contoso.person))
    member = [{"value": adele["id"]}]
    directory.change(engineering, {"op": "Add", "path": "members", "value": member})
    assert (members_of(staff_group), members_of(other)) == (1, 0)
    assert GroupGrant.objects.count() == 1
    directory.change(engineering, {"op": "Remove", "path": "members", "value": member})
    directory.change(sales, {"op": "Add", "path": "members", "value": member})
    assert (members_of(staff_group), members_of(other)) == (0, 1)
    assert GroupGrant.objects.get().group == other


def test_a_group_that_another_group_gives_too_stays(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    first, second = directory.create(group()), directory.create(group("Sales"))
    for each in (first, second):
        map_to(contoso, each, staff_group)
    adele = directory.create(as_reported(contoso.person))
    for each in (first, second):
        directory.change(each, {"op": "Add", "path": "members", "value": [{"value": adele["id"]}]})
    directory.change(first, {"op": "Remove", "path": "members"})
    assert members_of(staff_group) == 1
    directory.send("DELETE", f"Groups/{second['id']}")
    assert members_of(staff_group) == 0


@pytest.fixture
def approvers(contoso: Company, staff_group: Group) -> Group:
    """The Django group of an app role, which a directory's group gives too."""
    contoso.connection.app_roles = True
    contoso.connection.save()
    GroupMapping.objects.create(
        connection=contoso.connection, role="Orders.Approve", group=staff_group
    )
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    return staff_group


def test_what_a_role_gives_stays_when_the_directory_takes_a_group(
    contoso: Company, directory: Provisioning, approvers: Group
) -> None:
    other = Group.objects.create(name="Sales")
    team = directory.create(group())
    for each in (approvers, other):
        map_to(contoso, team, each)
    adele = directory.create(as_reported(contoso.person))
    contoso.app.assign_roles(contoso.person, "Orders.Approve")
    assert contoso.sign_in(Client()).status_code == 302
    member = [{"value": adele["id"]}]
    directory.change(team, {"op": "Add", "path": "members", "value": member})
    assert (members_of(approvers), members_of(other)) == (1, 1)
    directory.change(team, {"op": "Remove", "path": "members", "value": member})
    assert (members_of(approvers), members_of(other)) == (1, 0)
    directory.change(team, {"op": "Add", "path": "members", "value": member})
    directory.send("DELETE", f"Groups/{team['id']}")
    assert (members_of(approvers), members_of(other)) == (1, 0)
    # The role still decides at the next sign-in.
    contoso.app.assign_roles(contoso.person)
    assert contoso.sign_in(Client()).status_code == 302
    assert members_of(approvers) == 0


@pytest.mark.parametrize(
    ("role", "changes"),
    [("orders.approve", {}), ("Orders.Read", {}), ("Orders.Approve", {"app_roles": False})],
)
def test_only_a_mapped_role_in_use_keeps_what_a_group_gave(
    contoso: Company,
    directory: Provisioning,
    approvers: Group,
    role: str,
    changes: dict[str, Any],
) -> None:
    team = directory.create(group())
    map_to(contoso, team, approvers)
    adele = directory.create(as_reported(contoso.person))
    contoso.app.assign_roles(contoso.person, role)
    assert contoso.sign_in(Client()).status_code == 302
    Connection.objects.filter(pk=contoso.connection.pk).update(**changes or {"app_roles": True})
    member = [{"value": adele["id"]}]
    directory.change(team, {"op": "Add", "path": "members", "value": member})
    assert members_of(approvers) == 1
    directory.change(team, {"op": "Remove", "path": "members", "value": member})
    assert members_of(approvers) == 0


def test_roles_of_another_connection_keep_nothing(
    contoso: Company, directory: Provisioning, approvers: Group
) -> None:
    team = directory.create(group())
    map_to(contoso, team, approvers)
    adele = directory.create(as_reported(contoso.person))
    member = [{"value": adele["id"]}]
    directory.change(team, {"op": "Add", "path": "members", "value": member})
    other = ConnectionFactory.create(name="shop", domain="shop.example.com")
    Identity.objects.update(roles=["Orders.Approve"], connection=other)
    directory.change(team, {"op": "Remove", "path": "members", "value": member})
    assert members_of(approvers) == 0


def test_a_person_without_a_role_keeps_the_groups_of_the_directory(
    contoso: Company, directory: Provisioning, approvers: Group
) -> None:
    """The list of groups is not known at this sign-in, so what the directory has reported holds."""
    team = directory.create(group())
    map_to(contoso, team, approvers)
    adele = directory.create(as_reported(contoso.person))
    member = [{"value": adele["id"]}]
    directory.change(team, {"op": "Add", "path": "members", "value": member})
    contoso.microsoft.fault("groups", status=503)
    assert contoso.sign_in(Client()).status_code == 302
    assert members_of(approvers) == 1


def test_reported_people_keep_their_optional_claims(
    contoso: Company, directory: Provisioning
) -> None:
    Connection.objects.update(optional_claims=["employeeid"])
    contoso.person.claims["employeeid"] = "E-1"
    adele = directory.create(as_reported(contoso.person))
    assert contoso.sign_in(Client()).status_code == 302
    directory.change(adele, {"op": "Replace", "path": "displayName", "value": "Adele V"})
    profile = Identity.objects.get().profile
    assert (profile["claims"], profile["name"]) == ({"employeeid": "E-1"}, "Adele V")


def test_a_member_who_arrives_later_gets_the_rights_of_the_group(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    """The group came first, with the member's object ID, in whatever case."""
    team = directory.create(group(members=[{"value": contoso.person.object_id.upper()}]))
    map_to(contoso, team, staff_group)
    directory.create(as_reported(contoso.person))
    assert members_of(staff_group) == 1
    assert directory.get(f"Groups/{team['id']}").json()["members"] == [
        {"value": contoso.person.object_id}
    ]


@pytest.mark.parametrize("active", [True, False])
def test_a_member_who_returns_later_gets_the_rights_of_the_group(
    contoso: Company, directory: Provisioning, staff_group: Group, active: bool
) -> None:
    shown = directory.create(as_reported(contoso.person))
    directory.send("DELETE", f"Users/{shown['id']}")
    team = directory.create(group(members=[{"value": contoso.person.object_id}]))
    map_to(contoso, team, staff_group)
    again = directory.create(as_reported(contoso.person, active=active))
    directory.set_active(again, True)
    assert members_of(staff_group) == 1


def test_a_member_who_gets_a_user_later_gets_the_rights_of_the_group(
    directory: Provisioning, contoso: Company, staff_group: Group
) -> None:
    """Their object ID came later, because the mapping was corrected."""
    shown = directory.create(as_reported(contoso.person, externalId="adele.vance"))
    team = directory.create(group(members=[{"value": shown["id"]}]))
    map_to(contoso, team, staff_group)
    oid = {"op": "Replace", "path": "externalId", "value": contoso.person.object_id}
    directory.change(shown, oid)
    assert members_of(staff_group) == 1


def test_a_member_of_many_groups_gets_the_rights_of_all(
    contoso: Company,
    directory: Provisioning,
    staff_group: Group,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rights, "BATCH", 1)
    member = [{"value": contoso.person.object_id}]
    for name in ("One", "Two", "Three"):
        team = directory.create(group(name, members=member))
    map_to(contoso, team, staff_group)
    directory.create(as_reported(contoso.person))
    assert members_of(staff_group) == 1


def test_a_group_in_a_group_is_kept_and_gives_no_rights(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    adele = directory.create(as_reported(contoso.person))
    inner = directory.create(group("Inner", members=[{"value": adele["id"]}]))
    outer = directory.create(group("Outer"))
    map_to(contoso, outer, staff_group)
    directory.change(outer, {"op": "Add", "path": "members", "value": [{"value": inner["id"]}]})
    assert members_of(staff_group) == 0
    assert directory.get(f"Groups/{outer['id']}").json()["members"] == [{"value": inner["id"]}]


def test_a_groups_new_object_id_brings_other_rights(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    team = directory.create(group())
    map_to(contoso, team, staff_group)
    adele = directory.create(as_reported(contoso.person))
    directory.change(team, {"op": "Add", "path": "members", "value": [{"value": adele["id"]}]})
    directory.change(team, {"op": "Replace", "path": "externalId", "value": guid()})
    assert members_of(staff_group) == 0
    back = {"op": "Replace", "path": "externalId", "value": team["externalId"]}
    directory.change(team, back)
    assert members_of(staff_group) == 1


def test_a_list_of_members_as_a_whole_replaces_the_former(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    adele = directory.create(as_reported(contoso.person))
    megan = directory.create(user("megan@contoso.com"))
    team = directory.create(group(members=[{"value": adele["id"]}]))
    map_to(contoso, team, staff_group)
    both = [{"value": adele["id"]}, {"value": megan["id"]}]
    directory.change(team, {"op": "Replace", "path": "members", "value": both})
    assert members_of(staff_group) == 1  # Adele joined before the mapping was made
    only = {"schemas": team["schemas"], "displayName": "Team", "externalId": team["externalId"]}
    path = f"Groups/{team['id']}"
    assert directory.send("PUT", path, {**only, "members": both[:1]}).status_code == 200
    assert members_of(staff_group) == 0
    assert directory.send("PUT", path, only).status_code == 200
    assert "members" not in directory.get(path).json()


def test_rights_end_with_a_deletion_and_come_back_with_the_membership(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    team = directory.create(group())
    map_to(contoso, team, staff_group)
    adele = directory.create(as_reported(contoso.person))
    join = {"op": "Add", "path": "members", "value": [{"value": adele["id"]}]}
    directory.change(team, join)
    directory.send("DELETE", f"Users/{adele['id']}")
    assert members_of(staff_group) == 0
    assert "members" not in directory.get(f"Groups/{team['id']}").json()
    again = directory.create(as_reported(contoso.person))
    assert members_of(staff_group) == 0
    join["value"] = [{"value": again["id"]}]
    directory.change(team, join)
    assert members_of(staff_group) == 1


def test_a_group_that_an_administrator_gave_is_left_alone(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    unmapped = Group.objects.create(name="Unmapped")
    team = directory.create(group())
    map_to(contoso, team, staff_group)
    adele = directory.create(as_reported(contoso.person))
    User.objects.get().groups.add(unmapped)
    member = [{"value": adele["id"]}]
    directory.change(team, {"op": "Add", "path": "members", "value": member})
    directory.change(team, {"op": "Remove", "path": "members", "value": member})
    assert list(User.objects.get().groups.all()) == [unmapped]


def test_a_connection_that_reads_no_groups_gives_none(
    contoso: Company, directory: Provisioning, staff_group: Group
) -> None:
    team = directory.create(group())
    map_to(contoso, team, staff_group)
    contoso.connection.security_groups = False
    contoso.connection.save()
    adele = directory.create(as_reported(contoso.person))
    directory.change(team, {"op": "Add", "path": "members", "value": [{"value": adele["id"]}]})
    assert members_of(staff_group) == 0


# --- Signals and log ------------------------------------------------------------------------------


def test_signals_say_who_joined_and_who_left(directory: Provisioning) -> None:
    heard: list[str] = []

    def hear(sender: Any, reason: str, user: Any, connection: Any, **kwargs: Any) -> None:
        heard.append(f"{reason} {user} {connection}")

    signals.provisioned.connect(hear)
    signals.deprovisioned.connect(hear)
    try:
        shown = directory.create(user())
        directory.set_active(shown, False)
        directory.set_active(shown, True)
        directory.send("DELETE", f"Users/{shown['id']}")
    finally:
        signals.provisioned.disconnect(hear)
        signals.deprovisioned.disconnect(hear)
    assert heard == [
        f"{reason} adele@contoso.com contoso"
        for reason in ("created", "deactivated", "reactivated", "deleted")
    ]


def test_each_request_is_logged_with_what_it_was_about(directory: Provisioning) -> None:
    shown = directory.create(user())
    directory.set_active(shown, "False")
    directory.patch(f"Users/{shown['id']}", {"op": "add", "path": "active", "value": "maybe"})
    rows = ProvisioningRequest.objects.order_by("pk")
    assert [(row.method, row.status, row.scim_type, row.subject) for row in rows] == [
        ("POST", 201, "", "adele@contoso.com"),
        ("PATCH", 200, "", "adele@contoso.com"),
        ("PATCH", 400, "invalidValue", "adele@contoso.com"),
    ]
    assert "active" in rows[2].detail


@pytest.mark.parametrize("kind", ["Users", "Groups"])
@pytest.mark.parametrize("refused", ["operation", "body", "replacement", "error"])
def test_a_refused_request_is_logged_with_whom_it_was_about(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch, kind: str, refused: str
) -> None:
    shown = directory.create(user() if kind == "Users" else group())
    path, name = f"{kind}/{shown['id']}", shown.get("userName") or shown["displayName"]
    if refused == "operation":
        directory.patch(path, {"op": "replace", "path": "displayName", "value": "x" * 300})
    elif refused == "body":
        directory.send("PATCH", path, "{")
    elif refused == "replacement":
        long = {"userName": "other@contoso.com", "displayName": "x" * 300}
        directory.send("PUT", path, {"schemas": shown["schemas"], **long})
    else:
        monkeypatch.setattr("azuread_connections.scim.dialect.operations", lambda content: 1 / 0)
        directory.patch(path, {"op": "replace", "path": "displayName", "value": "x"})
    row = ProvisioningRequest.objects.latest("pk")
    assert row.status == (500 if refused == "error" else 400)
    assert row.subject == name


def test_a_refused_request_about_nobody_is_logged_as_it_is(directory: Provisioning) -> None:
    operation = {"op": "replace", "path": "title", "value": "Clerk"}
    assert directory.patch(f"Users/{guid()}", operation).status_code == 404
    assert directory.send("PATCH", f"Users/{guid()}", "{").status_code == 400
    assert directory.patch("Schemas/nothing", operation).status_code == 405
    assert {row.subject for row in ProvisioningRequest.objects.all()} == {""}


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_hides_no_refusal(
    directory: Provisioning, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    shown = directory.create(user())

    def refuse(*args: Any) -> Any:
        raise ScimError(503, "", "The database is busy.")

    def fail(*args: Any) -> Any:
        raise error("gone")

    monkeypatch.setattr("azuread_connections.scim.people.delete", refuse)
    monkeypatch.setattr("azuread_connections.scim.people.find", fail)
    assert directory.send("DELETE", f"Users/{shown['id']}").status_code == 503


def test_two_people_of_one_site_are_apart(directory: Provisioning) -> None:
    """Another connection sees nobody of this one."""
    shown = directory.create(user())
    other = Provisioning.of(ConnectionFactory.create(name="fabrikam", tenant_id=guid()))
    assert other.get("Users").json()["totalResults"] == 0
    assert other.get(f"Users/{shown['id']}").status_code == 404
    assert other.patch(f"Users/{shown['id']}", {"op": "add", "path": "title", "value": "x"})
    assert other.send("DELETE", f"Users/{shown['id']}").status_code == 404
    assert directory.get(f"Users/{shown['id']}").status_code == 200
    UserFactory.create()


def test_another_directory_of_the_connection_begins_anew(
    contoso: Company, directory: Provisioning
) -> None:
    """People of the former one cannot sign in by the connection, and hold no name in it."""
    adele = directory.create(user())
    directory.create(group(members=[{"value": adele["id"]}]))
    contoso.connection.refresh_from_db()
    contoso.connection.tenant_id = guid()
    contoso.connection.save()
    directory = Provisioning.of(contoso.connection)
    assert directory.get("Users").json()["totalResults"] == 0
    assert directory.get("Groups").json()["totalResults"] == 0
    directory.create(user())
    assert User.objects.count() == 2
    assert Identity.objects.values("tenant_id").distinct().count() == 2


def test_who_made_a_user_is_forgotten_with_the_former_directory(contoso: Company) -> None:
    contoso.sign_in(Client())
    assert MadeUser.objects.exists()
    contoso.connection.refresh_from_db()
    contoso.connection.tenant_id = guid()
    contoso.connection.save()
    assert not MadeUser.objects.exists()
