from __future__ import annotations

import base64
import re
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import CheckMessage, run_checks
from django.db import connection as database
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse_lazy

from azuread_connections.checks import (
    check_deployment,
    check_settings,
    check_stored_secrets,
)
from azuread_connections.conf import conf
from azuread_connections.defaults import DEFAULTS
from azuread_connections.login.lookup import addresses
from azuread_connections.middleware import ConnectionSessionMiddleware
from tests.factories import ConnectionFactory, CredentialFactory
from tests.field_cases import case
from tests.replica import ReplicaRouter, read_from_replica, read_from_replica_behind_ours

GOOD_KEY = Fernet.generate_key().decode()
IN_ORDER = {
    "PUBLIC_URL": "https://app.example.com",
    "LOGIN_URL": "",
    "GRAPH_URL": "",
    "ALLOW_STANDIN": False,
}


def ids(messages: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix("azuread_connections.") for message in messages]


@pytest.fixture(autouse=True)
def _production(settings: Any, tmp_path: Path) -> None:
    """The settings of a deployment that the tests do not have."""
    settings.SESSION_COOKIE_SECURE = True
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(tmp_path),
        }
    }


@pytest.fixture
def configure(settings: Any) -> Any:
    def change(**keys: Any) -> None:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | IN_ORDER | keys

    return change


def test_a_site_in_order_has_nothing_to_hear(configure: Any) -> None:
    configure()
    assert ids(check_settings()) == []
    assert ids(check_deployment()) == []


def test_a_missing_backend_is_named(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "gone.Backend"]
    assert ids(check_settings()) == ["W001"]


def test_a_subclass_of_the_backend_will_do(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["azuread_connections.login.backend.ConnectionBackend"]
    assert ids(check_settings()) == []


def test_missing_urls_are_named(configure: Any, settings: Any) -> None:
    configure(PASSWORD_LOGIN_URL="")
    settings.ROOT_URLCONF = "tests.urls_without_sign_in"
    assert ids(check_settings()) == ["W002"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ENCRYPTION_KEYS": []}, ["W003"]),
        ({"ENCRYPTION_KEYS": ["short"]}, ["W004"]),
        *(
            ({"ENCRYPTION_KEYS": [base64.urlsafe_b64encode(raw).decode()]}, ["W012"])
            for raw in (b"tests-tests-tests-tests-tests-!!", bytes(32), bytes(range(16)) * 2)
        ),
        ({"ENCRYPTION_KEYS": [GOOD_KEY, base64.urlsafe_b64encode(bytes(32)).decode()]}, ["W012"]),
        ({"PUBLIC_ULR": "https://app.example.com"}, ["W005"]),
        ({"PASSWORD_LOGIN_URL": "no_such_view"}, ["W018"]),
        ({"PASSWORD_LOGIN_URL": reverse_lazy("no_such_view")}, ["W018"]),
        ({"PUBLIC_URL": "http://app.example.com"}, ["W008"]),
        ({"PUBLIC_URL": "HTTP://app.example.com"}, ["W008"]),
        *(
            ({"PUBLIC_URL": url}, ["W009"])
            for url in (
                "app.example.com",
                "//app.example.com",
                "ftp://app.example.com",
                " https://app.example.com",
                "https://app.example.com/login",
                "https://app.example.com?x",
                "https://app.example.com#x",
                "https://app.example.com:port",
                "https://app.example.com:99999",
                "https://app.example.com:",
                "https://app.example.com:0443",
                "HTTPS://app.example.com/login",
                "https://adele@app.example.com",
                "https://app_example.com",
                "https://app..com",
                "https://",
                "https://[::1",
                # Not valid in IDNA 2008, although some browsers convert it.
                "https://😀.example",
                "https://bücher.example/login",
            )
        ),
        *(
            ({key: value}, ["W010"])
            for key, values in {
                "DEFAULT_APPLICATION": ("", None, "the default", 5, ["default"]),
                "ADMIN_APPLICATION": ("the admin", 5, ["admin"]),
                "CACHE": ("", None, "no-such-cache", ["default"]),
                "ENCRYPTION_KEYS": (None, 5, [None], [5], GOOD_KEY, {GOOD_KEY: 1}),
                "ALLOW_STANDIN": ("False", "1", 1, None),
                "EMAIL_CLAIMS": ("email", None, [1], {"email": 1}),
                "USER_FIELDS": (["email"], "email", None, {"email": None}, {1: "email"}),
                "USERNAME_FUNCTION": (5, "no_such_module.username", "os.sep", ["x"]),
                "TRUSTED_PROXIES": ("1", True, -1, 1.5, None, 10**6),
                "SECRET_WARNING_DAYS": ("30", None, -1, 10**6),
                "EVENT_DAYS": (10**6,),
                "MAX_SIGN_IN_DAYS": (0, "400", None, 10**6),
                "SESSION_CHECK_SECONDS": (10**12,),
                "READ_TIMEOUT": ("5", 0, None, True, nan, inf),
                "CALLBACK_TIMEOUT": (nan, inf, 10**12),
            }.items()
            for value in values
        ),
    ],
)
def test_what_is_missing_or_misspelt_warns(
    configure: Any, keys: dict[str, Any], expected: list[str]
) -> None:
    configure(**keys)
    assert ids(check_settings()) == expected


