"""The last step: finish the set-up, and what happens next."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ...login.lookup.addresses import site_url
from ...login.lookup.enabled import slug_unless_default
from .. import steps
from ..credentials import can_name
from ..links import LinkError, finish, reopen
from ..readiness import lacking
from .page import StepPage


class DonePage(StepPage):
    step = steps.DONE
    template_name = "azuread_connections/setup/done.html"
    takes_forms_when_finished = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        link = self.link
        kwargs.setdefault("errors", [])
        credential = self.connection.credentials.defer("value").first()
        return super().get_context_data(
            missing=[] if link.finished_at else lacking(link),
            is_renewal=link.purpose == link.Purpose.RENEW,
            is_approved=link.approved_at is not None,
            addresses=self._addresses() if link.approved_at else [],
            applications=[each.name for each in link.applications.order_by("name")],
            credential=credential,
            credential_name=str(credential) if credential and can_name(link, credential) else "",
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if "reopen" in request.POST:
                reopen(self.link, request)
            else:
                finish(self.link, request)
        except LinkError as error:
            return self.render_to_response(self.get_context_data(errors=error.messages))
        return self.redirect_to(steps.DONE)

    def _addresses(self) -> list[tuple[str, str]]:
        """Return the name of each application, and the address that signs in to it directly."""
        start = site_url(self.request) + reverse(
            "azuread_connections:start", args=[self.connection.name]
        )
        named = []
        for application in self.link.applications.order_by("name"):
            slug = slug_unless_default(application)
            query = f"?{urlencode({'application': slug})}" if slug else ""
            named.append((application.name, start + query))
        return named
