"""Somebody at an open session wants a page that asks for more than a sign-in."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from azuread_connections.decorators import application_required
from tests.company import Company, query_of

from .catalogue import Attacker, Standing, attack
from .forging import by_the_attackers_key, unsigned

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls(__name__),
    attack(who=Attacker.BROWSER, wants="a page that needs a step-up, without it"),
]


@application_required("default", max_age=600, acr="c1")
def payments(request: HttpRequest) -> HttpResponse:
    return HttpResponse("payments")


@application_required("default", max_age=999_999, acr="c2")
def reports(request: HttpRequest) -> HttpResponse:
    return HttpResponse("reports")


@application_required("default", acr="c1")
@application_required("default", acr="c2")
def both(request: HttpRequest) -> HttpResponse:
    return HttpResponse("both")


urlpatterns = [
    path("both/", both),
    path("login/", include("azuread_connections.urls")),
    path("payments/", payments),
    path("reports/", reports),
    path("password/", HttpResponse, name="password_login"),
    path("", HttpResponse, name="home"),
]

TOKEN = "only `auth_time` and `acrs` of the validated ID token count"
VIEW = "the view compares the session with its own requirement, at every request"
ONCE = "an answer that proves too little ends with a page, and a challenge is followed once"
HOUR = 3600


@pytest.fixture
def browser(contoso: Company) -> Iterator[requests.Session]:
    """A browser whose person is still signed in at Microsoft."""
    contoso.directory.authentication_contexts = {"c1", "c2"}
    contoso.microsoft.single_sign_on = True
    with requests.Session() as session:
        session.trust_env = False
        yield session
    contoso.microsoft.single_sign_on = False


@pytest.fixture
def victim(contoso: Company, client: Client, browser: requests.Session) -> Client:
    """A session that was left open."""
    contoso.person.claims["auth_time"] = int(time.time()) - HOUR
    client.get(contoso.microsoft.sign_in(contoso.start(client), contoso.person, session=browser))
    del contoso.person.claims["auth_time"]
    return client


def start_of(client: Client, url: str = "/payments/") -> str:
    return str(client.get(client.get(url)["Location"])["Location"])


def is_open(client: Client, url: str = "/payments/") -> bool:
    return client.get(url).status_code == 200


def change(**changes: Any) -> Callable[..., None]:
    def tamper(header: Any, claims: dict[str, Any]) -> None:
        claims |= changes
        for name in [name for name, value in changes.items() if value is None]:
            del claims[name]

    return tamper


@attack(stopped_by=TOKEN)
@pytest.mark.parametrize("parameters", ["prompt max_age claims", "claims", "prompt max_age"])
def test_what_microsoft_is_asked_is_removed_on_the_way(
    contoso: Company, victim: Client, browser: requests.Session, parameters: str
) -> None:
    url = start_of(victim)
    for name in parameters.split():
        url = re.sub(rf"&{name}=[^&]*", "", url)
    if parameters != "claims":
        # Microsoft lets in whoever is signed in there, for an hour.
        contoso.microsoft.tamper_id_token(change(auth_time=int(time.time()) - HOUR))
    before = Standing.now()
    answer = victim.get(contoso.microsoft.sign_in(url, contoso.person, session=browser))
    before.assert_stopped(answer, 403, "access_denied")
    assert not is_open(victim)


@attack(stopped_by=TOKEN)
@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(change(auth_time=None), id="no auth_time"),
        pytest.param(change(auth_time=1_000_000_000), id="an old auth_time"),
        pytest.param(change(auth_time=4_000_000_000), id="a future auth_time"),
        pytest.param(change(auth_time="now"), id="an odd auth_time"),
        pytest.param(change(auth_time=True), id="auth_time true"),
        pytest.param(change(acrs=None), id="no acrs"),
        pytest.param(change(acrs=["c2"]), id="another context"),
        pytest.param(change(acrs="c1"), id="acrs as a text"),
        pytest.param(change(acrs={"c1": 1}), id="acrs as an object"),
        pytest.param(change(acrs=[["c1"], 1, None]), id="odd acrs"),
    ],
)
def test_an_id_token_that_proves_too_little(
    contoso: Company, victim: Client, tamper: Callable[..., None]
) -> None:
    stored = victim.session["azuread_sign_ins"]
    contoso.microsoft.tamper_id_token(tamper)
    before = Standing.now()
    answer = contoso.come_back(victim, start_of(victim))
    before.assert_stopped(answer, 403, "access_denied")
    assert victim.session["azuread_sign_ins"] == stored
    assert not is_open(victim)


@attack(stopped_by="the ID token is validated as at every sign-in")
@pytest.mark.parametrize("forge", [unsigned("none"), by_the_attackers_key()])
def test_a_forged_id_token(contoso: Company, victim: Client, forge: Any) -> None:
    from .forging import Scene

    scene = Scene(contoso, contoso)
    contoso.microsoft.tamper_id_token(lambda header, claims: forge(scene, header, claims))
    before = Standing.now()
    answer = contoso.come_back(victim, start_of(victim))
    before.assert_stopped(answer, 502, "id_token_invalid")
    assert not is_open(victim)


@attack(stopped_by="the nonce is the one of this sign-in")
def test_the_id_token_of_an_earlier_step_up(contoso: Company, victim: Client) -> None:
    kept: list[dict[str, Any]] = []
    contoso.microsoft.tamper_id_token(lambda header, claims: kept.append(dict(claims)))
    contoso.come_back(victim, start_of(victim))
    assert is_open(victim)
    contoso.microsoft.tamper_id_token(lambda header, claims: (header, kept[0]))
    before = Standing.now()
    answer = contoso.come_back(victim, contoso.start(victim, max_age="600", acr="c1"))
    before.assert_stopped(answer, 502, "id_token_invalid")


@attack(stopped_by=VIEW)
@pytest.mark.parametrize(
    "weaker",
    [{}, {"max_age": "999999", "acr": "c2"}, {"max_age": "x", "acr": "c1,c2"}, {"acr": "c2"}],
)
def test_a_start_that_asks_for_less(
    contoso: Company, victim: Client, weaker: dict[str, str]
) -> None:
    contoso.microsoft.tamper_id_token(change(auth_time=int(time.time()) - HOUR))
    answer = contoso.come_back(victim, contoso.start(victim, next="/payments/", **weaker))
    assert answer["Location"] == "/payments/"
    assert not is_open(victim)
    assert is_open(victim, "/reports/") is (weaker.get("acr") == "c2")


@attack(stopped_by=ONCE, wants="a browser sent back and forth without end")
def test_no_answer_of_microsofts_makes_a_loop(contoso: Company, victim: Client) -> None:
    contoso.microsoft.fault("token", aadsts=50076, claims={"access_token": {"x": None}}, times=None)
    answer = contoso.come_back(victim, start_of(victim))
    assert "claims" in query_of(answer["Location"])
    before = Standing.now()
    before.assert_stopped(contoso.come_back(victim, answer["Location"]), 403, "access_denied")
    contoso.microsoft.clear_faults()
    assert contoso.microsoft.count("token") == 3  # the first one signed the victim in


def step_up(contoso: Company, victim: Client, browser: requests.Session, url: str) -> None:
    answer = victim.get(
        contoso.microsoft.sign_in(start_of(victim, url), contoso.person, session=browser)
    )
    assert answer["Location"] == url


@attack(stopped_by=ONCE, wants="a browser sent back and forth without end")
def test_a_view_that_needs_two_contexts_is_reached_by_two_step_ups(
    contoso: Company, victim: Client, browser: requests.Session
) -> None:
    contoso.person.claims["auth_time"] = int(time.time())
    for _context in ("c1", "c2"):
        assert not is_open(victim, "/both/")
        step_up(contoso, victim, browser, "/both/")
    assert is_open(victim, "/both/")


@attack(stopped_by=ONCE, wants="a browser sent back and forth without end")
def test_two_contexts_are_reached_though_microsoft_leaves_out_the_time(
    contoso: Company, victim: Client, browser: requests.Session
) -> None:
    contoso.microsoft.tamper_id_token(change(auth_time=None), times=None)
    for _context in ("c1", "c2"):
        step_up(contoso, victim, browser, "/both/")
    assert is_open(victim, "/both/")


@attack(stopped_by=VIEW, wants="a context that was met before, without meeting it again")
@pytest.mark.parametrize("why", ["another authentication", "long ago", "another session"])
def test_the_context_of_another_authentication_is_not_kept(
    contoso: Company, victim: Client, browser: requests.Session, why: str
) -> None:
    contoso.person.claims["auth_time"] = int(time.time())
    step_up(contoso, victim, browser, "/both/")
    session = victim.session
    (stored,) = session["azuread_sign_ins"]
    assert stored["contexts"] == ["c1"]
    if why == "another authentication":
        stored["authenticated_at"] -= 1
    elif why == "long ago":
        stored["at"] -= 601
    else:
        stored["sid"] = "44445555-eeee-6666-ffff-7777aaaa8888"
    session["azuread_sign_ins"] = [stored]
    session.save()
    step_up(contoso, victim, browser, "/both/")
    (stored,) = victim.session["azuread_sign_ins"]
    assert stored["contexts"] == ["c2"]
    assert not is_open(victim, "/both/")
