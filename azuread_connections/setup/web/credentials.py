"""The step in which the customer enters what Microsoft shows, and proves who the app is."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from ...entra.certificates import to_der
from ...login.log import setup_events
from ...microsoft import admin_center
from ...models import Credential
from ...rate_limit import RateLimit
from .. import steps
from ..acceptance import Refused, accept
from ..credentials import has_accepted_credential, newest_accepted
from ..draft import Draft, certificate_for
from ..readiness import has_proven_directory
from .credentials_form import CredentialsForm
from .page import StepPage

#: Tests of one link in 15 minutes: each asks Microsoft, and writes a line of the log.
_TESTS = RateLimit("setup_tests", limit=30, seconds=900)
#: Certificates that are made for one link in 15 minutes: each key pair takes the processor a while.
_CERTIFICATES = RateLimit("setup_certificates", limit=10, seconds=900)


@method_decorator(sensitive_post_parameters("client_secret"), name="dispatch")
class CredentialsPage(StepPage):
    step = steps.CREDENTIALS
    template_name = "azuread_connections/setup/credentials.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", CredentialsForm(self.link, self.connection))
        draft, cloud = Draft.of(self.link), self.connection.cloud
        client_id = draft.client_id or self.connection.client_id
        return super().get_context_data(
            draft=draft,
            made=draft.certificate_made if draft.certificate else None,
            accepted=newest_accepted(self.link),
            is_renewal=self.link.purpose == self.link.Purpose.RENEW,
            is_federated=self._is_federated(),
            directory_url=admin_center.directory_url(cloud),
            has_client_id=bool(client_id),
            overview_url=admin_center.app_url(cloud, client_id),
            overview_label=(
                gettext("Open the app's overview")
                if client_id
                else gettext("Open “App registrations”")
            ),
            secrets_url=admin_center.app_url(cloud, client_id, "credentials"),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "download" in request.POST:
            return self._download()
        form = CredentialsForm(self.link, self.connection, request.POST)
        if not form.is_valid():
            form.keep_secret()
            return self._show(form)
        if form.changes_nothing and self._is_complete():
            return self.go_on()
        is_accepted = form.save_draft() and self._test(form)
        return self.go_on() if is_accepted else self._show(form)

    def _test(self, form: CredentialsForm) -> bool:
        """Ask Microsoft about what is saved; False, with an error, if it is not accepted."""
        if not _TESTS.allows(self.link.reference):
            # Not logged: that would write as many lines as there are requests.
            why = gettext("This was tested very often. Your entries are saved.")
            form.add_refusal(Refused("", why, gettext("Wait 15 minutes, then try again.")))
            return False
        try:
            accept(self.request, self.link)
        except Refused as refused:
            form.add_refusal(refused)
            return False
        if not has_accepted_credential(self.link):
            # To renew one, a credential that was stored before does not count.
            known = gettext("This credential was already stored.")
            form.add_refusal(
                Refused("client_secret", known, gettext("Create a new one, and enter that."))
            )
            return False
        return True

    def _show(self, form: CredentialsForm) -> HttpResponse:
        # The link was read again: a colleague may have saved something.
        if self.link.connection is not None:
            self.connection = self.link.connection
        return self.render_to_response(self.get_context_data(form=form))

    def _download(self) -> HttpResponse:
        """Return the certificate as the file to upload in Azure. It has no private part."""
        is_new = not Draft.of(self.link).certificate
        if is_new and not _CERTIFICATES.allows(self.link.reference):
            why = gettext("Many certificates were created with this link.")
            return self._show_refused(why, gettext("Wait 15 minutes, then try again."))
        try:
            certificate = certificate_for(self.link)
        except ImproperlyConfigured:
            why = gettext("This site cannot make a certificate: its encryption key is missing.")
            return self._show_refused(why, gettext("Tell the person who invited you."))
        if is_new:
            setup_events.record_setup_step(
                self.request, self.link, f"Created the certificate {certificate}."
            )
        response = HttpResponse(
            to_der(certificate.certificate), content_type="application/pkix-cert"
        )
        name = f"{self.connection.name}-{certificate.hint}.cer"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _show_refused(self, why: str, remedy: str) -> HttpResponse:
        form = CredentialsForm(self.link, self.connection, {})
        form.full_clean()
        form.add_refusal(Refused("", why, remedy))
        return self._show(form)

    def _is_complete(self) -> bool:
        return has_proven_directory(self.connection) and has_accepted_credential(self.link)

    def _is_federated(self) -> bool:
        federated = self.connection.credentials.filter(kind=Credential.Kind.FEDERATED)
        return self.link.purpose == self.link.Purpose.RENEW and federated.exists()
