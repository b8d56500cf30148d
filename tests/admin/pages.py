"""Filling in the admin's forms as a browser would, and reading what the person sees."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.urls import reverse

from azuread_connections.models import Connection
from tests.admin.conftest import CLIENT_ID

ADD = "/admin/azuread_connections/connection/add/"
LIST = "/admin/azuread_connections/connection/"


def change_page(connection: Connection) -> str:
    return reverse("admin:azuread_connections_connection_change", args=[connection.pk])


#: The form's switches, as the model has them.
SWITCHES = [field for field in Connection._meta.fields if isinstance(field, models.BooleanField)]


def filled_in(connection: Connection | None = None, **changes: Any) -> dict[str, Any]:
    """The POST of the connection's form with only the given changes."""
    data: dict[str, Any] = {
        "name": "contoso",
        "display_name": "",
        "logo_url": "",
        "domain": "contoso.com",
        "client_id": CLIENT_ID,
        "domain_aliases": "",
        "cloud": "global",
        "new_directories": "hold",
        "prompt": "",
        "max_groups": 500,
        "identity_api": "v2.0",
        "sync_profile": "each_login",
        "trust_directory": "",
        "new_secret": "",
        "new_secret_expires": "",
    }
    data |= {field.name: "on" for field in SWITCHES if connection is None and field.get_default()}
    if connection is not None:
        data |= {
            "name": connection.name,
            "display_name": connection.display_name,
            "domain": connection.domain,
            "cloud": connection.cloud,
            "identity_api": connection.identity_api,
            "enabled_applications": list(connection.applications.values_list("pk", flat=True)),
        }
        aliases = connection.aliases.filter(is_primary=False).values_list("domain", flat=True)
        data |= {"domain_aliases": "\n".join(aliases)} | mappings(connection)
        secrets = list(connection.credentials.all())
        data |= {
            "credentials-TOTAL_FORMS": len(secrets),
            "credentials-INITIAL_FORMS": len(secrets),
        }
        for index, secret in enumerate(secrets):
            expires_at = secret.expires_at
            data |= {
                f"credentials-{index}-id": secret.pk,
                f"credentials-{index}-connection": connection.pk,
                f"credentials-{index}-expires_at": f"{expires_at:%Y-%m-%d}" if expires_at else "",
            }
        data |= {field.name: "on" for field in SWITCHES if getattr(connection, field.name)}
    return data | changes


def mappings(connection: Connection, *new: dict[str, Any]) -> dict[str, Any]:
    """The POST of the group mappings: those stored as they are, and new rows."""
    stored = list(connection.group_mappings.all())
    data: dict[str, Any] = {
        "group_mappings-TOTAL_FORMS": len(stored) + len(new),
        "group_mappings-INITIAL_FORMS": len(stored),
    }
    rows = [
        {
            "id": row.pk,
            "directory_group_id": row.directory_group_id,
            "role": row.role,
            "label": row.label,
            "group": row.group_id or "",
        }
        | ({"admits": "on"} if row.admits else {})
        for row in stored
    ]
    for index, row in enumerate([*rows, *new]):
        data |= {f"group_mappings-{index}-{name}": value for name, value in row.items()}
        data[f"group_mappings-{index}-connection"] = connection.pk
    return data


def field_errors(response: HttpResponse) -> dict[str, list[str]]:
    """Every message of a refused form at its field, as the page shows them."""
    assert response.status_code == 200
    form = response.context["adminform"].form
    page = text(response)
    for messages in form.errors.values():
        for message in messages:
            assert " ".join(message.split()) in page
    return {name: list(messages) for name, messages in form.errors.items()}


def messages_on(response: HttpResponse) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in response.context["messages"]]


def text(response: HttpResponse) -> str:
    """The page's text, without markup."""
    html = response.content.decode()
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
