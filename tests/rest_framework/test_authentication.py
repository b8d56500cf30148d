from __future__ import annotations

import sys
import time
import traceback
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signals import got_request_exception
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.views.debug import ExceptionReporter

from azuread_connections.backends import ConnectionBackend
from azuread_connections.bearer.refusals import TokenRefused
from azuread_connections.bearer.validation import Policy, _client_id
from azuread_connections.entra import access_token
from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.log.failures import SignInFailed
from azuread_connections.login.users import admission
from azuread_connections.models import (
    Connection,
    EnabledConnection,
    Event,
    Identity,
    Revocation,
)
from azuread_connections.rest_framework import AzureADBearerAuthentication
from azuread_connections.testing import StandIn, next_address
from tests.company import CALLBACK_URL, Company, error_code
from tests.factories import ApplicationFactory, EnabledConnectionFactory

from .conftest import Call, persons_token

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("version", ["v1.0", "v2.0"])
def test_a_persons_token_gives_the_user_who_signed_in(
    api: Company, call: Call, version: Any
) -> None:
    api.app.access_token_version = version
    response = call(persons_token(api))
    assert response.status_code == 200, response.content
    user = User.objects.get()
    answer = response.json()
    assert (answer["user"], answer["pk"]) == (user.username, str(user.pk))
    assert answer["scopes"] == ["Files.Read"]
    assert answer["tenant"] == api.directory.tenant_id
    assert answer["object"] == api.person.object_id
    assert answer["client"] == api.app.client_id
    assert answer["connection"] == api.connection.pk
    assert not answer["is_app_only"]


def test_a_whole_code_flow_gives_a_token_that_is_taken(api: Company, call: Call) -> None:
    microsoft, app = api.microsoft, api.app
    base = f"{microsoft.url}/{api.directory.tenant_id}/oauth2/v2.0"
    scope = f"api://{app.client_id}/Files.Read"
    asked = requests.Request(
        "GET",
        f"{base}/authorize",
        params={
            "client_id": app.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK_URL,
            "scope": f"openid {scope}",
            "state": "s",
        },
    ).prepare()
    back = microsoft.sign_in(str(asked.url), api.person)
    form = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "client_secret": app.secrets[0].value,
        "redirect_uri": CALLBACK_URL,
        "code": back.partition("code=")[2].partition("&")[0],
    }
    answer = requests.post(f"{base}/token", data=form, timeout=10).json()
    assert answer["scope"] == scope
    response = call(answer["access_token"], "files")
    assert response.status_code == 200, response.content
    assert response.json()["scopes"] == ["Files.Read"]


def test_a_token_costs_one_statement_and_no_request(api: Company, token: str, call: Call) -> None:
    call(token)
    asked = len(api.microsoft.requests)
    with CaptureQueriesContext(database) as queries:
        assert call(token).status_code == 200
    assert len(queries) == 1, queries.captured_queries
    assert len(api.microsoft.requests) == asked


def test_an_applications_token_costs_one_statement(api: Company, call: Call) -> None:
    daemon = _daemon(api)
    call(daemon, "any")
    with CaptureQueriesContext(database) as queries:
        assert call(daemon, "any").status_code == 200
    assert len(queries) == 1, queries.captured_queries


def test_a_django_that_compiles_otherwise_answers_the_same(
    api: Company, token: str, call: Call, nothing_compiles: None
) -> None:
    assert call(token).status_code == 200
    assert call(_daemon(api), "any").status_code == 200
    Revocation.everybody(api.connection)
    assert call(token).status_code == 401
    assert call(_daemon(api), "any").status_code == 401


def test_the_first_call_of_all_fetches_the_keys(api: Company, call: Call) -> None:
    cache.clear()
    before = api.microsoft.count("keys")
    assert call(persons_token(api)).status_code == 200
    assert api.microsoft.count("keys") == before + 1


def test_keys_that_microsoft_rolls_are_followed(api: Company, call: Call) -> None:
    assert call(persons_token(api)).status_code == 200
    api.microsoft.rotate_keys()
    assert call(persons_token(api)).status_code == 200


def test_the_key_of_a_registration_of_its_own_is_found(api: Company, call: Call) -> None:
    api.microsoft.rotate_app_key(api.app)
    assert call(persons_token(api)).status_code == 200


