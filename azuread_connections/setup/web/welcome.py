"""The first step: who invites, for which application, and what will be asked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from ...microsoft.permissions import permissions_needed
from ...models import SetupLink
from .. import steps
from .page import StepPage, step_context


class WelcomePage(StepPage):
    step = steps.WELCOME
    template_name = "azuread_connections/setup/welcome.html"
    takes_forms_when_finished = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | _facts(self.request, self.link)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.go_on()


def welcome_context(request: HttpRequest, link: SetupLink) -> dict[str, Any]:
    """Return the context of the page for a link that is not open in this browser."""
    return step_context(link, steps.WELCOME, is_open=False) | _facts(request, link)


def _facts(request: HttpRequest, link: SetupLink) -> dict[str, Any]:
    return {
        "customer": link.connection.label if link.connection else link.connection_name,
        "applications": [each.name for each in link.applications.order_by("name")],
        "inviter": link.created_by_name,
        "needs_consent": any(
            each.needs_administrator for each in permissions_needed(link.connection)
        )
        if link.connection
        else False,
        "site": request.get_host(),
        "is_renewal": link.purpose == SetupLink.Purpose.RENEW,
    }
