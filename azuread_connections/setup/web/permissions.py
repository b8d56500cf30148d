"""The step “Permissions”: what the site can read in the directory, and an administrator's consent.

A return from the consent page proves nothing. Proven is what Graph accepts, or what a trial got.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...diagnostics.probe import Step, probe_application_permissions
from ...login.flows import consent, setup_consent
from ...login.flows.setup_consent import ConsentAnswer
from ...microsoft import admin_center
from ...microsoft.permissions import (
    GROUP_MEMBER_READ_ALL,
    USER_READ,
    USER_READ_ALL,
    Grant,
    grants,
)
from ...models import Connection
from ...rate_limit import RateLimit
from .. import steps
from ..explanations import Advice, explain_code
from .error_code import error_code_context
from .page import StepPage

#: Checks that one link can have Microsoft asked, in 15 minutes.
_CHECKS = RateLimit("setup_permissions", limit=30, seconds=900)

_READS: dict[str, str | Promise] = {
    USER_READ: gettext_lazy(
        "The profile of the person who signs in, such as job title and department, and the IDs of "
        "their groups. Nobody else's."
    ),
    GROUP_MEMBER_READ_ALL: gettext_lazy(
        "Names and members of your directory's groups, as far as the person who signs in can see "
        "them. The site uses it for that person's own groups."
    ),
    USER_READ_ALL: gettext_lazy(
        "The profiles of all people of your directory, at any time, without a signed-in person. "
        "The site uses it to search for people."
    ),
}


@dataclass(frozen=True)
class Need:
    """A permission, and what it lets the site read."""

    grant: Grant

    @property
    def reads(self) -> str | Promise:
        return _READS.get(self.grant.permission.name, self.grant.permission.why)


@dataclass(frozen=True)
class Answer:
    """What came back from the consent page, in words. ``advice``: what to do, if it failed."""

    is_granted: bool
    message: str
    detail: str = ""
    advice: Advice | None = None


class PermissionsPage(StepPage):
    step = steps.PERMISSIONS
    template_name = "azuread_connections/setup/permissions.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Somebody has just returned from the consent page: find out whether it is true.
        answer = setup_consent.last_answer(request, self.setup_session)
        checked = self._check() if answer and answer.is_granted and self._is_unproven() else []
        return self.render_to_response(self.get_context_data(checked=checked))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        connection = self.connection
        checked: list[Step] = kwargs.pop("checked", [])
        needed = grants(connection)
        answer = setup_consent.last_answer(self.request, self.setup_session)
        needs_administrator = any(each.permission.needs_administrator for each in needed)
        return super().get_context_data(
            needs=[Need(each) for each in needed],
            needs_administrator=needs_administrator,
            is_consent_next=needs_administrator
            and not all(each.since for each in needed)
            and not (answer and answer.is_granted),
            permissions_url=admin_center.app_url(
                connection.cloud, connection.client_id, "permissions"
            ),
            can_check=any(each.permission.kind == "application" for each in needed),
            is_all_proven=all(each.since for each in needed),
            checked=checked,
            answer=_in_words(answer, connection),
            consent_link=self._link(),
            **error_code_context(self.request, connection),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "consent" in request.POST:
            return setup_consent.begin(request, self.setup_session, self.step)
        if "check" in request.POST:
            return self.render_to_response(self.get_context_data(checked=self._check()))
        return self.go_on()

    def _is_unproven(self) -> bool:
        """Return whether a permission is needed that a check can prove, and no check has."""
        return any(
            each.permission.kind == "application" and each.since is None
            for each in grants(self.connection)
        )

    def _check(self) -> list[Step]:
        if not _CHECKS.allows(self.link.reference):
            return []
        return probe_application_permissions(self.connection)

    def _link(self) -> str:
        """Return the address for another administrator, valid as long as the link itself."""
        left = (self.link.expires_at - timezone.now()).total_seconds()
        try:
            return consent.link_for_administrator(
                self.request,
                self.connection,
                asked_by=setup_consent.asked_by(self.setup_session),
                lifetime=left,
            )
        except (NoReverseMatch, ImproperlyConfigured):
            return ""


def _in_words(answer: ConsentAnswer | None, connection: Connection) -> Answer | None:
    if answer is None:
        return None
    if not answer.is_granted:
        advice = explain_code(answer.aadsts_code, connection) if answer.aadsts_code else None
        return Answer(False, _("Consent was not granted."), answer.detail, advice)
    if (
        not connection.use_common_endpoint
        and answer.directory
        and answer.directory != connection.tenant_id
    ):
        return Answer(
            False,
            _(
                "Microsoft's answer names another directory, %(found)s. Consent is needed in the "
                "directory of %(domain)s."
            )
            % {"found": answer.directory, "domain": connection.domain},
        )
    return Answer(True, _("Microsoft says that consent was granted."))
