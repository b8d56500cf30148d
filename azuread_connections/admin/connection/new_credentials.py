"""Pages that add a certificate or a federated credential to a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.db import router, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...credentials.addition import CredentialAddition, add_certificate, add_federated
from ...credentials.certificates import MAX_BYTES, YEARS, create_certificate, read_certificate
from ...entra.certificates import to_der
from ...entra.errors import CredentialUnavailable
from ...entra.federation import ForeignToken
from ...entra.frames import without_frame_variables
from ...entra.managed_identity import SYSTEM_ASSIGNED, audience_for
from ...microsoft.wording import describe_error
from ...models import Connection, Credential
from ...models.validators import is_guid, validate_token_file
from ..rights import MANAGE_SECRET, may
from ..widgets import own_page
from ..widgets.links import admin_url, as_key
from .history import credential_entries

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Connection]


class _WriteOnly(forms.Textarea):
    """A text that does not come back in a refused form."""

    def format_value(self, value: Any) -> None:
        return None


class CertificateForm(forms.Form):
    """A private key with its certificate: pasted, or as a file."""

    pem = forms.CharField(
        label=_("Private key and certificate (PEM)"),
        required=False,
        strip=False,
        widget=_WriteOnly(attrs={"rows": 8, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_("Paste both, in any order, from their BEGIN lines to their END lines."),
    )
    file = forms.FileField(
        label=_("or a file"), required=False, help_text=_("PEM, or PKCS #12 (.pfx or .p12).")
    )
    password = forms.CharField(
        label=_("Password of the private key"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "class": "vTextField"}
        ),
        help_text=_("Only if it is encrypted. The password is not stored."),
    )

    @without_frame_variables
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("pem") or ""
        if self.errors:
            return cleaned
        if bool(file) == bool(text.strip()):
            self.add_error("pem", gettext("Paste the text, or choose a file."))
            return cleaned
        # One byte more than allowed: the size that a browser names is not trusted.
        content = file.read(MAX_BYTES + 1) if file else text.encode()
        try:
            self.pair = read_certificate(content, cleaned.get("password") or "")
        except ValidationError as error:
            is_password = str(error.code).startswith("password")
            self.add_error("password" if is_password else "file" if file else "pem", error)
        return cleaned


class CreationForm(forms.Form):
    years = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(1, _("1 year")), (2, _("2 years")), (3, _("3 years"))],
        initial=YEARS[0],
    )


class FederatedForm(forms.Form):
    """Where the token comes from. ``token`` is read when the form is valid."""

    source = forms.ChoiceField(
        label=_("The token comes from"),
        choices=[("file", _("a file")), ("identity", _("this machine's managed identity"))],
        initial="file",
        widget=forms.RadioSelect,
    )
    token_file = forms.CharField(
        label=_("Token file"),
        required=False,
        max_length=500,
        validators=[validate_token_file],
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
        help_text=_("If empty, the environment variable AZURE_FEDERATED_TOKEN_FILE names it."),
    )
    client_id = forms.CharField(
        label=_("Client ID of the managed identity"),
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
        help_text=_("If empty, the machine's own (system-assigned) identity is used."),
    )

    def __init__(self, connection: Connection, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection = connection
        self.token: ForeignToken | None = None

    def clean_client_id(self) -> str:
        value: str = self.cleaned_data["client_id"]
        if value and not is_guid(value):
            raise ValidationError(gettext("Enter the client ID, a GUID."), code="client_id")
        return value.lower()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        source = self.kept_source()
        candidate = Credential(kind=Credential.Kind.FEDERATED, **source)
        try:
            self.token = candidate.token_source(self.connection).read()
        except CredentialUnavailable as error:
            field = "client_id" if source["managed_identity"] else "token_file"
            self.add_error(field, str(describe_error(error)))
        return cleaned

    def kept_source(self) -> dict[str, str]:
        """Return the fields of the credential that the source means."""
        if self.cleaned_data["source"] == "file":
            return {"token_file": self.cleaned_data["token_file"], "managed_identity": ""}
        return {
            "token_file": "",
            "managed_identity": self.cleaned_data["client_id"] or SYSTEM_ASSIGNED,
        }


@without_frame_variables
def certificate(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Add a certificate: one that somebody has, or one that is made here."""
    require_credentials(page, request, connection)
    is_creation = "create" in request.POST
    creation = CreationForm(request.POST if is_creation else None)
    own = CertificateForm(
        *((request.POST, request.FILES) if request.method == "POST" and not is_creation else ())
    )
    form: forms.Form = creation if is_creation else own
    if request.method == "POST" and form.is_valid():
        pair = (
            create_certificate(connection.name, creation.cleaned_data["years"])
            if is_creation
            else own.pair
        )
        added = _store(page, request, connection, form, lambda: add_certificate(connection, pair))
        if added is not None:
            return added
    context = page_context(page, request, connection, gettext("Add a certificate"))
    context |= {"form": own, "creation": creation}
    return TemplateResponse(request, "azuread_connections/admin/certificate.html", context)


