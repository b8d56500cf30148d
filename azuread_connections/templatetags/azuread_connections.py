from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ..conf import conf
from ..credentials.report import CredentialLine, report
from ..credentials.status import CredentialStatus
from ..login.flows.begin import SELECT_ACCOUNT
from ..login.lookup.addresses import requested_destination, safe_path
from ..login.lookup.enabled import chosen_application, find_application, shown_as_buttons
from ..login.web.buttons import buttons, sign_in_url
from ..models import SetupLink
from ..models.expiry import day_of

register = template.Library()

#: Lines on the admin's front page.
_SHOWN = 20


@register.inclusion_tag("azuread_connections/buttons.html", takes_context=True)
def azuread_login_buttons(
    context: template.Context, application: str = "", next: str = ""
) -> dict[str, Any]:
    """Show the buttons "Continue with <display name>" of an application, in two queries.

    If there are more than MAX_BUTTONS, show one link to the sign-in page instead, which asks for
    the email address.
    ``application``: its slug (default: by the request's parameter or host, else the setting).
    ``next``: the path to go to after signing in (default: the request's `next`).
    """
    return _buttons(context["request"], application, next)


def _buttons(
    request: HttpRequest, application: str, next_path: str, prompt: str = ""
) -> dict[str, Any]:
    chosen = chosen_application(request, application)
    found = find_application(request, chosen)
    if found is None:
        return {"buttons": []}
    destination = next_path or requested_destination(request, found.allowed_callback_urls)
    shown = shown_as_buttons(found)
    parameters = {"application": chosen, "next": destination, "prompt": prompt}
    return {
        "buttons": buttons(shown.connections, **parameters),
        "sign_in_url": sign_in_url(**parameters) if shown.too_many else "",
    }


@register.inclusion_tag("azuread_connections/admin/expiring.html", takes_context=True)
def azuread_expiring_secrets(context: template.Context) -> dict[str, Any]:
    """Show the credentials that need attention within 30 days, for the admin's front page.

    Only staff who may see connections see them. Shows nothing if all are valid.
    """
    # Not at the top: a site without the admin uses the other tags.
    from django.contrib import admin

    from ..admin.rights import visible_connections

    request = context["request"]
    view = getattr(request.resolver_match, "func", None)
    admin_site = getattr(view, "admin_site", admin.site)
    visible = visible_connections(admin_site, request)
    if visible.query.is_empty():
        return {"lines": []}
    lines_due: Iterable[CredentialLine] = report(conf.secret_warning_days, include_superseded=False)
    if visible.query.where:
        names = set(visible.values_list("name", flat=True))
        lines_due = (line for line in lines_due if line.connection in names)
    due = list(islice(lines_due, _SHOWN + 1))
    shown = due[:_SHOWN]
    keys = dict(
        visible.filter(name__in=[line.connection for line in shown]).values_list("name", "pk")
    )
    lines = [
        {
            "line": line,
            "url": _change_page(request, keys.get(line.connection)),
            "day": day_of(line.expires_at) if line.expires_at else None,
            "has_stopped": line.counts_as is CredentialStatus.EXPIRED,
        }
        for line in shown
    ]
    return {"lines": lines, "more": len(due) > _SHOWN}


@register.inclusion_tag("azuread_connections/admin/waiting_setups.html", takes_context=True)
def azuread_waiting_setups(context: template.Context) -> dict[str, Any]:
    """Show the set-up links that wait for approval, for the admin's front page.

    Only those who may see the links' pages see them. Shows nothing if none waits.
    """
    # Not at the top: a site without the admin uses the other tags.
    from django.contrib import admin

    from ..admin.widgets.links import admin_url, may_open
    from ..setup.states import State, in_state

    request = context["request"]
    view = getattr(request.resolver_match, "func", None)
    admin_site = getattr(view, "admin_site", admin.site)
    if not may_open(admin_site, request, SetupLink):
        return {"links": []}
    visible = admin_site.get_model_admin(SetupLink).get_queryset(request)
    waiting = in_state(visible, State.FINISHED).select_related("connection")
    found = list(waiting.order_by("finished_at", "pk")[: _SHOWN + 1])
    return {
        "links": [
            (link, admin_url(admin_site, link, "change", link.pk)) for link in found[:_SHOWN]
        ],
        "more": len(found) > _SHOWN,
        "list_url": admin_url(admin_site, SetupLink, "changelist") + f"?state={State.FINISHED}",
    }


def _change_page(request: HttpRequest, key: int | None) -> str:
    """Return the address of a connection's page; "" if this admin site has none."""
    try:
        return reverse(
            "admin:azuread_connections_connection_change",
            args=[key],
            current_app=getattr(request, "current_app", None),
        )
    except NoReverseMatch:
        return ""


@register.inclusion_tag("azuread_connections/buttons.html", takes_context=True)
def azuread_admin_login_buttons(context: template.Context) -> dict[str, Any]:
    """Show the buttons of ADMIN_APPLICATION, for the Django admin's sign-in page.

    After signing in, people go where that page would send them: to its ``next`` or, if that is
    another site's address, to the admin's front page. Whoever is signed in and sees that page has
    no rights there, so Microsoft asks them which account to use.
    """
    if not conf.admin_application:
        return {"buttons": []}
    request = context["request"]
    # Django checks it only from 6.1 on.
    destination = safe_path(request, context.get("next") or request.GET.get("next")) or reverse(
        "admin:index", current_app=getattr(request, "current_app", None)
    )
    user = getattr(request, "user", None)
    prompt = SELECT_ACCOUNT if user and user.is_authenticated else ""
    return _buttons(request, conf.admin_application, destination, prompt)
