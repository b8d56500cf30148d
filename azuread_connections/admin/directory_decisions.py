"""Letting in and refusing directories: who may, and what it does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext

from ..models import Connection, Directory
from .rights import CHANGE_DIRECTORY, may, may_change_connection, may_change_only_others
from .widgets.links import admin_url, as_key


def may_decide(
    admin_site: AdminSite, request: HttpRequest, connection: Connection | None = None
) -> bool:
    """Return whether the user may let in and refuse directories (of one connection, if given)."""
    if may_change_connection(admin_site, request, connection):
        return True
    return may(request, CHANGE_DIRECTORY) and not may_change_only_others(
        admin_site, request, connection
    )


def decide(
    page: admin.ModelAdmin[Any],
    request: HttpRequest,
    directories: Iterable[Directory],
    status: Directory.Status,
) -> None:
    """Let in or refuse directories, with an entry in the history of each that changes."""
    changed = [directory for directory in directories if not _is_decided(directory, status)]
    for directory in changed:
        was = directory.status_today.label
        directory.decide(status)
        words = {"was": was, "now": directory.get_status_display()}
        page.log_change(request, directory, gettext("Status: %(now)s (was %(was)s).") % words)
    if status == Directory.Status.ALLOWED:
        done = ngettext("%(n)d directory approved.", "%(n)d directories approved.", len(changed))
    else:
        done = ngettext("%(n)d directory refused.", "%(n)d directories refused.", len(changed))
    page.message_user(request, done % {"n": len(changed)}, messages.SUCCESS)
    if any(not directory.connection.use_common_endpoint for directory in changed):
        page.message_user(request, no_effect(), messages.WARNING)


def _is_decided(directory: Directory, status: Directory.Status) -> bool:
    """Return whether it already has the status. One accepted automatically is not approved."""
    if directory.status != status:
        return False
    by_administrator = directory.admitted_by == Directory.AdmittedBy.ADMINISTRATOR
    return by_administrator or (directory.is_own and status == Directory.Status.ALLOWED)


def decide_one(
    page: admin.ModelAdmin[Any], request: HttpRequest, connection: Connection
) -> HttpResponse:
    """Approve or refuse the one directory whose button was pressed on its connection's page."""
    if not may_decide(page.admin_site, request, connection):
        raise PermissionDenied
    for word, status in (
        ("approve", Directory.Status.ALLOWED),
        ("refuse", Directory.Status.REFUSED),
    ):
        if key := as_key(request.POST.get(word, "")):
            decide(page, request, connection.directories.filter(pk=key), status)
    url = admin_url(page.admin_site, connection, "change", quote(connection.pk))
    return HttpResponseRedirect(f"{url}#azuread-directories")


def no_effect() -> str:
    return gettext(
        "A connection without “Use common endpoint” accepts only people of its own directory, "
        "whatever the status of other directories."
    )
