"""The section *Provisioning* on a connection's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...admin.connection.boxes import Box
from ...admin.widgets.dates import short_time
from ...admin.widgets.links import admin_url, may_open
from ...credentials.status import end_of_day
from ...models import Connection
from ...models.expiry import day_of
from ..addresses import FLAG, base_address
from ..models import ProvisionedGroup, ProvisionedPerson, ProvisioningRequest, ScimToken
from ..models.token import MAX_TOKENS
from ..recent import groups_known, last_cycle, people_known, recent
from .rights import may_manage_tokens

TEMPLATE = "azuread_connections/scim/box.html"
#: From so many days before its end on, a token is marked.
_SOON_DAYS = 30


@dataclass(frozen=True)
class TokenRow:
    """A stored token, as the table shows it."""

    pk: int
    begins_with: str
    made: str
    made_by: str
    last_used: str
    ends: str
    state: str
    #: The state as a CSS class of the admin's pages.
    style: str
    remove_url: str


def provisioning_box(
    admin_site: AdminSite, request: HttpRequest, connection: Connection
) -> Box | None:
    """Return the section; None where this admin site has no page for tokens."""
    try:
        add_url = admin_url(admin_site, ScimToken, "add_to", connection.pk)
    except NoReverseMatch:
        return None
    now = timezone.now()
    tokens = list(ScimToken._default_manager.filter(connection=connection))
    may_manage = may_manage_tokens(admin_site, request, connection)
    rows = [_row(token, now, admin_site) for token in tokens]
    may_see_log = may_open(admin_site, request, ProvisioningRequest)
    context: dict[str, Any] = {
        "base_address": base_address(connection, request),
        "flag": FLAG,
        "tokens": rows,
        "may_manage": may_manage,
        "add_url": add_url if may_manage and len(tokens) < MAX_TOKENS else "",
        "is_full": len(tokens) >= MAX_TOKENS,
        "has_directory": bool(connection.tenant_id),
        "lists": [
            _list(admin_site, request, connection, *each)
            for each in (
                (ProvisionedPerson, _people),
                (ProvisionedGroup, _groups),
                (ProvisioningRequest, _requests),
            )
            if may_open(admin_site, request, each[0])
        ],
        "recent": recent(connection) if may_see_log else None,
        "cycle": last_cycle(connection) if may_see_log else None,
    }
    return Box(_("Provisioning"), TEMPLATE, _summary(tokens, now), context)


def _summary(tokens: list[ScimToken], now: datetime) -> str:
    if not tokens:
        return gettext("off: there is no token")
    valid = [token for token in tokens if not token.is_expired(now)]
    return ngettext("on: %(count)d valid token", "on: %(count)d valid tokens", len(valid)) % {
        "count": len(valid)
    }


def _row(token: ScimToken, now: datetime, admin_site: AdminSite) -> TokenRow:
    end = token.expires_at
    if token.is_expired(now):
        state, style = gettext("expired"), "expired"
    elif end is not None and end < end_of_day(now, _SOON_DAYS):
        state, style = gettext("expires soon"), "expiring"
    else:
        state, style = gettext("valid"), "valid"
    return TokenRow(
        pk=token.pk,
        begins_with=str(token),
        made=short_time(token.created_at),
        made_by=token.created_by_name,
        last_used=short_time(token.last_used_at) if token.last_used_at else gettext("never"),
        ends=day_of(end).isoformat() if end is not None else gettext("never"),
        state=state,
        style=style,
        remove_url=admin_url(admin_site, token, "remove", token.pk),
    )


@dataclass(frozen=True)
class ListLink:
    """A list of what the directory has sent. ``words``: its name, with the number of rows."""

    words: str
    url: str


def _list(
    admin_site: AdminSite,
    request: HttpRequest,
    connection: Connection,
    model: type[Model],
    describe: Any,
) -> ListLink:
    url = admin_url(admin_site, model, "changelist")
    return ListLink(describe(connection), f"{url}?connection={connection.pk}")


def _people(connection: Connection) -> str:
    count = people_known(connection)
    return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}


def _groups(connection: Connection) -> str:
    count = groups_known(connection)
    return ngettext("%(count)d group", "%(count)d groups", count) % {"count": count}


def _requests(connection: Connection) -> str:
    return gettext("Request log")