@pytest.mark.parametrize(
    "keys",
    [
        *(
            {"PUBLIC_URL": url}
            for url in (
                "https://app.example.com",
                "https://app.example.com/",
                "https://APP.example.com:8443",
                "HTTPS://app.example.com:443/",
                "HTTP://LOCALHOST:80",
                "http://localhost:8000",
                "http://127.0.0.1",
                "http://[::1]:8000",
                "",
            )
        ),
        {"DEFAULT_APPLICATION": "portal-2", "ADMIN_APPLICATION": "portal_2"},
        {"ADMIN_APPLICATION": None},
        {"EMAIL_CLAIMS": ("upn",), "USER_FIELDS": {}},
        {"USERNAME_FUNCTION": "os.path.join"},
        {"USERNAME_FUNCTION": len},
        {"TRUSTED_PROXIES": 2, "SECRET_WARNING_DAYS": 0, "TOTAL_TIMEOUT": 10},
        {"ENCRYPTION_KEYS": (GOOD_KEY.encode(),)},
        {"PASSWORD_LOGIN_URL": "/accounts/login/"},
        {"PASSWORD_LOGIN_URL": "password_login"},
        {"PASSWORD_LOGIN_URL": None},
    ],
)
def test_valid_values_are_not_reported(configure: Any, keys: dict[str, Any]) -> None:
    configure(**keys)
    assert ids(check_settings()) == []


def test_a_wrong_shape_is_named_with_its_key_its_value_and_an_example(configure: Any) -> None:
    configure(EMAIL_CLAIMS="email")
    (message,) = check_settings()
    assert message.msg == (
        "AZUREAD_CONNECTIONS['EMAIL_CLAIMS'] must be a list of claims, but is 'email'."
    )
    assert message.hint == "Set it to a list of claims, such as ['email', 'upn'], or leave it out."


def test_a_key_outside_a_list_is_reported_and_not_shown(configure: Any) -> None:
    configure(ENCRYPTION_KEYS=GOOD_KEY)
    (message,) = check_settings()
    assert "must be a list of keys" in message.msg
    assert "such as ['…']" in message.hint
    assert GOOD_KEY not in f"{message.msg} {message.hint}"


@pytest.mark.parametrize("given", [None, [], "https://app.example.com"])
def test_settings_that_are_not_a_dict_are_reported_and_not_shown(settings: Any, given: Any) -> None:
    settings.AZUREAD_CONNECTIONS = given
    assert ids(check_settings()) == ["W010", "W003"]
    assert ids(check_deployment()) == ["E010", "E003", "E008"]
    message = check_settings()[0]
    assert f"must be a dict, but its type is {type(given).__name__}." in message.msg
    assert not given or str(given) not in message.msg


@pytest.mark.parametrize("key", DEFAULTS)
@pytest.mark.parametrize(
    "value", [None, 5, -1, nan, True, "", "x", "http://[::1", b"x", [], [None], {1: None}, object()]
)
def test_no_value_of_a_key_makes_the_checks_themselves_fail(
    configure: Any, key: str, value: Any
) -> None:
    configure(**{key: value})
    check_settings()
    check_deployment()


