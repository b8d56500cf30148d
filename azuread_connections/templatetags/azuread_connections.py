from __future__ import annotations

from typing import Any

from django import template

from ..login import buttons

register = template.Library()


@register.inclusion_tag("azuread_connections/buttons.html", takes_context=True)
def azuread_login_buttons(
    context: template.Context, application: str = "", next: str = ""
) -> dict[str, Any]:
    """Show the buttons "Continue with <display name>" of an application, in one query.

    ``application``: its slug (default: the request's, else the setting's). ``next``: the path to go
    to after signing in (default: the request's `next`).
    """
    request = context["request"]
    destination = next or buttons.asked_destination(request)
    slug = application or buttons.application_of(request)
    return {"buttons": buttons.buttons(slug, destination)}
