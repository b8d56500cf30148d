"""System checks: what is missing for people to sign in safely, each with a hint to fix it.

They are warnings, and become errors only under ``check --deploy``, so that ``migrate`` never stops.
What must never run (a replaced login host in production) is refused where it is used.

Servers run no checks, so the modules are imported by what runs one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register

if TYPE_CHECKING:
    from .finding import Finding


@register(Tags.security)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Warn of settings that are missing, misspelt, or prevent a sign-in."""
    return _messages(_findings(), deployed=False)


@register(Tags.security, deploy=True)
def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Fail a deployment in which nobody can sign in, or the wrong person can."""
    from . import site

    return _messages([*_findings(), *site.deployment_findings()], deployed=True)


@register(Tags.database)
def check_stored_secrets(databases: Iterable[str] | None = None, **kwargs: Any) -> list[Any]:
    """Warn of client secrets that no key can decrypt. Runs only with ``--database``."""
    from . import stored

    return _messages(stored.findings(databases or ()), deployed=False)


def _findings() -> list[Finding]:
    from . import configuration, databases, site

    return [*configuration.findings(), *site.findings(), *databases.findings()]


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