def test_keys_that_are_not_strings_are_unknown(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {5: "x", "PUBLIC_ULR": "x"}
    (message,) = check_settings()
    assert "unknown keys: 5, PUBLIC_ULR." in message.msg


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "PUBLIC_URL is not set"),
        ("http://app.example.com", "cookies and codes travel unencrypted"),
    ],
)
def test_why_an_address_is_not_enough_for_a_deployment_is_said(
    configure: Any, url: str, words: str
) -> None:
    configure(PUBLIC_URL=url)
    (message,) = check_deployment()
    assert words in message.msg


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"ENCRYPTION_KEYS": []}, ["E003"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": False}, ["E006"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": True}, ["E007"]),
        ({"LOGIN_URL": "http://login.example.com", "ALLOW_STANDIN": True}, ["E006"]),
        ({"LOGIN_URL": "http://[::1", "ALLOW_STANDIN": True}, ["E006"]),
        ({"LOGIN_URL": "http://localhost:8001", "ALLOW_STANDIN": "False"}, ["E010", "E006"]),
        ({"ALLOW_STANDIN": True}, ["E007"]),
        ({"PUBLIC_URL": ""}, ["E008"]),
        ({"PUBLIC_URL": "http://app.example.com"}, ["E008"]),
        ({"PUBLIC_URL": "HTTP://app.example.com"}, ["E008"]),
        ({"PUBLIC_URL": "http://localhost:8000"}, ["E008"]),
        ({"PUBLIC_URL": "http://127.0.0.1"}, ["E008"]),
        ({"PUBLIC_URL": "app.example.com"}, ["E009"]),
        ({"EMAIL_CLAIMS": "email"}, ["E010"]),
    ],
)
def test_a_deployment_stops_at_what_would_harm(
    configure: Any, keys: dict[str, Any], expected: list[str]
) -> None:
    configure(**keys)
    assert ids(check_deployment()) == expected


def test_every_finding_says_what_to_do(configure: Any) -> None:
    configure(ENCRYPTION_KEYS=[], PUBLIC_URL="x", EMAIL_CLAIMS="email", TRUSTED_PROXIES="1")
    assert all(message.hint for message in check_deployment())


# --- One address in every spelling ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:443/", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("HTTPS://app.example.com:8443", "https://app.example.com:8443"),
        ("HTTP://[::1]:80", "http://[::1]"),
        ("https://Bücher.example:443/", "https://xn--bcher-kva.example"),
        ("http://BÜCHER。example:8000", "http://xn--bcher-kva.example:8000"),
        ("https://😀.example", "https://😀.example"),
        ("HTTPS://app.example.com/Login", "HTTPS://app.example.com/Login"),
    ],
)
def test_the_public_address_is_read_as_browsers_write_it(
    configure: Any, written: str, read: str
) -> None:
    configure(PUBLIC_URL=written)
    assert conf.public_url == read


F24 = case("F24")


def test_an_international_public_address_is_the_host_that_browsers_send(configure: Any) -> None:
    written = re.search(r"^PUBLIC_URL=(\S+)$", F24, re.MULTILINE)
    sent = re.search(r"Host: (\S+)", F24)
    assert written
    assert sent
    configure(PUBLIC_URL=written[1])
    assert conf.public_url == f"https://{sent[1]}"
    assert ids(check_settings()) == []
    request = RequestFactory().get("/login/", headers={"host": sent[1]})
    with override_settings(ALLOWED_HOSTS=[sent[1]]):
        assert addresses.is_main_host(request)
        assert not addresses.must_move(request, is_own_host=False)


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("bücher.example", "'xn--bcher-kva.example'"),
        (".bücher.example", "'.xn--bcher-kva.example'"),
        ("😀.example", "beginning with 'xn--'"),
    ],
)
def test_an_allowed_host_that_no_browser_sends_is_named(
    configure: Any, settings: Any, host: str, hint: str
) -> None:
    configure()
    settings.ALLOWED_HOSTS = ["app.example.com", host]
    [message] = check_settings()
    assert ids([message]) == ["W019"]
    assert host in message.msg
    assert hint in str(message.hint)


