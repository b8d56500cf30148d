"""A view requires a new authentication or an authentication context, and Microsoft confirms it."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from asgiref.sync import async_to_sync
from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.views.generic import View

from azuread_connections.decorators import ApplicationRequiredMixin, application_required
from azuread_connections.models import (
    Connection,
    Credential,
    EnabledConnection,
    Event,
    Identity,
)
from tests.company import Company, error_code, query_of
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


@application_required("default", acr="c1")
async def async_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


class ClassPage(ApplicationRequiredMixin, View):
    application = "default"
    max_age = 600
    acr = "c1"

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")


everyday = application_required("default")(page)

urlpatterns = [
    path("login/", include("azuread_connections.urls")),
    path("everyday/", everyday),
    path("recent/", application_required("default", max_age=600)(page)),
    path("now/", application_required("default", max_age=0)(page)),
    path("context/", application_required("default", acr="c1")(page)),
    path("other-context/", application_required("default", acr="c2")(page)),
    path("both/", application_required("default", max_age=600, acr="c1")(everyday)),
    path("async/", async_page),
    path("class/", ClassPage.as_view()),
    path("password/", HttpResponse, name="password_login"),
    path("", HttpResponse, name="home"),
]

HOUR = 3600


@pytest.fixture(autouse=True)
def published(contoso: Company) -> None:
    contoso.directory.authentication_contexts = {"c1", "c2"}


@pytest.fixture
def browser(contoso: Company) -> Iterator[requests.Session]:
    """A browser that stays signed in at Microsoft."""
    contoso.microsoft.single_sign_on = True
    with requests.Session() as session:
        session.trust_env = False
        yield session
    contoso.microsoft.single_sign_on = False


def to_microsoft(client: Client, url: str) -> str:
    """Open a guarded page as a browser does; return Microsoft's address that it leads to."""
    step = client.get(url)
    assert (step.status_code, step["Location"].split("?")[0]) == (302, "/login/contoso/")
    start = client.get(step["Location"])
    assert start.status_code == 302, start.content
    return str(start["Location"])


def claims_of(url: str) -> Any:
    return json.loads(query_of(url)["claims"])


def sign_in_long_ago(contoso: Company, client: Client) -> None:
    contoso.person.claims["auth_time"] = int(time.time()) - HOUR
    contoso.sign_in(client)
    del contoso.person.claims["auth_time"]


@pytest.mark.parametrize("url", ["/recent/", "/now/", "/context/", "/both/", "/async/", "/class/"])
def test_a_guarded_page_leads_to_microsoft_and_back(
    contoso: Company, client: Client, url: str
) -> None:
    sign_in_long_ago(contoso, client)
    assert client.get("/everyday/").status_code == 200
    answer = contoso.come_back(client, to_microsoft(client, url))
    assert (answer.status_code, answer["Location"]) == (302, url)
    for _ in range(2):
        assert client.get(url).content == b"secret"


def test_what_is_required_is_asked_of_microsoft(contoso: Company, client: Client) -> None:
    sign_in_long_ago(contoso, client)
    asked = query_of(to_microsoft(client, "/recent/"))
    assert (asked["max_age"], asked["prompt"]) == ("600", "login")
    assert json.loads(asked["claims"]) == {"id_token": {"auth_time": {"essential": True}}}
    asked = query_of(to_microsoft(client, "/context/"))
    assert not {"max_age", "prompt"} & set(asked)
    assert json.loads(asked["claims"]) == {
        "id_token": {
            "acrs": {"essential": True, "value": "c1"},
            "auth_time": {"essential": True},
        }
    }


def test_an_ordinary_sign_in_asks_for_nothing_more(contoso: Company, client: Client) -> None:
    assert not {"claims", "max_age", "prompt"} & set(query_of(contoso.start(client)))


