"""mozilla-django-oidc's hooks: called with the same meaning, within our policies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Group, Permission, User
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models.signals import post_save, pre_save
from django.test import Client
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from azuread_connections.backends import ConnectionBackend
from azuread_connections.exceptions import SignInFailed
from azuread_connections.login.backend import LIVE_HOOKS, ignored_hooks, unusable_hooks
from azuread_connections.models import Connection, Event, Identity
from azuread_connections.signals import profile_synced
from tests.company import Company, error_code
from tests.factories import IdentityFactory, UserFactory

pytestmark = pytest.mark.django_db

EMAIL = "adele.vance@contoso.com"
PAGE = Path(__file__).parents[2] / "docs" / "coming-from-mozilla-django-oidc.md"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Make a class the site's backend."""

    def make(backend: type[ConnectionBackend]) -> None:
        monkeypatch.setattr(f"{__name__}.Site", backend, raising=False)
        settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Site"]

    return make


def assert_refused(answer: Any, detail: str) -> None:
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")
    assert detail in Event.objects.filter(code="user_refused").latest("pk").message


@pytest.fixture
def documented(use: Any) -> None:
    """Make the subclass of the docs the site's backend."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(code, namespace)
    use(namespace["MyBackend"])


def test_the_documented_subclass_works_as_pasted(
    contoso: Company, client: Client, documented: None
) -> None:
    contoso.person.claims.update(given_name="Adele", family_name="Vance")
    assert contoso.sign_in(client).status_code == 302
    assert get_user(client).first_name == "Adele"  # type: ignore[union-attr,arg-type]
    contoso.person.claims.update(given_name="Ada")
    assert contoso.sign_in(client).status_code == 302
    assert User.objects.get().first_name == "Ada"
    contoso.person.claims.update(given_name="")
    assert_refused(contoso.sign_in(Client()), "verify_claims")


def test_the_documented_subclass_links_by_email(
    contoso: Company, client: Client, documented: None
) -> None:
    user = UserFactory.create(email=EMAIL)
    Connection.objects.update(link_by_email=True)
    contoso.person.claims.update(given_name="Adele")
    assert contoso.sign_in(client).status_code == 302
    assert Identity.objects.get().user == user
    user.refresh_from_db()
    assert user.first_name == "Adele"
    assert not user.has_usable_password()


class Recording(ConnectionBackend):
    """Records the calls, and calls the default."""

    calls: list[tuple[str, dict[str, Any]]] = []

    def _note(self, name: str, claims: Mapping[str, Any]) -> None:
        assert self.request is not None
        assert self.request.path == "/login/callback"
        assert self.verified_identity.connection.name == "contoso"
        self.calls.append((name, dict(claims)))

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        self._note("verify_claims", claims)
        return super().verify_claims(claims)

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> Any:
        self._note("filter_users_by_claims", claims)
        return super().filter_users_by_claims(claims)

    def create_user(self, claims: Mapping[str, Any]) -> Any:
        self._note("create_user", claims)
        return super().create_user(claims)

    def update_user(self, user: Any, claims: Mapping[str, Any]) -> Any:
        self._note("update_user", claims)
        return super().update_user(user, claims)

    def get_username(self, claims: Mapping[str, Any]) -> str:
        self._note("get_username", claims)
        return super().get_username(claims)

    def describe_user_by_claims(self, claims: Mapping[str, Any]) -> str:
        self._note("describe_user_by_claims", claims)
        return super().describe_user_by_claims(claims)


@pytest.fixture
def calls(use: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    noted: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(Recording, "calls", noted)
    use(Recording)
    return noted


def test_each_hook_is_called_when_it_is_meant_to_be(
    contoso: Company, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    Connection.objects.update(link_by_email=True)
    contoso.sign_in(Client())
    names = [name for name, _ in calls]
    assert names == ["verify_claims", "filter_users_by_claims", "create_user", "get_username"]
    calls.clear()
    contoso.sign_in(Client())
    assert [name for name, _ in calls] == ["verify_claims", "update_user"]
    calls.clear()
    Identity.objects.all().delete()
    Connection.objects.update(create_users=False, link_by_email=False)
    contoso.sign_in(Client())
    assert [name for name, _ in calls] == ["verify_claims", "describe_user_by_claims"]


def test_claims_are_the_id_tokens_and_the_profile(
    contoso: Company, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    contoso.person.claims.update(department_number="7")
    contoso.sign_in(Client())
    claims = calls[0][1]
    assert claims["oid"] == contoso.person.object_id
    assert claims["tid"] == contoso.directory.tenant_id
    assert claims["department_number"] == "7"
    assert claims["email"] == EMAIL
    assert claims["email_verified"] is True
    assert (claims["given_name"], claims["family_name"]) == ("Adele", "Vance")


def test_an_address_in_an_unverified_domain_is_not_called_email(
    contoso: Company, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    contoso.person.claims.update(email="boss@fabrikam.com", email_verified=True)
    contoso.sign_in(Client())
    claims = calls[0][1]
    assert "email" not in claims
    assert claims["unverified_email"] == "boss@fabrikam.com"
    assert claims["email_verified"] is False


def test_groups_are_the_complete_list(
    contoso: Company, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    group = contoso.directory.add_group("Sales", members=[contoso.person])
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    Connection.objects.update(security_groups=True)
    contoso.sign_in(Client())
    assert calls[0][1]["groups"] == [group.object_id]


class Refusing(ConnectionBackend):
    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        return False


def test_verify_claims_refuses(contoso: Company, client: Client, use: Any) -> None:
    use(Refusing)
    assert_refused(contoso.sign_in(client), "verify_claims")
    assert not User.objects.exists()
    use(ConnectionBackend)
    contoso.sign_in(client)
    use(Refusing)
    assert_refused(contoso.sign_in(Client()), "verify_claims")


@pytest.mark.parametrize(
    "error",
    [
        PermissionDenied("not today"),
        SuspiciousOperation("not today"),
        SignInFailed("user_refused", detail="not today"),
    ],
)
@pytest.mark.parametrize("hook", ["verify_claims", "create_user", "get_username"])
def test_an_exception_that_means_no_refuses_the_person(
    contoso: Company, client: Client, use: Any, error: Exception, hook: str
) -> None:
    def refuse(self: Any, claims: Any) -> Any:
        raise error

    use(type("Backend", (ConnectionBackend,), {hook: refuse}))
    assert_refused(contoso.sign_in(client), "not today")
    assert not User.objects.exists()


class GetOrCreate(ConnectionBackend):
    """A careless hook that finds a user by a name that anybody can have."""

    def create_user(self, claims: Mapping[str, Any]) -> Any:
        return self.UserModel.objects.get_or_create(username="adele")[0]


def test_create_user_links_nobody(contoso: Company, client: Client, use: Any) -> None:
    use(GetOrCreate)
    victim = UserFactory.create(username="adele")
    assert_refused(contoso.sign_in(client), "did not create")
    assert not Identity.objects.exists()
    victim.delete()
    assert contoso.sign_in(client).status_code == 302


class Deactivating(ConnectionBackend):
    def create_user(self, claims: Mapping[str, Any]) -> Any:
        return self.UserModel.objects.create_user("new", is_active=False)


def test_a_new_user_who_is_deactivated_stays_out(
    contoso: Company, client: Client, use: Any
) -> None:
    use(Deactivating)
    assert_refused(contoso.sign_in(client), "deactivated")
    assert not User.objects.exists()


@pytest.mark.parametrize("returned", ["another", "none", "deactivated"])
def test_update_user_exchanges_nobody(
    contoso: Company, client: Client, use: Any, returned: str
) -> None:
    class Exchanging(ConnectionBackend):
        def update_user(self, user: Any, claims: Mapping[str, Any]) -> Any:
            if returned == "deactivated":
                user.is_active = False
                user.save()
                return user
            return User.objects.get(username="boss") if returned == "another" else None

    UserFactory.create(username="boss", is_superuser=True)
    contoso.sign_in(client)
    use(Exchanging)
    browser = Client()
    answer = contoso.sign_in(browser)
    assert_refused(answer, "deactivated" if returned == "deactivated" else "update_user")
    assert get_user(browser).is_anonymous  # type: ignore[arg-type]
    assert User.objects.filter(is_active=True).count() == 2


def everybody(self: Any, claims: Any) -> Any:
    return User.objects.all()


@pytest.mark.parametrize("who", ["staff", "permission", "tied", "inactive", "two"])
def test_whom_filter_users_by_claims_returns_is_linked_by_our_rules(
    contoso: Company, client: Client, use: Any, who: str
) -> None:
    user = UserFactory.create(email=EMAIL, is_staff=who == "staff", is_active=who != "inactive")
    if who == "permission":
        user.user_permissions.add(Permission.objects.first())
    elif who == "tied":
        IdentityFactory.create(user=user)
    elif who == "two":
        UserFactory.create(email=EMAIL)
    Connection.objects.update(link_by_email=True)
    use(type("Backend", (ConnectionBackend,), {"filter_users_by_claims": everybody}))
    answer = contoso.sign_in(client)
    assert (answer.status_code, error_code(answer)) == (403, "user_refused")
    assert not Identity.objects.filter(object_id=contoso.person.object_id).exists()


@pytest.mark.parametrize("why", ["option", "domain"])
def test_filter_users_by_claims_is_not_asked_where_linking_is_closed(
    contoso: Company, client: Client, use: Any, why: str
) -> None:
    user = UserFactory.create()
    Connection.objects.update(link_by_email=why != "option")
    if why == "domain":
        contoso.person.claims.update(email="adele@fabrikam.com")
    use(type("Backend", (ConnectionBackend,), {"filter_users_by_claims": everybody}))
    assert contoso.sign_in(client).status_code == 302
    assert Identity.objects.get().user != user


@pytest.mark.parametrize("email", [EMAIL, "megan@contoso.com", ""])
def test_a_user_found_in_another_way_needs_the_verified_address_too(
    contoso: Company, client: Client, use: Any, email: str
) -> None:
    def by_last_name(self: Any, claims: Any) -> Any:
        return self.UserModel.objects.filter(last_name=claims["family_name"])

    user = UserFactory.create(last_name="Vance", email=email)
    Connection.objects.update(link_by_email=True)
    use(type("Backend", (ConnectionBackend,), {"filter_users_by_claims": by_last_name}))
    assert contoso.sign_in(client).status_code == 302
    assert (Identity.objects.get().user == user) == (email == EMAIL)


@pytest.mark.parametrize(("name", "detail"), [("", "no name"), (7, "no name"), ("x" * 151, "long")])
def test_an_empty_username_is_refused(
    contoso: Company, client: Client, use: Any, name: Any, detail: str
) -> None:
    use(type("Backend", (ConnectionBackend,), {"get_username": lambda self, claims: name}))
    assert_refused(contoso.sign_in(client), detail)


def test_a_username_that_somebody_has_is_refused(
    contoso: Company, client: Client, use: Any
) -> None:
    use(type("Backend", (ConnectionBackend,), {"get_username": lambda self, claims: "boss"}))
    UserFactory.create(username="boss")
    assert_refused(contoso.sign_in(client), "Not stored")
    assert not Identity.objects.exists()


def test_what_update_user_changes_is_signalled(contoso: Company, client: Client, use: Any) -> None:
    class Renaming(ConnectionBackend):
        def update_user(self, user: Any, claims: Mapping[str, Any]) -> Any:
            user.first_name = "Ada"
            user.save()
            return user

    contoso.sign_in(client)
    use(Renaming)
    heard: list[Any] = []

    def listen(changed: list[str], **kwargs: Any) -> None:
        heard.append(changed)

    profile_synced.connect(listen)
    try:
        contoso.sign_in(Client())
        contoso.sign_in(Client())
    finally:
        profile_synced.disconnect(listen)
    assert heard == [["first_name"]]


def test_the_check_names_hooks_that_are_never_called(settings: Any, use: Any) -> None:
    class Mistaken(ConnectionBackend):
        def get_userinfo(self, access_token: str, id_token: str, payload: Any) -> Any:
            return {}

        def verify_claims(self, claims: Mapping[str, Any]) -> bool:
            return True

    use(Mistaken)
    [found] = [each for each in run_checks() if each.id == "azuread_connections.W020"]
    assert "get_userinfo" in found.msg
    assert "verify_claims" not in found.msg
    use(Recording)
    assert not [each for each in run_checks() if each.id == "azuread_connections.W020"]


def test_what_is_live_or_closed_is_what_the_backend_defines() -> None:
    inherited = {name for name in dir(OIDCAuthenticationBackend) if not name.startswith("__")}
    inherited.add("__init__")
    own = {name for name in vars(ConnectionBackend) if name in inherited}
    closed = {
        *("get_token", "verify_token", "get_userinfo", "get_or_create_user"),
        *("get_payload_data", "retrieve_matching_jwk"),
    }
    own.discard("aget_user")  # Django calls it from 5.2 on; it is get_user
    assert own == LIVE_HOOKS | closed
    assert ignored_hooks(ConnectionBackend) == unusable_hooks(ConnectionBackend) == []
    for name in closed:
        with pytest.raises(NotImplementedError, match=name):
            getattr(ConnectionBackend(), name)("token", None, None)


def test_a_hook_works_only_during_a_sign_in() -> None:
    with pytest.raises(RuntimeError, match="during a sign-in"):
        ConnectionBackend().get_username({})


def test_no_method_of_the_base_class_finds_a_user_for_other_packages(use: Any) -> None:
    """mozilla_django_oidc.contrib.drf calls it with whatever token a request carries."""

    class Trusting(ConnectionBackend):
        def get_userinfo(self, access_token: str, id_token: Any, payload: Any) -> Any:
            return {"email": "boss@contoso.com"}

    UserFactory.create(email="boss@contoso.com", is_superuser=True)
    with pytest.raises(NotImplementedError):
        Trusting().get_or_create_user("any token", None, None)


@pytest.mark.parametrize("name", ["verify_claims", "authenticate", "aauthenticate"])
def test_the_check_names_hooks_that_cannot_work(use: Any, name: str) -> None:
    async def verify_claims(self: Any, claims: Any) -> bool:
        return True

    def authenticate(self: Any, request: Any, **kwargs: Any) -> Any:
        return None

    use(
        type(
            "Backend",
            (ConnectionBackend,),
            {name: verify_claims if name == "verify_claims" else authenticate},
        )
    )
    [found] = [each for each in run_checks() if each.id == "azuread_connections.W021"]
    assert name in found.msg


def test_a_coroutine_refuses(contoso: Company, client: Client, use: Any) -> None:
    async def verify_claims(self: Any, claims: Any) -> bool:
        return True

    use(type("Backend", (ConnectionBackend,), {"verify_claims": verify_claims}))
    assert_refused(contoso.sign_in(client), "verify_claims")


def test_a_hook_cannot_change_the_claims_of_another(
    contoso: Company, client: Client, use: Any
) -> None:
    class Changing(ConnectionBackend):
        def verify_claims(self, claims: Any) -> bool:
            claims.setdefault("email", claims.get("unverified_email"))
            claims["given_name"] = "Changed"
            return True

        def create_user(self, claims: Any) -> Any:
            return super().create_user({**claims, "email": "boss@fabrikam.com"})

    contoso.person.claims.update(email="boss@fabrikam.com", given_name="Adele")
    use(Changing)
    assert contoso.sign_in(client).status_code == 302
    user = User.objects.get()
    assert (user.email, user.first_name) == ("", "Adele")


def test_a_hook_can_change_names_for_the_default(
    contoso: Company, client: Client, use: Any
) -> None:
    class Naming(ConnectionBackend):
        def create_user(self, claims: Any) -> Any:
            return super().create_user({**claims, "given_name": "Ada"})

    use(Naming)
    contoso.sign_in(client)
    assert User.objects.get().first_name == "Ada"


def test_claims_that_a_directory_made_up_are_not_the_profiles(
    contoso: Company, calls: list[tuple[str, dict[str, Any]]]
) -> None:
    contoso.person.claims.update(
        groups=["admins"], username="victim", job_title="Director", unverified_email="x@contoso.com"
    )
    contoso.sign_in(Client())
    claims = calls[0][1]
    assert not {"groups", "username", "job_title", "unverified_email"} & set(claims)


def test_a_row_that_extends_an_existing_user_creates_nobody(
    contoso: Company, client: Client, use: Any
) -> None:
    """A model that inherits from the user's has the same key, and its row is new."""

    class Extending(ConnectionBackend):
        def create_user(self, claims: Any) -> Any:
            boss = User.objects.get(username="boss")
            pre_save.send(User, instance=boss, raw=False, using="default", update_fields=None)
            post_save.send(
                User, instance=boss, created=True, raw=False, using="default", update_fields=None
            )
            return boss

    UserFactory.create(username="boss", is_superuser=True)
    use(Extending)
    assert_refused(contoso.sign_in(client), "did not create")


