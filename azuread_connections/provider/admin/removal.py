"""Ending a client without deleting its application."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from ...admin.connection.history import added_and_removed
from ...admin.rights import may
from ...models import Application
from .client_secrets import Page, page_context, to_application
from .rights import DELETE


def may_remove(page: Page, request: HttpRequest, application: Application) -> bool:
    return page.has_change_permission(request, application) and may(request, DELETE)


def remove(page: Page, request: HttpRequest, application: Application) -> HttpResponse:
    """Delete the client of an application, after a confirmation. The application stays."""
    if not may_remove(page, request, application):
        raise PermissionDenied
    client = application.oauth_client
    if request.method != "POST":
        context = page_context(page, request, application, gettext("Remove the OAuth client"))
        return render(request, "azuread_connections/provider/admin_remove_client.html", context)
    row = ("OAuth client", client.client_id)
    client.delete()
    lines: Any = added_and_removed({row}, set())
    page.log_change(request, application, lines)
    done = gettext("“%(name)s” is no longer an OAuth client.") % {"name": application.name}
    page.message_user(request, done, messages.SUCCESS)
    return to_application(page, application)
