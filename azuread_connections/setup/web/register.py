"""The step in which the customer registers the app at Microsoft."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from ...login.lookup.addresses import callback_urls
from ...microsoft import admin_center
from .. import steps
from .page import StepPage


class RegisterPage(StepPage):
    step = steps.REGISTER
    template_name = "azuread_connections/setup/register.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        applications = list(self.link.applications.order_by("name"))
        main, *others = callback_urls(self.request, applications)
        return super().get_context_data(
            app_name=", ".join(each.name for each in applications) or self.connection.label,
            redirect_uri=main,
            further_redirect_uris=others,
            is_multi_tenant=self.connection.use_common_endpoint,
            new_url=admin_center.new_registration_url(self.connection.cloud),
            apps_url=admin_center.app_registrations_url(self.connection.cloud),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.go_on()
