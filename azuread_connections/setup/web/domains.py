"""The step where the customer's domains are verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ...dns_proof.records import Outcome, record_name, record_value
from ...dns_proof.wording import advise, describe
from ...microsoft import admin_center
from ...models import DomainAlias, SetupLink
from .. import domains, steps
from ..connections import is_in_use
from .page import StepPage

#: Letters of a typed domain that are shown again.
_MOST_TYPED = 300


@dataclass(frozen=True)
class ShownDomain:
    """A domain of the page. ``state``: "verified", "record" (a DNS record verifies it), "refused"
    or "unknown"; ``record``: the name and the value of that record."""

    name: str
    state: str
    words: str
    advice: str = ""
    record: tuple[str, str] | None = None
    can_be_removed: bool = False


class DomainsPage(StepPage):
    step = steps.DOMAINS
    template_name = "azuread_connections/setup/domains.html"
    typed = ""
    error = ""
    #: "field" for what was typed, "page" for all else.
    error_place = "field"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.is_read_only:
            domains.ask_about(request, self.link, domains.domains_of(self.connection))
        return self.render_to_response(self.get_context_data())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Enter in the field presses the form's first button, "Add".
        self.typed = request.POST.get("domain", "").replace("\x00", "").strip()[:_MOST_TYPED]
        action = request.POST.get("action") or ("add" if self.typed else "continue")
        try:
            if "remove" in request.POST:
                domains.remove_domain(request, self.link, request.POST["remove"])
            elif action == "add":
                domains.add_domain(request, self.link, self.typed)
            elif action == "continue":
                return self._continue()
        except ValidationError as error:
            self.error = " ".join(error.messages)
            if "remove" in request.POST:
                self.error_place = "page"
            return self.render_to_response(self.get_context_data())
        return self.redirect_to(self.step)

    def _continue(self) -> HttpResponse:
        if self.typed:
            self.error = _(
                "Press “Add” to add this domain, or empty the field to go on without it."
            )
            return self.render_to_response(self.get_context_data())
        if self._is_required:
            rows = domains.domains_of(self.connection)
            domains.ask_about(self.request, self.link, rows)
            if not _all_verified(domains.domains_of(self.connection)):
                self.error_place = "page"
                self.error = _(
                    "Each domain has to be verified before you go on. Create the records below, or "
                    "remove a domain."
                )
                return self.render_to_response(self.get_context_data())
        return self.go_on()

    @property
    def _is_required(self) -> bool:
        return self.link.domains == SetupLink.Domains.REQUIRED

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = domains.domains_of(self.connection)
        in_use = is_in_use(self.connection)
        return super().get_context_data(
            domains=[
                _shown(row, removable=domains.can_be_removed(row, in_use=in_use)) for row in rows
            ],
            all_verified=_all_verified(rows),
            verified=sum(map(domains.is_verified, rows)),
            is_pinned=bool(self.connection.tenant_id),
            is_required=self._is_required,
            directory_url=admin_center.directory_url(self.connection.cloud),
            typed=self.typed,
            error=self.error if self.error_place == "field" else "",
            page_error=self.error if self.error_place == "page" else "",
            **kwargs,
        )


def _all_verified(rows: list[DomainAlias]) -> bool:
    return all(map(domains.is_verified, rows))


def _shown(row: DomainAlias, *, removable: bool) -> ShownDomain:
    tenant_id = row.connection.tenant_id
    if row.is_verified_for(tenant_id) and row.is_disputed:
        return ShownDomain(
            row.domain,
            "refused",
            _("Another Microsoft directory has verified this domain on this site, too."),
            _("Remove the DNS record of one of the two, or ask who invited you."),
            can_be_removed=removable,
        )
    if row.is_verified_for(tenant_id):
        by_dns = row.verified_by == DomainAlias.VerifiedBy.DNS
        words = _("Verified by its DNS record.") if by_dns else _("Verified by Microsoft.")
        return ShownDomain(row.domain, "verified", words, can_be_removed=removable)
    if row.found_tenant_id:
        return ShownDomain(
            row.domain,
            "refused",
            _("Microsoft says that it belongs to another directory, %s.") % row.found_tenant_id,
            _(
                "Check the spelling. In the Microsoft Entra admin center, the domains of your "
                "directory are under “Domain names”."
            ),
            can_be_removed=removable,
        )
    if row.has_token_for(tenant_id):
        return _with_record(row, removable)
    return ShownDomain(
        row.domain,
        "unknown",
        _("Microsoft could not be asked about it yet."),
        _("Check again in a minute."),
        can_be_removed=removable,
    )


def _with_record(row: DomainAlias, removable: bool) -> ShownDomain:
    last = domains.last_answer(row)
    words = _("Microsoft knows no directory with this domain, so a DNS record has to verify it.")
    advice = ""
    if last is not None and not last.was_asked:
        words = _("Microsoft does not answer at the moment, so the domain cannot be verified.")
        advice = _("Check again in a minute.")
    elif last is not None and last.found is not None:
        outcome = last.found.outcome_for(row.dns_token)
        if outcome is not Outcome.FOUND:
            words = describe(row.domain, last.found, row.dns_token)
            advice = advise(outcome)
    record = record_name(row.domain), record_value(row.dns_token)
    return ShownDomain(row.domain, "record", words, advice, record, removable)
