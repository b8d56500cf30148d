"""System checks: what is missing for people to sign in safely, each with a hint to fix it.

They are warnings, and become errors only under ``check --deploy``, so that ``migrate`` never stops.
What must never run (a replaced login host in production) is refused where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register

from . import configuration, site, stored
from .finding import Finding


@register(Tags.security)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Warn of settings that are missing, misspelt, or prevent a sign-in."""
    return _messages([*configuration.findings(), *site.findings()], deployed=False)


@register(Tags.security, deploy=True)
def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Fail a deployment in which nobody can sign in, or the wrong person can."""
    found = [*configuration.findings(), *site.findings(), *site.deployment_findings()]
    return _messages(found, deployed=True)


@register(Tags.database)
def check_stored_secrets(databases: Iterable[str] | None = None, **kwargs: Any) -> list[Any]:
    """Warn of client secrets that no key can decrypt. Runs only with ``--database``."""
    return _messages(stored.findings(databases or ()), deployed=False)


def _messages(findings: Iterable[Finding], *, deployed: bool) -> list[CheckMessage]:
    return [
        (Error if deployed and not found.is_advice else Warning)(
            found.message,
            hint=found.hint,
            id=f"azuread_connections.{'E' if deployed and not found.is_advice else 'W'}"
            f"{found.number:03}",
        )
        for found in findings
    ]
