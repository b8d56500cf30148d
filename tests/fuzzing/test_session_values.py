"""A session of another version of this app is no longer valid, and breaks no page."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from azuread_connections.login.state.access import has_access
from azuread_connections.models import Application, Connection
from tests.company import Company
from tests.fuzzing.values import JSON, TEXT, fuzz_less

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("strict_database")]

SIGN_INS, LOGIN_AT = "azuread_sign_ins", "azuread_login_at"
TRIALS, CONSENT = "azuread_trials", "azuread_consent"
ODD_KEYS = [None, "1", True, 1.5, -1, 0, 2**63, 10**400, [1], {"pk": 1}]
ODD_TEXTS = [None, 7, ["x"], {}, "a\x00b", "\ud800"]
ODD_TIMES = [None, "now", True, -1, 0, 10**20, 1e300, float("nan"), float("inf"), []]
#: Values that another version could have stored for an entry's values, or additional ones.
CHANGES: list[dict[str, Any]] = [
    {"added_later": 1},
    *({name: odd} for name in ("connection", "application", "identity") for odd in ODD_KEYS),
    *({name: odd} for name in ("name", "tenant", "sid", "hint") for odd in ODD_TEXTS),
    *({"at": odd} for odd in ODD_TIMES),
]


def other_shapes(entry: dict[str, Any]) -> list[Any]:
    """Return what another version could have stored instead of a list with this entry."""
    required = ("connection", "application", "identity", "name", "tenant", "at")
    return [
        *(None, 7, "contoso", {}, {"contoso": entry}, True, entry),
        *([None], [[]], ["contoso"], [7], [{}], [[entry]]),
        *([{name: entry[name] for name in entry if name != gone}] for gone in required),
        *([entry | change] for change in CHANGES),
    ]


PAGES = ["/", "/login/", "/login/profile", "/login/profile/accounts", "/login/contoso/"]


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def put(client: Client, **values: Any) -> None:
    stored = client.session
    for key, value in values.items():
        stored[key] = value
    stored.save()
    # Where the session is the cookie, it has just changed.
    client.cookies[settings.SESSION_COOKIE_NAME] = stored.session_key or ""


@pytest.mark.parametrize("engine", ["db", "cache", "signed_cookies"])
def test_a_sign_in_of_another_shape_is_over(
    contoso: Company, client: Client, settings: Any, engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    contoso.sign_in(client)
    whole = dict(client.session.items())
    shapes = other_shapes(whole[SIGN_INS][0])
    for stored in [shape for shape in shapes if len(repr(shape)) < 600]:
        client.cookies.clear()
        put(client, **whole)
        assert client.get("/login/profile").status_code == 200
        put(client, **{SIGN_INS: stored})
        assert client.get("/login/profile").status_code == 401, stored
        assert client.get("/").wsgi_request.user.is_anonymous, stored


def test_no_page_breaks(contoso: Company) -> None:
    client = Client()
    contoso.sign_in(client)
    whole = dict(client.session.items())
    for stored in other_shapes(whole[SIGN_INS][0]):
        for page in PAGES:
            put(client, **whole | {SIGN_INS: stored})
            assert client.get(page).status_code < 500


def test_it_does_not_pass_for_a_session_begun_with_a_password(
    contoso: Company, client: Client
) -> None:
    """Not even without the middleware, which would end it."""
    Application.objects.update(allow_password_sessions=True)
    contoso.sign_in(client)
    request: Any = RequestFactory().get("/")
    request.user = User.objects.get()
    for stored in other_shapes(client.session[SIGN_INS][0]):
        request.session = {SIGN_INS: stored}
        assert has_access(request, "default") is False
    request.session = {}
    assert has_access(request, "default") is True


def test_what_is_missing_and_has_a_default_does_not_end_it(
    contoso: Company, client: Client
) -> None:
    """Otherwise an upgrade that adds a key would sign everybody out."""
    contoso.sign_in(client)
    [entry] = client.session[SIGN_INS]
    del entry["sid"], entry["hint"]
    put(client, **{SIGN_INS: [entry]})
    assert client.get("/login/profile").status_code == 200


def test_the_others_of_a_session_stay(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    [entry] = client.session[SIGN_INS]
    put(client, **{SIGN_INS: [{"of": "another version"}, entry]})
    assert client.get("/login/profile").status_code == 200
    assert client.session[SIGN_INS] == [entry]


def test_signing_in_again_replaces_what_cannot_be_read(contoso: Company, client: Client) -> None:
    put(client, **{SIGN_INS: "of another version"})
    contoso.sign_in(client)
    assert len(client.session[SIGN_INS]) == 1
    assert client.get("/login/profile").status_code == 200


@pytest.mark.parametrize("sid", ["opaque", "a\x00b", "x" * 9000])
def test_a_session_at_microsoft_that_is_not_a_guid_cannot_be_signed_out_there(
    contoso: Company, client: Client, sid: str
) -> None:
    contoso.person.claims["sid"] = sid
    contoso.person.claims["login_hint"] = "a\x00b"
    contoso.sign_in(client)
    assert client.get("/login/profile").status_code == 200


@fuzz_less
@given(JSON)
def test_any_value_at_all(contoso: Company, stored: Any) -> None:
    client = Client()
    contoso.sign_in(client)
    for page in PAGES:
        put(client, **{SIGN_INS: stored, LOGIN_AT: stored, TRIALS: stored, CONSENT: stored})
        assert client.get(page).status_code < 500
    put(client, **{SIGN_INS: stored, LOGIN_AT: stored})
    assert client.post("/login/logout", {"microsoft": "1"}).status_code in {200, 302}


TRIAL = {"state": "s", "connection": 1, "user": "1", "begun_at": "2026-11-29", "outcome": None}


@fuzz_less
@given(
    st.fixed_dictionaries(
        {"state": TEXT | JSON, "begun_at": TEXT | JSON | st.datetimes().map(str), "outcome": JSON},
    ),
    JSON,
)
def test_the_pages_of_a_trial_and_a_consent(
    contoso: Company, boss: Client, trial: dict[str, Any], outcome: Any
) -> None:
    own = {"connection": contoso.connection.pk, "user": str(User.objects.get().pk)}
    for stored in (trial | own, TRIAL | own | {"outcome": {"works": True, "user": "x"} | trial}):
        put(boss, **{TRIALS: [stored, outcome], CONSENT: outcome})
        assert_pages_open(boss, contoso.connection)


@pytest.mark.parametrize(
    "outcome",
    [
        {"works": True},
        {"works": False},
        {"works": False, "code": "no_longer_known"},
        {"works": False, "code": "user_refused", "aadsts_code": "7"},
        {"works": "yes", "user": "x"},
        {"works": True, "user": "x", "claims": []},
        {"works": True, "user": "x", "groups": "x"},
        {},
        [],
    ],
    ids=repr,
)
def test_a_trial_of_another_version(contoso: Company, boss: Client, outcome: Any) -> None:
    own = {"connection": contoso.connection.pk, "user": str(User.objects.get().pk)}
    put(boss, **{TRIALS: [TRIAL | own | {"outcome": outcome}]})
    assert "Sends you to sign in at Microsoft" in assert_pages_open(boss, contoso.connection)


@pytest.mark.parametrize("begun_at", ["2026-11-29", "9999-12-31T23:59:59", "0001-01-01", "x"])
def test_a_trial_that_began_at_an_odd_time(contoso: Company, boss: Client, begun_at: str) -> None:
    own = {"connection": contoso.connection.pk, "user": str(User.objects.get().pk)}
    for zone in ("", "+00:00"):
        put(boss, **{TRIALS: [TRIAL | own | {"begun_at": begun_at + zone}]})
        assert_pages_open(boss, contoso.connection)


def assert_pages_open(boss: Client, connection: Connection) -> str:
    page = f"/admin/azuread_connections/connection/{connection.pk}"
    for word in ("change", "try"):
        answer = boss.get(f"{page}/{word}/")
        assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("boss"), "django.contrib.auth.backends.ModelBackend"
    )
    return client