def test_keys_that_cannot_be_fetched_are_no_fault_of_the_caller(api: Company, call: Call) -> None:
    token = persons_token(api)
    cache.clear()
    api.microsoft.fault("keys", status=503)
    response = call(token)
    assert response.status_code == 503, response.content
    assert int(response["Retry-After"]) > 0
    assert "WWW-Authenticate" not in response
    assert _event().code == "microsoft_unreachable"


def test_a_request_without_a_token_is_asked_for_one(api: Company) -> None:
    response = Client().get("/api/me")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert not Event.objects.filter(kind=Event.Kind.API_REFUSED)


def test_another_scheme_is_left_to_other_classes(token: str, call: Call) -> None:
    assert call(token, scheme="Basic").status_code == 401


def test_the_scheme_is_not_case_sensitive(token: str, call: Call) -> None:
    assert call(token, scheme="bEARER").status_code == 200


def test_a_token_in_the_address_is_not_read(token: str) -> None:
    response = Client().get("/api/me", {"access_token": token})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer a,Bearer b", "Bearer ä"])
def test_a_header_that_holds_not_one_token_is_malformed(db: None, header: str) -> None:
    response = Client().get("/api/me", headers={"Authorization": header})
    assert response.status_code == 400
    assert response["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_request"'


# --- Applications without a person ----------------------------------------------------------------


def test_an_application_with_a_role_calls_for_itself(api: Company, call: Call) -> None:
    daemon = api.directory.add_app()
    api.app.assign_app_roles(daemon, "Files.Read.All")
    answer = requests.post(
        f"{api.microsoft.url}/{api.directory.tenant_id}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": daemon.client_id,
            "client_secret": daemon.secrets[0].value,
            "scope": f"api://{api.app.client_id}/.default",
        },
        timeout=10,
    ).json()
    response = call(answer["access_token"], "any")
    assert response.status_code == 200, response.content
    answer = response.json()
    assert answer["is_app_only"]
    assert answer["roles"] == ["Files.Read.All"]
    assert answer["scopes"] == []
    assert answer["user"] == ""
    assert answer["pk"] == f"app:{api.directory.tenant_id}:{daemon.client_id}"


def test_an_application_is_refused_where_people_are_expected(api: Company, call: Call) -> None:
    _assert_refused(call(_daemon(api)), "people only", "app_refused")


def test_an_application_without_a_role_is_refused(api: Company, call: Call) -> None:
    """Every application of the directory can get such a token."""
    token = api.microsoft.mint_api_token(api.directory, api.app, client=api.directory.add_app())
    _assert_refused(call(token, "any"), "no app role", "app_refused")


def test_an_application_of_a_refused_directory_is_refused(api: Company, call: Call) -> None:
    daemon = _daemon(api)
    Revocation.of_directory(api.connection, api.directory.tenant_id)
    _assert_refused(call(daemon, "any"), "revoked", "directory_refused")


# --- People who may no longer ---------------------------------------------------------------------


def test_a_person_who_has_never_signed_in_is_refused(api: Company, call: Call) -> None:
    stranger = api.directory.add_person("Megan Bowen")
    token = api.microsoft.mint_api_token(api.directory, api.app, stranger, scopes=["Files.Read"])
    _assert_refused(call(token), "has not signed in", "person_unknown")
    assert User.objects.count() == 1


def test_a_deactivated_user_is_refused(api: Company, token: str, call: Call) -> None:
    User.objects.update(is_active=False)
    _assert_refused(call(token), "deactivated", "person_inactive")


@pytest.mark.parametrize("whom", ["everybody", "directory", "identity", "session"])
def test_a_revoked_person_is_refused(api: Company, call: Call, whom: str) -> None:
    sid = "11112222-bbbb-3333-cccc-4444dddd5555"
    token = persons_token(api, sid=sid)
    assert call(token).status_code == 200
    if whom == "everybody":
        Revocation.everybody(api.connection)
    elif whom == "directory":
        Revocation.of_directory(api.connection, api.directory.tenant_id)
    elif whom == "identity":
        Revocation.of_identity(api.connection, Identity.objects.get().pk)
    else:
        Revocation.of_microsoft_session(api.connection, sid)
    _assert_refused(call(token), "revoked", "person_revoked")


def test_a_revocation_does_not_end_later_tokens(api: Company, call: Call) -> None:
    Revocation.everybody(api.connection)
    # Microsoft back-dates tokens by five minutes, and clocks differ by up to two.
    _assert_refused(call(persons_token(api)), "revoked", "person_revoked")
    Revocation.objects.update(since=timezone.now() - timedelta(seconds=421))
    assert call(persons_token(api)).status_code == 200