def test_an_https_address_in_capitals_makes_cookies_secure(configure: Any) -> None:
    configure(PUBLIC_URL="HTTPS://TESTSERVER:443")
    request = RequestFactory().get("/login/")
    assert addresses.is_secure(request)
    assert addresses.is_main_host(request)


# --- The site's other settings --------------------------------------------------------------------

OURS = "azuread_connections.middleware.ConnectionSessionMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


class Subclass(ConnectionSessionMiddleware):
    """A site's own."""


@pytest.mark.parametrize("samesite", ["Strict", "strict", "STRICT"])
def test_a_strict_cookie_is_left_out_on_the_way_back(
    configure: Any, settings: Any, samesite: str
) -> None:
    configure()
    settings.SESSION_COOKIE_SAMESITE = samesite
    assert ids(check_settings()) == ["W014"]
    assert ids(check_deployment()) == ["E014"]


@pytest.mark.parametrize("setting", ["SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY"])
def test_a_cookie_that_others_can_read_stops_a_deployment(
    configure: Any, settings: Any, setting: str
) -> None:
    configure()
    setattr(settings, setting, False)
    assert ids(check_settings()) == []
    assert ids(check_deployment()) == ["E015"]


@pytest.mark.parametrize(
    "backend",
    [
        "django.core.cache.backends.locmem.LocMemCache",
        "django.core.cache.backends.dummy.DummyCache",
    ],
)
def test_a_cache_of_one_process_is_advised_against(
    configure: Any, settings: Any, backend: str
) -> None:
    configure()
    settings.CACHES = {"default": {"BACKEND": backend}}
    assert ids(check_settings()) == []
    assert ids(check_deployment()) == ["W013"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https")),
        ("USE_X_FORWARDED_HOST", True),
    ],
)
def test_behind_a_proxy_the_address_has_to_be_said(
    configure: Any, settings: Any, name: str, value: Any
) -> None:
    configure(PUBLIC_URL="")
    assert ids(check_settings()) == []
    setattr(settings, name, value)
    assert ids(check_settings()) == ["W017"]
    configure(TRUSTED_PROXIES=1)
    assert ids(check_settings()) == []


def test_trusted_proxies_say_that_there_is_one(configure: Any) -> None:
    configure(PUBLIC_URL="", TRUSTED_PROXIES=1)
    assert ids(check_settings()) == ["W017"]


@pytest.mark.parametrize(
    ("middleware", "advised", "wrong"),
    [
        ([SESSIONS, AUTHENTICATION, OURS], False, False),
        ([SESSIONS, AUTHENTICATION, "tests.test_checks.Subclass"], False, False),
        ([SESSIONS, AUTHENTICATION, "gone.Middleware", OURS], False, False),
        ([SESSIONS, AUTHENTICATION], True, False),
        ([SESSIONS, OURS, AUTHENTICATION], False, True),
        ([OURS, SESSIONS, AUTHENTICATION], False, True),
        ([AUTHENTICATION, SESSIONS, OURS], False, True),
        ([OURS], False, True),
    ],
)
def test_the_middleware_must_come_after_the_authentication_middleware(
    configure: Any, settings: Any, middleware: list[str], advised: bool, wrong: bool
) -> None:
    configure()
    settings.MIDDLEWARE = middleware
    assert ids(check_settings()) == (["W016"] if advised or wrong else [])
    assert ids(check_deployment()) == (["W016"] if advised else ["E016"] if wrong else [])


# --- What is stored -------------------------------------------------------------------------------


def messages_about_databases() -> list[CheckMessage]:
    return [m for m in check_settings() if str(m.id)[-3:] in {"022", "023"}]


def test_a_sign_in_must_not_rest_on_a_replica(configure: Any, settings: Any) -> None:
    configure()
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    (warning,) = messages_about_databases()
    assert "sessions.Session, auth.User, auth.Group, auth.Permission" in warning.msg
    assert ids([warning]) == ["W022"]
    assert "E022" in ids(check_deployment())

    read_from_replica_behind_ours(settings)
    assert not messages_about_databases()


def test_sessions_in_the_cache_are_not_read_from_a_replica(configure: Any, settings: Any) -> None:
    configure()
    read_from_replica(settings)
    (warning,) = messages_about_databases()
    assert "Session" not in warning.msg


