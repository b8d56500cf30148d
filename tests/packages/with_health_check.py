"""Run by ``test_packages`` with django-health-check and the check of docs/health.md."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import path
from health_check.views import HealthCheckView

from azuread_connections.health.probe import ALL_CHECKS
from tests.packages.documented import run

check = run("health.md", "health: check")["SignInReady"]
urlpatterns = [path("health/", HealthCheckView.as_view(checks=[check]))]


@pytest.fixture(autouse=True)
def _site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = __name__
    for name in ALL_CHECKS:
        monkeypatch.setitem(ALL_CHECKS, name, lambda: None)


def test_our_check_passes(client: Client) -> None:
    answer = client.get("/health/?format=json")
    assert (answer.status_code, answer.json()) == (200, {"SignInReady()": "OK"})


def test_our_check_names_what_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("azuread_connections.health.probe.KEPT_FOR", 0.0)
    monkeypatch.setitem(ALL_CHECKS, "database", fail)
    answer = client.get("/health/?format=json")
    assert answer.status_code == 500
    assert "Not ready: database" in answer.json()["SignInReady()"]
    assert "out of order" not in answer.content.decode()