def test_a_token_from_the_future_does_not_pass_a_revocation(api: Company, call: Call) -> None:
    token = persons_token(api, iat=int(time.time()) + 100)
    assert call(token).status_code == 200
    Revocation.everybody(api.connection)
    _assert_refused(call(token), "revoked", "person_revoked")


def test_a_connection_that_is_not_enabled_takes_nobody(
    api: Company, token: str, call: Call
) -> None:
    EnabledConnection.objects.all().delete()
    _assert_refused(call(token), "not enabled", "connection_disabled")
    _assert_refused(call(_daemon(api), "any"), "not enabled", "connection_disabled")


def test_a_connection_enabled_elsewhere_only_takes_nobody(
    api: Company, token: str, call: Call
) -> None:
    EnabledConnection.objects.update(application=ApplicationFactory.create(slug="other"))
    _assert_refused(call(token), "not enabled", "connection_disabled")


def test_a_guest_is_refused_where_guests_are_not_allowed(api: Company, call: Call) -> None:
    home = "https://sts.windows.net/11112222-bbbb-3333-cccc-4444dddd5555/"
    token = persons_token(api, idp=home)
    assert call(token).status_code == 200
    Connection.objects.update(allow_guests=False)
    _assert_refused(call(token), "guests", "user_refused")


def test_a_directory_that_an_administrator_refuses_is_refused(
    api: Company, token: str, call: Call
) -> None:
    Connection.objects.update(use_common_endpoint=True, new_directories="listed")
    assert call(token).status_code == 200
    directory = api.connection.directories.get()
    directory.decide(directory.Status.REFUSED)
    _assert_refused(call(token), "directory has no access", "directory_refused")