def test_a_session_engine_that_does_not_exist_is_left_to_django(
    configure: Any, settings: Any
) -> None:
    configure()
    settings.SESSION_ENGINE = "elsewhere"
    assert not messages_about_databases()


@pytest.mark.parametrize(
    ("port", "off", "is_reported"),
    [("6432", False, True), (6432, False, True), ("6432", True, False), ("5432", False, False)],
)
def test_pgbouncer_needs_django_without_server_side_cursors(
    port: Any, off: bool, is_reported: bool, configure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure()
    database = {"ENGINE": "django.db.backends.postgresql", "PORT": port}
    named = {"default": {**database, "DISABLE_SERVER_SIDE_CURSORS": off}}
    monkeypatch.setattr(type(conf), "databases", named)
    assert ids(check_settings()) == (["W023"] if is_reported else [])


@pytest.mark.django_db
def test_secrets_that_no_key_opens_are_named(configure: Any) -> None:
    configure(ENCRYPTION_KEYS=[GOOD_KEY])
    CredentialFactory(connection=ConnectionFactory(name="fabrikam"))
    configure(ENCRYPTION_KEYS=[Fernet.generate_key().decode()])
    CredentialFactory()
    (message,) = check_stored_secrets(databases=["default"])
    assert message.id == "azuread_connections.W011"
    assert "a credential of fabrikam (Abc…), so nobody" in message.msg
    configure(ENCRYPTION_KEYS=[*conf.encryption_keys, GOOD_KEY])
    assert check_stored_secrets(databases=["default"]) == []


@pytest.mark.django_db
def test_what_the_hint_says_silences_the_check(configure: Any) -> None:
    unreadable = CredentialFactory()
    configure(ENCRYPTION_KEYS=[GOOD_KEY])
    CredentialFactory(connection=unreadable.connection)
    (message,) = check_stored_secrets(databases=["default"])
    assert "add the credential again in the admin and remove the unreadable one" in message.hint
    unreadable.delete()
    assert check_stored_secrets(databases=["default"]) == []


@pytest.mark.django_db
def test_many_of_them_are_not_all_named(configure: Any) -> None:
    for _ in range(9):
        CredentialFactory()
    configure(ENCRYPTION_KEYS=[GOOD_KEY])
    (message,) = check_stored_secrets(databases=["default"])
    assert message.msg.count("Abc…") == 5
    assert "and others" in message.msg


@pytest.mark.django_db
@pytest.mark.parametrize("keys", [[], ["short"], [None], None, "one text"])
def test_without_a_usable_key_the_check_of_settings_speaks(configure: Any, keys: Any) -> None:
    CredentialFactory()
    configure(ENCRYPTION_KEYS=keys)
    assert check_stored_secrets(databases=["default"]) == []


@pytest.mark.django_db
def test_the_database_is_opened_only_on_request(configure: Any) -> None:
    CredentialFactory()
    configure(ENCRYPTION_KEYS=[GOOD_KEY])
    found = [m.id for m in run_checks(databases=["default"])]
    assert "azuread_connections.W011" in found
    assert "azuread_connections.W011" not in [m.id for m in run_checks()]
    assert check_stored_secrets(databases=[]) == []


@pytest.mark.django_db
def test_before_the_first_migration_there_is_nothing_to_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database.introspection, "table_names", lambda *args: [])
    with CaptureQueriesContext(database) as queries:
        assert check_stored_secrets(databases=["default"]) == []
    assert not queries.captured_queries


@pytest.mark.parametrize("value", ["short-token", 12345, ["short-token"], {"short-token": 1}])
def test_a_metrics_token_that_is_not_accepted_is_reported_but_not_shown(
    configure: Any, value: object
) -> None:
    configure(METRICS_TOKEN=value)
    [found] = [message for message in check_settings() if "METRICS_TOKEN" in message.msg]
    assert ids([found]) == ["W010"]
    shown = f"{found.msg} {found.hint}"
    assert "short-token" not in shown
    assert "12345" not in shown


@pytest.mark.parametrize("value", ["", [], "t" * 32, ["t" * 32, "u" * 40]])
def test_metrics_tokens_are_one_or_several(configure: Any, value: object) -> None:
    configure(METRICS_TOKEN=value)
    assert not [message for message in check_settings() if "METRICS_TOKEN" in message.msg]
