"""System checks: what is missing for a monitoring system to read the metrics."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.urls import NoReverseMatch, reverse

from ..conf import conf
from ..defaults import MIN_METRICS_TOKEN_LENGTH


def add() -> None:
    register(check_token, Tags.security)


def check_token(**kwargs: Any) -> list[CheckMessage]:
    """Warn where the metrics' address answers everybody with 403. A site that serves the default
    registry at another address does not include ours."""
    try:
        reverse("azuread_metrics:metrics")
    except NoReverseMatch:
        return []
    if conf.metrics_tokens:
        return []
    return [
        Warning(
            "The metrics' URL is included, but there is no usable token, so it answers everybody "
            "with 403.",
            hint="Set AZUREAD_CONNECTIONS['METRICS_TOKEN'] to a random token of at least "
            f"{MIN_METRICS_TOKEN_LENGTH} characters. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"',
            id="azuread_metrics.W001",
        )
    ]