def federated(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Add a federated credential, or show what to enter in Azure for it."""
    stored = _chosen(request, connection, Credential.Kind.FEDERATED)
    context = page_context(page, request, connection, gettext("Federated credential"))
    context["stored"] = stored
    template = "azuread_connections/admin/federated.html"
    if stored is not None:
        try:
            token = stored.token_source(connection).read()
        except CredentialUnavailable as error:
            context["problem"] = describe_error(error)
        else:
            context["token"] = _shown(token, connection, stored.managed_identity)
        return TemplateResponse(request, template, context)
    require_credentials(page, request, connection)
    form = FederatedForm(connection, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.token is not None:
        source = form.kept_source()
        context["token"] = _shown(form.token, connection, source["managed_identity"])
        if "add" in request.POST:
            added = _store(
                page, request, connection, form, lambda: add_federated(connection, **source)
            )
            if added is not None:
                return added
    context["form"] = form
    return TemplateResponse(request, template, context)


def download(page: Page, request: HttpRequest, connection: Connection) -> HttpResponse:
    """Return a certificate as the file to upload in Azure. It has no private part."""
    stored = _chosen(request, connection, Credential.Kind.CERTIFICATE)
    if stored is None:
        raise Http404
    response = HttpResponse(to_der(stored.certificate), content_type="application/pkix-cert")
    name = f"{connection.name}-{stored.hint}.cer"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _chosen(request: HttpRequest, connection: Connection, kind: str) -> Credential | None:
    """Return the credential that the address names; 404 if the connection has no such one."""
    if "credential" not in request.GET:
        return None
    key = as_key(request.GET["credential"])
    found = connection.credentials.defer("value").filter(pk=key or 0, kind=kind).first()
    if found is None:
        raise Http404
    return found


def _store(
    page: Page,
    request: HttpRequest,
    connection: Connection,
    form: forms.Form,
    add: Callable[[], CredentialAddition],
) -> HttpResponse | None:
    """Store a credential, and return to the connection's page; None if it cannot be stored."""
    try:
        # Inside a savepoint: without a key, a half-done save would end the request's transaction.
        with transaction.atomic(using=router.db_for_write(Credential, instance=connection)):
            addition = add()
    except ImproperlyConfigured as error:
        form.add_error(None, ValidationError(str(error), code="no_encryption_key"))
        return None
    stored = addition.credential
    words = {"kind": stored.get_kind_display(), "credential": stored}
    if addition.is_new:
        page.log_change(request, connection, credential_entries(stored))
        text = gettext("Added the %(kind)s %(credential)s.") % words
        if stored.kind == Credential.Kind.CERTIFICATE:
            text += " " + gettext("Download its .cer file, and upload it in Azure.")
        page.message_user(request, text, messages.SUCCESS)
    else:
        known = gettext("The %(kind)s %(credential)s is already stored, so none was added.")
        page.message_user(request, known % words, messages.INFO)
    url = admin_url(page.admin_site, connection, "change", quote(connection.pk))
    return HttpResponseRedirect(f"{url}#credentials-group")


def _shown(token: ForeignToken, connection: Connection, managed_identity: str) -> dict[str, str]:
    """Return what Azure asks for. The token of a managed identity names its audience by an ID."""
    return {
        "issuer": token.issuer,
        "subject": token.subject,
        "audience": audience_for(connection.cloud) if managed_identity else token.audience,
    }


def require_credentials(page: Page, request: HttpRequest, connection: Connection) -> None:
    if not (may(request, MANAGE_SECRET) and page.has_change_permission(request, connection)):
        raise PermissionDenied


def page_context(
    page: Page, request: HttpRequest, connection: Connection, title: str
) -> dict[str, Any]:
    return own_page.context(page, request, title, connection) | {"connection": connection}