def test_update_user_cannot_exchange_the_object_itself(
    contoso: Company, client: Client, use: Any
) -> None:
    class Exchanging(ConnectionBackend):
        def update_user(self, user: Any, claims: Any) -> Any:
            user.__dict__.update(User.objects.get(username="boss").__dict__)
            return user

    UserFactory.create(username="boss", is_superuser=True)
    contoso.sign_in(client)
    use(Exchanging)
    browser = Client()
    assert_refused(contoso.sign_in(browser), "update_user")
    assert get_user(browser).is_anonymous  # type: ignore[arg-type]


def test_whom_the_backend_lets_authenticate_decides_at_the_sign_in_too(
    contoso: Company, client: Client, use: Any
) -> None:
    class Careful(ConnectionBackend):
        def user_can_authenticate(self, user: Any) -> bool:
            return False

    use(Careful)
    assert_refused(contoso.sign_in(client), "deactivated")
    assert not User.objects.exists()


def test_groups_that_a_hook_changes_are_seen_by_the_mappings(
    contoso: Company, client: Client, use: Any
) -> None:
    class Clearing(ConnectionBackend):
        def update_user(self, user: Any, claims: Any) -> Any:
            user.groups.clear()
            return user

    sales = contoso.directory.add_group("Sales", members=[contoso.person])
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    Connection.objects.update(security_groups=True)
    group = Group.objects.create(name="sales")
    contoso.connection.group_mappings.create(directory_group_id=sales.object_id, group=group)
    use(Clearing)
    for _ in range(3):
        contoso.sign_in(Client())
        assert list(User.objects.get().groups.all()) == [group]


def test_a_trial_rolls_back_what_a_hook_writes(contoso: Company, use: Any, client: Client) -> None:
    class Writing(ConnectionBackend):
        def verify_claims(self, claims: Any) -> bool:
            User.objects.create_user("seen")
            return True

    use(Writing)
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    page = f"/admin/azuread_connections/connection/{contoso.connection.pk}/try/"
    begun = client.post(page)
    url = begun.context["url"] if begun.status_code == 200 else begun["Location"]
    contoso.come_back(client, url)
    assert not User.objects.filter(username="seen").exists()


def test_a_trial_asks_the_hooks_and_changes_nothing(
    contoso: Company, calls: list[tuple[str, dict[str, Any]]], admin_client: Client
) -> None:
    page = f"/admin/azuread_connections/connection/{contoso.connection.pk}/try/"
    begun = admin_client.post(page)
    url = begun.context["url"] if begun.status_code == 200 else begun["Location"]
    contoso.come_back(admin_client, url)
    assert [name for name, _ in calls] == ["verify_claims", "get_username"]
    assert not Identity.objects.exists()
