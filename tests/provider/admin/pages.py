"""Filling in the page of an application as a browser would, with its client's fields."""

from __future__ import annotations

from typing import Any

from azuread_connections.models import Application

APPLICATIONS = "/admin/azuread_connections/application/"
ADD = f"{APPLICATIONS}add/"
APIS = "/admin/azuread_provider/api/"


def page_of(application: Application, name: str = "change") -> str:
    return f"{APPLICATIONS}{application.pk}/{name}/"


def filled_in(*grants: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The POST of the page of a new application. ``grants``: rows of its table of APIs."""
    data: dict[str, Any] = {
        "name": "Orders portal",
        "slug": "orders",
        "application_type": "regular_web",
        "is_client": "on",
        "grant_types": ["authorization_code", "refresh_token"],
        "is_first_party": "on",
        "is_pkce_required": "on",
        "id_token_lifetime": 3600,
        "refresh_token_lifetime": 2592000,
        "refresh_token_idle_lifetime": 1296000,
        "grants-TOTAL_FORMS": len(grants),
        "grants-INITIAL_FORMS": sum("id" in row for row in grants),
    }
    for index, row in enumerate(grants):
        data |= {f"grants-{index}-{name}": value for name, value in row.items()}
    return {name: value for name, value in (data | changes).items() if value is not None}
