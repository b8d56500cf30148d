"""A registration with its own signing key: ``?appid=`` on the keys' address."""

from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.entra.cloud import CLOUDS, V1, V2, Authority
from azuread_connections.entra.errors import MalformedResponse, UnknownSigningKey, Unreachable
from azuread_connections.entra.metadata import SigningKeys
from azuread_connections.entra.transport import Transport
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import App, Directory
from tests.entra.clock import Clock, ClockedCache
from tests.entra.test_metadata import ForgetfulCache, is_key_of, publish, signing_kid

MINUTE = 60
HOUR = 60 * MINUTE


@pytest.fixture
def contoso(entra: StandIn) -> Directory:
    return entra.add_directory("contoso.com")


@pytest.fixture
def app(contoso: Directory) -> App:
    return contoso.add_app()


@pytest.fixture(params=[V2, V1])
def authority(request: Any, entra: StandIn, contoso: Directory) -> Authority:
    moved = CLOUDS["global"].moved(login_url=entra.url)
    return Authority(moved, contoso.tenant_id, request.param)


class Finder:
    """Finds keys as a sign-in of this app does."""

    def __init__(self, keys: SigningKeys, authority: Authority, app: App) -> None:
        self.keys = keys
        self.url = authority.keys_url
        self.app_url = authority.app_keys_url(app.client_id)

    def find(self, key_id: str) -> Any:
        return self.keys.find(self.url, key_id, self.app_url)


@pytest.fixture
def finder(
    transport: Transport, cache: ClockedCache, clock: Clock, authority: Authority, app: App
) -> Finder:
    return Finder(SigningKeys(transport, cache, clock), authority, app)


def asked(entra: StandIn) -> list[str]:
    """The requested key documents, in order: the directory's or the app's."""
    return [
        "app" if "appid" in request.query else "directory"
        for request in entra.requests
        if request.endpoint == "keys"
    ]


def test_an_apps_own_key_is_found_at_its_address(
    finder: Finder, entra: StandIn, app: App, clock: Clock
) -> None:
    own = entra.rotate_app_key(app)
    for _ in range(3):
        assert is_key_of(entra, finder.find(own))
        clock.advance(10 * MINUTE)
    assert asked(entra) == ["directory", "app"]
    sent = next(request for request in entra.requests if "appid" in request.query)
    assert sent.query == {"appid": app.client_id}


def test_after_that_only_the_apps_document_is_fetched_every_hour(
    finder: Finder, entra: StandIn, app: App, clock: Clock
) -> None:
    own = entra.rotate_app_key(app)
    for _ in range(6 * 10):
        finder.find(own)
        clock.advance(10 * MINUTE)
    assert asked(entra) == ["directory", "app", *["app"] * 9]


