"""Filling in the admin's forms as a browser would, and reading what the person sees."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from azuread_connections.models import Connection

from .conftest import CLIENT_ID

ADD = "/admin/azuread_connections/connection/add/"
LIST = "/admin/azuread_connections/connection/"


def change_page(connection: Connection) -> str:
    return reverse("admin:azuread_connections_connection_change", args=[connection.pk])


def filled_in(connection: Connection | None = None, **changes: Any) -> dict[str, Any]:
    """The POST of the connection's form with nothing changed but what is named."""
    data: dict[str, Any] = {
        "name": "contoso",
        "display_name": "",
        "logo_url": "",
        "domain": "contoso.com",
        "client_id": CLIENT_ID,
        "identity_api": "v2.0",
        "sync_profile": "each_login",
        "show_as_button": "on",
        "trust_directory": "",
        "new_secret": "",
        "new_secret_expires": "",
    }
    if connection is not None:
        data |= {
            "name": connection.name,
            "display_name": connection.display_name,
            "domain": connection.domain,
            "enabled_applications": list(connection.applications.values_list("pk", flat=True)),
        }
        secrets = list(connection.secrets.all())
        data |= {
            "secrets-TOTAL_FORMS": len(secrets),
            "secrets-INITIAL_FORMS": len(secrets),
        }
        for index, secret in enumerate(secrets):
            expires_at = secret.expires_at
            data |= {
                f"secrets-{index}-id": secret.pk,
                f"secrets-{index}-connection": connection.pk,
                f"secrets-{index}-expires_at": f"{expires_at:%Y-%m-%d}" if expires_at else "",
            }
    return data | changes


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