def test_a_person_whom_a_sub_app_does_not_let_sign_in_is_refused(
    api: Company, token: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As provisioning does after the directory has deactivated somebody."""

    def rule(connection: Connection, claims: IdTokenClaims) -> dict[str, Any]:
        assert (connection, claims.object_id) == (api.connection, api.person.object_id)
        raise SignInFailed("user_refused", detail="The directory has deactivated this person.")

    monkeypatch.setitem(admission._rules, "a sub-app", rule)
    _assert_refused(call(token), "may not sign in", "user_refused")


def test_a_person_who_has_lost_the_app_role_that_lets_people_in_is_refused(
    api: Company, token: str, call: Call
) -> None:
    Connection.objects.update(app_roles=True)
    mapping = api.connection.group_mappings.create(role="Employee", admits=True)
    _assert_refused(call(token), "no app role that may sign in", "user_refused")
    assert call(persons_token(api, roles=["employee"])).status_code == 401
    assert call(persons_token(api, roles=["Employee"])).status_code == 200
    mapping.admits = False
    mapping.save()
    assert call(token).status_code == 200


STAFF = {"id": "aaaa1111-bbbb-2222-cccc-3333dddd4444", "name": "Staff"}


def _admit_staff(api: Company) -> None:
    Connection.objects.update(security_groups=True)
    api.connection.group_mappings.create(directory_group_id=STAFF["id"], admits=True)


def test_groups_that_let_people_in_are_those_of_the_last_sign_in(
    api: Company, token: str, call: Call
) -> None:
    _admit_staff(api)
    _assert_refused(call(token), "in no group that may sign in", "user_refused")
    Identity.objects.update(groups=[STAFF])
    assert call(token).status_code == 200
    # Either is enough.
    Connection.objects.update(app_roles=True)
    api.connection.group_mappings.create(role="Employee", admits=True)
    assert call(token).status_code == 200
    Identity.objects.update(groups=[])
    assert call(token).status_code == 401
    assert call(persons_token(api, roles=["Employee"])).status_code == 200


def test_a_person_of_another_connection_is_in_no_group_of_this_one(
    fabrikam: Company, api: Company, call: Call
) -> None:
    """Everybody of the directory can get a token for the API. They have signed in here by a
    connection that asks for no group."""
    _admit_staff(api)
    Identity.objects.update(connection=fabrikam.connection)
    _assert_refused(call(persons_token(api)), "in no group that may sign in", "user_refused")
    # Nor if that connection keeps no groups, or no sign-in has been at all.
    Connection.objects.update(max_groups=0)
    assert call(persons_token(api)).status_code == 401
    Identity.objects.update(connection=api.connection, last_sign_in_at=None)
    assert call(persons_token(api)).status_code == 401


@pytest.fixture
def grouped(api: Company) -> Company:
    """Contoso, whose sign-ins read groups and keep one of them. The person is in "All"."""
    Connection.objects.update(security_groups=True, max_groups=1)
    api.app.grant(api.directory, delegated=["User.Read", "GroupMember.Read.All"])
    api.directory.add_group("All", members=[api.person])
    return api


def test_of_more_groups_than_are_kept_that_which_lets_in_is_kept(
    grouped: Company, call: Call
) -> None:
    staff = grouped.directory.add_group("Staff", members=[grouped.person])
    grouped.connection.group_mappings.create(directory_group_id=staff.object_id, admits=True)
    assert call(persons_token(grouped)).status_code == 401  # as of the last sign-in
    grouped.sign_in(Client())
    assert [group["name"] for group in Identity.objects.get().groups] == ["Staff"]
    assert call(persons_token(grouped)).status_code == 200


def test_a_list_of_groups_that_is_cut_lets_nobody_in(grouped: Company, call: Call) -> None:
    """Neither who was let in by an app role, nor who signed in before the mapping was made."""
    grouped.sign_in(Client())
    _admit_staff(grouped)
    assert call(persons_token(grouped)).status_code == 401
    Connection.objects.update(app_roles=True)
    grouped.connection.group_mappings.create(role="Employee", admits=True)
    grouped.person.claims = {"roles": ["Employee"]}
    assert grouped.sign_in(Client())["Location"] == "/"
    assert call(persons_token(grouped)).status_code == 401
    assert call(persons_token(grouped, roles=["Employee"])).status_code == 200


@pytest.mark.parametrize("flow", ["sign in", "connect"])
def test_a_refused_sign_in_ends_what_the_group_gave(
    grouped: Company, call: Call, flow: str
) -> None:
    staff = grouped.directory.add_group("Staff", members=[grouped.person])
    grouped.connection.group_mappings.create(directory_group_id=staff.object_id, admits=True)
    browser = Client()
    grouped.sign_in(browser)
    assert call(persons_token(grouped)).status_code == 200
    staff.remove(grouped.person)
    if flow == "connect":
        begun = browser.post("/login/profile/accounts", {"connect": "contoso"})
        answer = grouped.come_back(browser, next_address(begun))
    else:
        answer = grouped.sign_in(Client())
    assert error_code(answer) == "user_refused"
    assert [group["name"] for group in Identity.objects.get().groups] == ["All"]
    assert call(persons_token(grouped)).status_code == 401


def test_mappings_of_what_the_connection_does_not_read_decide_nothing(
    api: Company, token: str, call: Call
) -> None:
    """As at sign-in. The form does not allow it, but code can store such rows."""
    _admit_staff(api)
    api.connection.group_mappings.create(role="Employee", admits=True)
    Connection.objects.update(app_roles=True, security_groups=False)
    _assert_refused(call(token), "no app role that may sign in", "user_refused")
    Connection.objects.update(app_roles=False)
    assert call(token).status_code == 200


class Blocking(ConnectionBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return False


def test_a_user_whom_the_sites_backend_lets_in_nowhere_is_refused(
    api: Company, token: str, call: Call, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Blocking"]
    _assert_refused(call(token), "deactivated", "person_inactive")


# --- Which connection -----------------------------------------------------------------------------


def test_connections_that_share_a_registration_are_told_apart_by_the_directory(
    microsoft: StandIn, api: Company, call: Call
) -> None:
    api.app.multi_tenant = True
    northwind = microsoft.add_directory("northwindtraders.com")
    api.app.grant(northwind)
    second = Connection.objects.create(
        name="northwind", domain="northwindtraders.com", client_id=api.app.client_id
    )
    second.pin(northwind.tenant_id)
    EnabledConnectionFactory.create(
        application=EnabledConnection.objects.get().application, connection=second
    )
    token = microsoft.mint_api_token(northwind, api.app, client=api.app, roles=["Files.Read.All"])
    assert call(token, "any").json()["connection"] == second.pk
    assert call(persons_token(api)).json()["connection"] == api.connection.pk
    Revocation.everybody(second)
    assert call(token, "any").status_code == 401
    assert call(persons_token(api)).status_code == 200


def test_an_app_id_uri_is_named_in_the_settings(api: Company, call: Call, settings: Any) -> None:
    api.app.app_id_uri = "https://contoso.com/orders"
    token = persons_token(api)
    _assert_refused(call(token), "another API", "audience_unknown")
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "API_APP_ID_URIS": {"https://contoso.com/orders": api.app.client_id}
    }
    assert call(token).json()["audience"] == "https://contoso.com/orders"


def test_a_class_takes_the_people_of_its_one_connection(
    api: Company, token: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AzureADBearerAuthentication, "connection", "Contoso")
    assert call(token).status_code == 200
    assert call(_daemon(api), "any").status_code == 200
    monkeypatch.setattr(AzureADBearerAuthentication, "connection", "fabrikam")
    _assert_refused(call(token), "not enabled", "connection_disabled")
    assert call(_daemon(api), "any").status_code == 401


def test_a_person_of_a_directory_that_only_another_connection_trusts_is_refused(
    api: Company, fabrikam: Company, call: Call
) -> None:
    """Microsoft issues such a token to people of any directory that has consented."""
    assert fabrikam.sign_in(Client()).status_code == 302
    token = api.microsoft.mint_api_token(
        fabrikam.directory, api.app, fabrikam.person, scopes=["Files.Read"]
    )
    _assert_refused(call(token), "directory that has no access", "token_invalid")


def test_an_application_of_a_directory_that_only_another_connection_trusts_is_refused(
    api: Company, fabrikam: Company, call: Call
) -> None:
    token = api.microsoft.mint_api_token(
        fabrikam.directory, api.app, client=fabrikam.app, roles=["Files.Read.All"]
    )
    _assert_refused(call(token, "any"), "directory that has no access", "token_invalid")


@pytest.mark.parametrize("audience", ["https://contoso.com", "api://", "api://x\x00", "x" * 9999])
def test_an_audience_that_is_no_registrations_is_refused_before_the_database_is_asked(
    audience: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), pytest.raises(TokenRefused, match="another API"):
        _client_id(audience, Policy("default"))


# --- The log --------------------------------------------------------------------------------------


def test_refusals_are_counted_in_one_event_a_minute(api: Company, call: Call) -> None:
    for _ in range(3):
        assert call(persons_token(api, exp=1)).status_code == 401
    event = _event()
    assert event.count == 3
    assert event.message == "The access token is refused: it has expired (exp)."


@pytest.mark.parametrize("place", ["in a view", "in the class", "in the validation"])
def test_no_error_report_shows_a_token(
    token: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[str] = []

    def report(request: Any, **kwargs: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        # Sentry and other tools read the variables of frames themselves.
        frames = traceback.walk_tb(sys.exc_info()[2])
        variables = [repr(frame.f_locals) for frame, _line in frames]
        texts = [reporter.get_traceback_text(), reporter.get_traceback_html(), *variables]
        reports.append("\n".join(texts))

    if place == "in the class":
        # A mistake of the site.
        broken = property(lambda self: 1 // 0)
        monkeypatch.setattr(AzureADBearerAuthentication, "application", broken)
    elif place == "in the validation":
        # A mistake of ours.
        monkeypatch.setattr(access_token, "check_times", lambda claims, now: 1 // 0)
    got_request_exception.connect(report)
    try:
        browser = Client(raise_request_exception=False)
        response = browser.get("/api/broken", headers={"Authorization": f"Bearer {token}"})
    finally:
        got_request_exception.disconnect(report)
    assert response.status_code == 500
    [text] = reports
    assert ("unforeseen" in text) is (place == "in a view")
    assert token not in text
    assert not [part for part in token.split(".")[1:] if part[:100] in text]


def _daemon(api: Company) -> str:
    """The token of an application of the directory, with an app role."""
    return api.microsoft.mint_api_token(
        api.directory, api.app, client=api.directory.add_app(), roles=["Files.Read.All"]
    )


def _event() -> Event:
    return Event.objects.get(kind=Event.Kind.API_REFUSED)


def _assert_refused(response: Any, why: str, code: str) -> None:
    assert response.status_code == 401, response.content
    header = response["WWW-Authenticate"]
    assert header.startswith('Bearer realm="api", error="invalid_token", error_description="')
    assert why in header
    assert Event.objects.filter(kind=Event.Kind.API_REFUSED, code=code).exists(), [
        event.code for event in Event.objects.all()
    ]