def test_async_views_are_guarded_in_an_async_site_too(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    browser = AsyncClient()
    browser.cookies = client.cookies
    assert "acr=c1" in async_to_sync(browser.get)("/async/")["Location"]


def test_somebody_who_is_not_signed_in_is_asked_once_for_both(
    contoso: Company, client: Client
) -> None:
    answer = client.get("/both/")
    assert answer["Location"].startswith("/login/?application=default&next=%2Fboth%2F&max_age=600")
    sign_in_page = client.get(answer["Location"]).content.decode()
    button = html.unescape(re.findall(r'href="(/login/contoso/[^"]+)"', sign_in_page)[0])
    url = client.get(button)["Location"]
    assert (query_of(url)["max_age"], query_of(url).get("prompt")) == ("600", None)
    contoso.come_back(client, url)
    assert client.get("/both/").content == b"secret"


def test_what_is_asked_goes_along_to_the_main_host(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://app.example.com"}
    moved = client.get("/login/contoso/", {"max_age": "600", "acr": "c1", "prompt": "login"})
    asked = query_of(moved["Location"])
    assert (asked["max_age"], asked["acr"], asked["prompt"]) == ("600", "c1", "login")


def test_the_check_costs_no_further_statement(contoso: Company, client: Client) -> None:
    contoso.come_back(client, contoso.start(client, max_age="600", acr="c1"))
    counts = []
    for url in ("/everyday/", "/recent/", "/context/", "/both/"):
        client.get(url)
        with CaptureQueriesContext(database) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    # "/both/" has two decorators.
    assert counts == [counts[0], counts[0], counts[0], counts[0] + 1]


def test_time_passes_for_an_open_page(contoso: Company, client: Client, monkeypatch: Any) -> None:
    contoso.come_back(client, contoso.start(client, max_age="600"))
    assert client.get("/recent/").status_code == 200
    later = time.time() + 600 + 121
    monkeypatch.setattr("azuread_connections.login.state.session.time.time", lambda: later)
    assert client.get("/recent/").status_code == 302


def test_a_password_session_never_passes(
    contoso: Company, client: Client, application: Any
) -> None:
    application.allow_password_sessions = True
    application.save()
    client.force_login(UserFactory.create())
    assert client.get("/everyday/").status_code == 200
    for url in ("/recent/", "/context/"):
        assert client.get(url)["Location"].startswith("/login/?application=default")


def test_any_sign_in_of_the_session_can_meet_it(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    contoso.come_back(client, contoso.start(client, acr="c1"))
    stored = client.session
    (met,) = stored["azuread_sign_ins"]
    other = {**met, "connection": fabrikam.connection.pk, "name": "fabrikam"}
    del other["contexts"]
    stored["azuread_sign_ins"] = [met, other]
    stored.save()
    EnabledConnection.objects.get_or_create(
        application_id=met["application"], connection=fabrikam.connection
    )
    from django.test import RequestFactory  # the middleware would end the invented sign-in

    from azuread_connections.login.state.access import find_access
    from azuread_connections.login.state.step_up import StepUp

    request = RequestFactory().get("/")
    request.session, request.user = client.session, UserFactory.build()
    assert find_access(request, "default", StepUp(acr="c1")).is_granted
    lacking = find_access(request, "default", StepUp(acr="c2"))
    assert not lacking.is_granted
    assert lacking.sign_in is not None
    assert lacking.sign_in.name == "fabrikam"
    # One whose connection is not enabled there proves nothing.
    EnabledConnection.objects.filter(connection=contoso.connection).delete()
    assert not find_access(request, "default", StepUp(acr="c1")).is_granted


# --- Answers that prove too little ----------------------------------------------------------------


def no_time(header: Any, claims: dict[str, Any]) -> None:
    claims.pop("auth_time", None)


def old_time(header: Any, claims: dict[str, Any]) -> None:
    claims["auth_time"] = int(time.time()) - HOUR


def future_time(header: Any, claims: dict[str, Any]) -> None:
    claims["auth_time"] = int(time.time()) + HOUR


def odd_time(header: Any, claims: dict[str, Any]) -> None:
    claims["auth_time"] = str(int(time.time()))


def no_context(header: Any, claims: dict[str, Any]) -> None:
    claims.pop("acrs", None)


def other_context(header: Any, claims: dict[str, Any]) -> None:
    claims["acrs"] = ["c11", "c2", "p1"]


def text_context(header: Any, claims: dict[str, Any]) -> None:
    claims["acrs"] = "c1"


def odd_context(header: Any, claims: dict[str, Any]) -> None:
    claims["acrs"] = {"c1": True}


def nested_context(header: Any, claims: dict[str, Any]) -> None:
    claims["acrs"] = [["c1"], None, 1]


@pytest.mark.parametrize(
    ("url", "change"),
    [
        *(("/recent/", each) for each in (no_time, old_time, future_time, odd_time)),
        *(("/context/", each) for each in (no_context, other_context, text_context)),
        *(("/context/", each) for each in (odd_context, nested_context)),
        ("/both/", old_time),
        ("/both/", no_context),
    ],
)
def test_an_answer_that_proves_too_little_ends_with_a_page_and_changes_nothing(
    contoso: Company, client: Client, url: str, change: Callable[..., None]
) -> None:
    sign_in_long_ago(contoso, client)
    before = client.session["azuread_sign_ins"]
    contoso.microsoft.tamper_id_token(change)
    answer = contoso.come_back(client, to_microsoft(client, url))
    assert (answer.status_code, error_code(answer)) == (403, "access_denied")
    assert "Microsoft did not confirm" in html.unescape(answer.content.decode())
    assert client.session["azuread_sign_ins"] == before
    assert client.get(url).status_code == 302
    assert client.get("/everyday/").status_code == 200


def test_the_page_leads_to_another_try_that_asks_for_the_same(
    contoso: Company, client: Client
) -> None:
    contoso.microsoft.tamper_id_token(old_time)
    url = contoso.start(client, max_age="600", acr="c1", next="/both/")
    answer = contoso.come_back(client, url)
    text = html.unescape(answer.content.decode())
    again = re.findall(r'href="(/login/contoso/[^"]+)"', text)[0]
    asked = query_of(client.get(again)["Location"])
    assert (asked["max_age"], asked["prompt"]) == ("600", "login")
    contoso.come_back(client, client.get(again)["Location"])
    assert client.get("/both/").content == b"secret"


def test_the_log_says_what_was_missing(contoso: Company, client: Client) -> None:
    contoso.directory.authentication_contexts = set()
    contoso.come_back(client, contoso.start(client, acr="c1"))
    event = Event.objects.get(code="access_denied")
    assert "authentication context c1 (acrs: none)" in event.message
    assert "Authentication contexts" in event.message


def test_v1_knows_no_claims_request_and_the_log_says_so(contoso: Company, client: Client) -> None:
    Connection.objects.update(identity_api="v1.0")
    url = contoso.start(client, acr="c1")
    assert "claims" not in query_of(url)
    assert error_code(contoso.come_back(client, url)) == "access_denied"
    assert "v1.0 has no authentication contexts" in Event.objects.get(code="access_denied").message


def test_a_browser_that_removes_what_it_was_to_ask_gains_nothing(
    contoso: Company, client: Client, browser: requests.Session
) -> None:
    """Microsoft then lets in whoever is signed in there."""
    contoso.come_back(client, contoso.start(client))
    client.get(contoso.microsoft.sign_in(contoso.start(client), contoso.person, session=browser))
    url = to_microsoft(client, "/both/")
    for name in ("prompt", "max_age", "claims"):
        url = re.sub(rf"&{name}=[^&]*", "", url)
    answer = client.get(contoso.microsoft.sign_in(url, contoso.person, session=browser))
    assert error_code(answer) == "access_denied"
    assert client.get("/both/").status_code == 302


def test_a_start_with_less_than_the_view_requires_opens_nothing(
    contoso: Company, client: Client
) -> None:
    contoso.directory.authentication_contexts = {"c1", "c2"}
    contoso.microsoft.tamper_id_token(old_time)
    contoso.come_back(client, contoso.start(client, max_age="999999", acr="c2", next="/both/"))
    assert client.get("/other-context/").status_code == 200
    assert client.get("/both/").status_code == 302


# --- Requests that are not repeated ---------------------------------------------------------------


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_request_that_changes_something_gets_a_page(
    contoso: Company, client: Client, method: str
) -> None:
    contoso.sign_in(client)
    referer = "http://testserver/form/?page=2"
    answer = getattr(client, method)("/recent/", headers={"Referer": referer})
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    text = html.unescape(answer.content.decode())
    assert "what you entered has not been saved" in text
    (again,) = re.findall(r'href="(/login/contoso/[^"]+)"', text)
    answer = contoso.come_back(client, client.get(again)["Location"])
    assert answer["Location"] == "/form/?page=2"


@pytest.mark.parametrize(
    "referer", ["https://evil.example/", "//evil.example/", "", "javascript:x"]
)
def test_the_page_never_leads_to_another_site(
    contoso: Company, client: Client, referer: str
) -> None:
    contoso.sign_in(client)
    answer = client.post("/recent/", headers={"Referer": referer})
    (again,) = re.findall(r'href="(/login/contoso/[^"]+)"', answer.content.decode())
    assert "evil" not in again
    assert "next=" not in again


# --- Microsoft's claims challenge -----------------------------------------------------------------

CHALLENGE = {"access_token": {"capolids": {"essential": True, "values": ["c0ffee"]}}}


def challenge(contoso: Company, **fault: Any) -> None:
    contoso.microsoft.fault("token", aadsts=50076, **{"claims": CHALLENGE, **fault})


@pytest.mark.parametrize("error", [None, "invalid_grant"])
def test_a_claims_challenge_is_followed_once(
    contoso: Company, client: Client, error: str | None
) -> None:
    challenge(contoso, error=error)
    again = contoso.sign_in(client, next="/everyday/")
    assert claims_of(again["Location"]) == CHALLENGE
    assert not client.session.get("azuread_sign_ins")
    answer = contoso.come_back(client, again["Location"])
    assert (answer.status_code, answer["Location"]) == (302, "/everyday/")
    assert client.get("/everyday/").status_code == 200


def test_a_second_challenge_ends_with_a_page(contoso: Company, client: Client) -> None:
    challenge(contoso, times=2)
    again = contoso.sign_in(client)
    answer = contoso.come_back(client, again["Location"])
    assert (answer.status_code, error_code(answer)) == (403, "access_denied")
    assert Event.objects.get(code="access_denied").aadsts_code == 50076


@pytest.mark.parametrize("claims", ["{}", "[]", "x", '{"a":"' + "x" * 1000 + '"}', None])
def test_a_challenge_that_is_none_is_an_error_at_once(
    contoso: Company, client: Client, claims: Any
) -> None:
    challenge(contoso, claims=claims)
    assert error_code(contoso.sign_in(client)) == "access_denied"


def test_a_challenge_in_the_callbacks_address_is_not_followed(
    contoso: Company, client: Client
) -> None:
    state = query_of(contoso.start(client))["state"]
    answer = client.get(
        "/login/callback",
        {"state": state, "error": "interaction_required", "claims": json.dumps(CHALLENGE)},
    )
    assert error_code(answer) == "access_denied"


def test_a_challenge_keeps_what_the_view_requires(contoso: Company, client: Client) -> None:
    challenge(contoso)
    again = contoso.come_back(client, contoso.start(client, max_age="600", acr="c1"))
    asked = claims_of(again["Location"])
    assert asked["access_token"] == CHALLENGE["access_token"]
    assert asked["id_token"]["acrs"]["value"] == "c1"
    contoso.microsoft.tamper_id_token(no_context)
    assert error_code(contoso.come_back(client, again["Location"])) == "access_denied"


def test_a_challenge_after_a_refused_secret_ends_with_a_page(
    contoso: Company, client: Client
) -> None:
    """A sign-in is sent to Microsoft twice at most, for whatever reasons."""
    challenge(contoso)
    again = contoso.sign_in(client)
    contoso.microsoft.fault("token", aadsts=7000222)
    assert error_code(contoso.come_back(client, again["Location"])) == "secret_rejected"
    assert Credential.objects.count() == 1


def test_graphs_claims_challenge_is_followed_once(contoso: Company, client: Client) -> None:
    Connection.objects.update(extended_profile=True)
    contoso.microsoft.fault("me", claims=CHALLENGE, times=2)
    again = contoso.sign_in(client)
    assert claims_of(again["Location"]) == CHALLENGE
    answer = contoso.come_back(client, again["Location"])
    assert answer["Location"] == "/"  # the profile is incomplete, as for any other error of Graph's
    assert contoso.microsoft.count("me") == 2
    assert Event.objects.filter(kind=Event.Kind.PROFILE_INCOMPLETE).exists()


# --- The option Prompt ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "asked", "sent"),
    [
        ("", "", None),
        ("", "select_account", "select_account"),
        ("select_account", "", "select_account"),
        ("login", "", "login"),
        ("login", "select_account", "login"),
        ("login", "none", "login"),
    ],
)
def test_the_stronger_prompt_is_sent(
    contoso: Company, client: Client, option: str, asked: str, sent: str | None
) -> None:
    Connection.objects.update(prompt=option)
    assert query_of(contoso.start(client, prompt=asked)).get("prompt") == sent


def test_with_login_microsoft_authenticates_again(
    contoso: Company, client: Client, browser: requests.Session
) -> None:
    Connection.objects.update(prompt="login")
    sign_in = contoso.microsoft.sign_in
    client.get(sign_in(contoso.start(client), contoso.person, session=browser))
    answer = client.get(sign_in(contoso.start(client), contoso.person, session=browser))
    assert answer["Location"] == "/"
    assert contoso.microsoft.count("sign_in") == 2
    assert time.time() - client.session["azuread_sign_ins"][0]["authenticated_at"] < 60


def test_an_old_authentication_does_not_meet_the_option(contoso: Company, client: Client) -> None:
    Connection.objects.update(prompt="login")
    contoso.microsoft.tamper_id_token(old_time)
    assert error_code(contoso.sign_in(client)) == "access_denied"
    assert "option “Prompt”" in Event.objects.get(code="access_denied").message
    contoso.microsoft.tamper_id_token(no_time)
    assert contoso.sign_in(client)["Location"] == "/"


def test_a_retry_asks_nobody_twice(contoso: Company, client: Client) -> None:
    Connection.objects.update(prompt="login")
    challenge(contoso)
    again = contoso.sign_in(client)
    assert not {"prompt", "max_age"} & set(query_of(again["Location"]))
    assert contoso.come_back(client, again["Location"])["Location"] == "/"


# --- Several connections in one session -----------------------------------------------------------


def test_two_step_ups_that_are_open_at_once_each_prove_what_they_began_with(
    contoso: Company, client: Client
) -> None:
    """In two tabs: the answers come back in any order, and none counts for the other."""
    first = contoso.start(client, acr="c1", next="/context/")
    second = contoso.start(client, acr="c2", next="/other-context/")
    assert contoso.come_back(client, second)["Location"] == "/other-context/"
    assert client.get("/context/").status_code == 302
    assert contoso.come_back(client, first)["Location"] == "/context/"
    assert client.get("/context/").status_code == 200


def test_the_step_up_goes_to_the_connection_of_the_newest_sign_in_that_counts(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    contoso.sign_in(client)
    user = client.session["_auth_user_id"]
    # The same person connects an account of another directory, and signs in with it.
    fabrikam.sign_in(Client())
    Identity.objects.filter(tenant_id=fabrikam.directory.tenant_id).update(user=user)
    EnabledConnection.objects.filter(connection=fabrikam.connection).update(
        application=EnabledConnection.objects.get(connection=contoso.connection).application
    )
    fabrikam.sign_in(client)
    assert len(client.session["azuread_sign_ins"]) == 2
    assert client.get("/recent/")["Location"].startswith("/login/fabrikam/")
    EnabledConnection.objects.filter(connection=fabrikam.connection).delete()
    assert client.get("/recent/")["Location"].startswith("/login/contoso/")
    contoso.come_back(client, to_microsoft(client, "/recent/"))
    assert client.get("/recent/").status_code == 200
