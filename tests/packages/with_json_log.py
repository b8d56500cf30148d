"""Run by ``test_packages`` with the settings of docs/logging.md: every line is JSON, says what its
page promises, and holds nothing that is secret."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from azuread_connections.log_fields import FIELDS, LogEvent, Outcome
from azuread_connections.login.flows import sign_in
from azuread_connections.login.log.failures import FAILURES
from azuread_connections.models import Event, Identity
from tests.company import Company
from tests.credentials.rotating import allow, know_key_ids, rotated
from tests.factories import CredentialFactory
from tests.faults.test_cache import BROKEN
from tests.login.reports import Arrival
from tests.packages.documented import run

pytestmark = pytest.mark.django_db
SECRETS = {"access_token", "refresh_token", "id_token"}


class Log:
    """What was written, and what must not be in it."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream
        self.hidden: set[str] = set()

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def fields(self, event: str) -> list[dict[str, Any]]:
        """Return the fields of all lines about an event."""
        ours = [line["azuread"] for line in self.lines if line["logger"] == "azuread_connections"]
        return [fields for fields in ours if fields["event"] == event]

    def keep(
        self, header_or_response: dict[str, Any], claims: dict[str, Any] | None = None
    ) -> None:
        """Remember the tokens of a token response, or an ID token's nonce."""
        values = claims or header_or_response
        self.hidden |= {str(values[name]) for name in {*SECRETS, "nonce"} if name in values}

    def arrive(self, company: Company, browser: Client) -> int:
        company.microsoft.tamper_token_response(self.keep)
        company.microsoft.tamper_id_token(self.keep)
        arrival = Arrival.of(company, browser)
        self.hidden |= {*arrival.hidden, *arrival.cookies.values()}
        return arrival.arrive()


@pytest.fixture
def log() -> Iterator[Log]:
    """The documented settings, but for the stream."""
    config = deepcopy(run("logging.md", "logging: settings")["LOGGING"])
    stream = io.StringIO()
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)
    yield Log(stream)
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    logging.config.dictConfig(django_settings.LOGGING)


def fail(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("out of order")


def test_a_day_of_a_site_in_json(
    contoso: Company, client: Client, log: Log, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert log.arrive(contoso, client) == 302
    [signed_in] = log.fields("signed_in")
    assert signed_in == {
        "event": "signed_in",
        "outcome": "success",
        "connection": "contoso",
        "application": "default",
        "person": "adele.vance@contoso.com",
        "identity": Identity.objects.get().pk,
        "reference": Event.objects.get().reference,
    }

    CredentialFactory.create(connection=contoso.connection, value="Xyz8Q~never-known-at-Microsoft")
    log.hidden.add("Xyz8Q~never-known-at-Microsoft")
    assert log.arrive(contoso, Client()) == 302
    [refused] = log.fields("secret_refused")
    assert (refused["outcome"], refused["code"]) == ("failure", "secret_rejected")
    assert refused["aadsts"] == 7000215
    assert refused["correlation_id"]
    assert refused["trace_id"]

    contoso.microsoft.fault("token", aadsts=50105)
    assert log.arrive(contoso, Client()) == 403
    [failed] = log.fields("sign_in_failed")
    assert (failed["outcome"], failed["code"]) == ("failure", "access_denied")
    assert failed["detail"]

    forged = "forged-code-of-a-stranger"
    log.hidden.add(forged)
    assert Client().get(f"/login/callback?code={forged}&state=unknown").status_code == 400
    assert log.fields("sign_in_failed")[-1]["code"] == "transaction_missing"

    contoso.connection.credentials.filter(hint="Xyz").delete()
    allow(contoso)
    know_key_ids(contoso)
    rotated(contoso.connection)
    log.hidden |= {secret.value for secret in contoso.app.secrets}
    assert log.fields("secret_rotated")[0]["outcome"] == "success"

    with monkeypatch.context() as patch:
        patch.setattr(sign_in, "resolve", fail)
        assert log.arrive(contoso, Client()) == 500
    assert any(line["logger"] == "django.request" for line in log.lines)

    settings.CACHES = {"default": BROKEN}
    assert log.arrive(contoso, Client()) == 302
    assert log.fields("cache_unreachable")

    assert_explained(log)
    assert len(log.hidden) > 20
    assert [value for value in log.hidden if value in log.text] == []


def assert_explained(log: Log) -> None:
    """The values come from the closed lists of docs/logging.md and docs/operating.md."""
    ours = [line for line in log.lines if line["logger"].startswith("azuread_connections")]
    assert ours
    for line in ours:
        assert line.keys() >= {"time", "level", "logger", "message", "azuread"}
        fields = line["azuread"]
        assert set(fields) <= set(FIELDS)
        assert fields["event"] in {*Event.Kind.values, *LogEvent}
        assert fields["outcome"] in set(Outcome)
        assert fields.get("code", "") in {"", *FAILURES}
        # No address of anybody but in the fields whose page says so.
        rest = {name: it for name, it in fields.items() if name not in {"person", "detail"}}
        assert "@" not in json.dumps(rest)


@pytest.mark.django_db
def test_djangos_own_lines_have_no_query(client: Client, log: Log) -> None:
    assert client.get("/nothing-here?login_hint=adele@contoso.com").status_code == 404
    assert "nothing-here" in log.text
    assert "login_hint" not in log.text
