"""What a site's own code does besides views: middleware, routers, health, credentials, Sentry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from azuread_connections.credentials_api import (
    add_certificate,
    add_federated,
    create_certificate,
    forget_tokens,
)
from azuread_connections.health import ALL_CHECKS, failing_checks
from azuread_connections.health.middleware import HealthMiddleware
from azuread_connections.middleware import ConnectionSessionMiddleware
from azuread_connections.models import Connection
from azuread_connections.routers import PrimaryRouter
from azuread_connections.sentry import scrub


class ReplicaRouter(PrimaryRouter):
    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return super().db_for_read(model, **hints) or "replica"


def wrapped(view: Callable[[HttpRequest], HttpResponse]) -> HealthMiddleware:
    return HealthMiddleware(ConnectionSessionMiddleware(view))


def ready() -> tuple[str, ...]:
    return failing_checks([name for name in ALL_CHECKS if name != "cache"], timeout=1.0)


def before_send(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    return scrub(event, hint)


def replace_secret(connection: Connection) -> str:
    add_federated(connection, token_file="/var/run/secrets/azure/token")
    added = add_certificate(connection, create_certificate("contoso", years=1))
    forget_tokens()
    return added.credential.certificate