def test_a_key_that_an_app_was_just_given_is_found_at_once(
    finder: Finder, entra: StandIn, app: App, clock: Clock
) -> None:
    finder.find(signing_kid(entra))
    clock.advance(HOUR // 2)
    assert is_key_of(entra, finder.find(entra.rotate_app_key(app)))
    clock.advance(HOUR // 4)
    assert is_key_of(entra, finder.find(entra.rotate_app_key(app)))
    assert asked(entra) == ["directory", "app", "app"]


def test_an_app_without_its_own_key_finds_a_rotated_key_in_one_request(
    finder: Finder, entra: StandIn, clock: Clock
) -> None:
    """Microsoft then returns the directory's keys at the app's address, too."""
    finder.find(signing_kid(entra))
    clock.advance(HOUR // 2)
    rolled = entra.rotate_keys()
    assert is_key_of(entra, finder.find(rolled))
    assert is_key_of(entra, finder.find(rolled))
    assert asked(entra) == ["directory", "app"]
    clock.advance(HOUR)
    assert is_key_of(entra, finder.find(rolled))
    assert asked(entra) == ["directory", "app", "app"]


def test_an_app_that_gave_its_key_up_finds_the_directorys_new_key(
    finder: Finder, entra: StandIn, app: App, clock: Clock
) -> None:
    """The app's address has a document without the directory's keys: so both are requested."""
    entra.rotate_app_key(app)
    finder.find(signing_kid(entra))
    clock.advance(HOUR // 2)
    assert is_key_of(entra, finder.find(entra.rotate_keys()))
    assert asked(entra) == ["directory", "app", "directory"]


@pytest.mark.parametrize(
    "fault", [{"aadsts": 90002}, {"body": '{"keys": []}'}, {"body": "<html></html>"}], ids=str
)
def test_where_the_apps_address_has_no_keys_the_directorys_is_asked(
    finder: Finder, entra: StandIn, clock: Clock, fault: dict[str, Any]
) -> None:
    finder.find(signing_kid(entra))
    clock.advance(HOUR // 2)
    entra.fault("keys", **fault)
    assert is_key_of(entra, finder.find(entra.rotate_keys()))
    assert asked(entra) == ["directory", "app", "directory"]


@pytest.mark.slow
@pytest.mark.parametrize("has_own_key", [False, True])
def test_ten_thousand_forged_keys_cost_one_request_a_document(
    finder: Finder, entra: StandIn, app: App, clock: Clock, has_own_key: bool
) -> None:
    known = entra.rotate_app_key(app) if has_own_key else signing_kid(entra)
    finder.find(known)
    clock.advance(HOUR // 2)
    before = len(asked(entra))
    for number in range(10_000):
        with pytest.raises(UnknownSigningKey):
            finder.find(f"forged-{number}")
    assert is_key_of(entra, finder.find(known))
    assert asked(entra)[before:] == (["app", "directory"] if has_own_key else ["app"])
    clock.advance(5 * MINUTE)
    for number in range(10):
        with pytest.raises(UnknownSigningKey):
            finder.find(f"forged-{number}")
    assert len(asked(entra)) - before == (4 if has_own_key else 2)


def test_an_address_without_keys_is_not_requested_more_often(
    finder: Finder, entra: StandIn, clock: Clock
) -> None:
    finder.find(signing_kid(entra))
    entra.fault("keys", aadsts=90002, times=None)
    clock.advance(HOUR // 2)
    for seconds in (0, 1, 29, 30, 239):
        clock.advance(seconds)
        with pytest.raises(Exception, match=r"not published|90002"):
            finder.find("forged")
    assert asked(entra).count("app") == 1
    clock.advance(1)
    with pytest.raises(Exception, match=r"not published|90002"):
        finder.find("forged")
    assert asked(entra).count("app") == 2


def test_if_the_apps_address_cannot_be_reached_the_next_sign_in_asks_after_half_a_minute(
    finder: Finder, entra: StandIn, app: App, clock: Clock
) -> None:
    finder.find(signing_kid(entra))
    clock.advance(HOUR // 2)
    own = entra.rotate_app_key(app)
    entra.fault("keys", status=503)
    with pytest.raises(Unreachable):
        finder.find(own)
    clock.advance(30)
    assert is_key_of(entra, finder.find(own))


def test_a_known_own_key_serves_while_microsoft_is_down(
    finder: Finder, entra: StandIn, app: App, clock: Clock
) -> None:
    own = entra.rotate_app_key(app)
    finder.find(signing_kid(entra))
    finder.find(own)
    entra.stop()
    clock.advance(6 * 24 * HOUR)
    assert is_key_of(entra, finder.find(own))
    with pytest.raises(Unreachable):
        finder.find("forged")
    assert is_key_of(entra, finder.find(own))


def test_another_apps_own_key_is_unknown(
    transport: Transport,
    cache: ClockedCache,
    clock: Clock,
    authority: Authority,
    contoso: Directory,
    app: App,
    entra: StandIn,
) -> None:
    """Also where a process, or the cache, has just found it for that app."""
    keys = SigningKeys(transport, cache, clock)
    own = entra.rotate_app_key(app)
    assert is_key_of(entra, Finder(keys, authority, app).find(own))
    with pytest.raises(UnknownSigningKey):
        Finder(keys, authority, contoso.add_app()).find(own)
    with pytest.raises(UnknownSigningKey):
        keys.find(authority.keys_url, own)


def test_without_a_cache_an_own_key_is_found_too(
    transport: Transport, authority: Authority, app: App, entra: StandIn
) -> None:
    own = entra.rotate_app_key(app)
    assert is_key_of(
        entra, Finder(SigningKeys(transport, ForgetfulCache()), authority, app).find(own)
    )


# --- Refreshed on request -------------------------------------------------------------------------


def test_an_own_key_that_is_no_longer_published_is_dropped_on_demand(
    finder: Finder, entra: StandIn, app: App
) -> None:
    stolen = entra.rotate_app_key(app)
    finder.find(stolen)
    new = entra.rotate_app_key(app)
    finder.keys.refresh_app_keys(finder.app_url)
    with pytest.raises(UnknownSigningKey):
        finder.find(stolen)
    assert is_key_of(entra, finder.find(new))


def test_an_app_whose_own_key_is_removed_has_none_afterwards(
    finder: Finder, entra: StandIn, app: App
) -> None:
    own = entra.rotate_app_key(app)
    finder.find(own)
    entra.fault("keys", aadsts=90002)
    finder.keys.refresh_app_keys(finder.app_url)
    with pytest.raises(UnknownSigningKey):
        finder.find(own)


def test_if_that_cannot_be_asked_the_own_keys_stay(
    finder: Finder, entra: StandIn, app: App
) -> None:
    own = entra.rotate_app_key(app)
    finder.find(own)
    entra.fault("keys", status=503)
    with pytest.raises(Unreachable):
        finder.keys.refresh_app_keys(finder.app_url)
    assert is_key_of(entra, finder.find(own))


def test_an_app_of_which_no_own_key_is_known_is_not_asked_about(
    finder: Finder, entra: StandIn
) -> None:
    finder.find(signing_kid(entra))
    finder.keys.refresh_app_keys(finder.app_url)
    assert asked(entra) == ["directory"]


def test_a_failure_of_the_directorys_address_is_reported_as_such(
    finder: Finder, entra: StandIn
) -> None:
    publish(entra)
    with pytest.raises(MalformedResponse):
        finder.find("any")
    assert asked(entra) == ["directory"]
