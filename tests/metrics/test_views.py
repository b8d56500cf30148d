"""Who can read the metrics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from .scrape import TOKEN, get, series

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent


def set_token(settings: Any, value: object) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"METRICS_TOKEN": value}


@pytest.mark.parametrize("token", [TOKEN, "the-new-token-0123456789-abcdefgh"])
def test_each_token_can_read(token: str) -> None:
    response = get(token)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in response["Cache-Control"]
    assert "Set-Cookie" not in response


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"),
        *(f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}", "Bearer \u00e9\u00fc", "Bearer *"),
    ],
)
def test_nobody_else_can(header: str) -> None:
    response = Client().get("/metrics", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="metrics"'
    assert b"azuread" not in response.content


def test_a_token_in_the_address_is_not_accepted() -> None:
    assert Client().get("/metrics", {"token": TOKEN, "access_token": TOKEN}).status_code == 401


def test_an_administrators_session_is_no_token(admin_client: Client) -> None:
    assert admin_client.get("/metrics").status_code == 401


def test_only_reading_is_offered() -> None:
    assert (
        Client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405
    )


@pytest.mark.parametrize("value", ["", [], None, "short", ["short", ""], 7, [None]])
def test_without_a_usable_token_nobody_can_read(settings: Any, value: object) -> None:
    set_token(settings, value)
    for token in (None, "", "short", "None", TOKEN):
        assert get(token).status_code == 403
    assert "azuread_metrics.W001" in {message.id for message in run_checks()}


def test_a_token_silences_the_check(settings: Any) -> None:
    assert "azuread_metrics.W001" not in {message.id for message in run_checks()}
    set_token(settings, "")
    settings.ROOT_URLCONF = "project.urls"  # a site with an endpoint of its own
    assert "azuread_metrics.W001" not in {message.id for message in run_checks()}


def test_it_works_where_every_view_needs_a_login(settings: Any) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert get().status_code == 200


def test_an_endpoint_of_the_sites_own_has_them_too(db: None) -> None:
    """The default registry is what django-prometheus and prometheus_client's servers show."""
    from prometheus_client import REGISTRY, generate_latest

    own = series(generate_latest(REGISTRY).decode())
    assert own["stored_readable", ()] == 1


# --- Several processes ----------------------------------------------------------------------------

WORKER = """
import django; django.setup()
from django.test import Client
from azuread_connections import signals
from azuread_connections.models import Connection
contoso = Connection(name="contoso")
for _ in range({times}):
    signals.signed_in.send(None, connection=contoso, created=False)
    signals.sign_in_failed.send(None, connection=None, code="transaction_missing", stage="callback")
"""
SCRAPE = """
import django; django.setup()
from prometheus_client import generate_latest
from azuread_connections.metrics.registry import scraped_registry
print(generate_latest(scraped_registry()).decode())
"""


def run(program: str, folder: Path) -> str:
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "tests.metrics.settings",
        "DATABASE_URL": "sqlite://:memory:",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_scrape_adds_up_all_workers(tmp_path: Path) -> None:
    for times in (2, 3):
        run(WORKER.format(times=times), tmp_path)
    found = series(run(SCRAPE, tmp_path))
    assert found["sign_ins_total", ("contoso", "signed_in", "finished")] == 5
    assert found["sign_ins_total", ("(none)", "transaction_missing", "callback")] == 5
    # No table in this database: the gauges are left out, and the counters are not.
    assert found["stored_readable", ()] == 0


def test_without_prometheus_client_the_app_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['prometheus_client'] = None\nimport django; django.setup()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.metrics.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert 'pip install "azuread-connections[metrics]"' in done.stderr
