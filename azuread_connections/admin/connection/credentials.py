"""The table of a connection's credentials on its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...credentials.status import CredentialState, CredentialStatus, connection_credential_state
from ...models import Connection, Credential
from ...models.expiry import day_of
from ...models.validators import expiry_warning
from ..rights import CHANGE_CONNECTION, MANAGE_SECRET, may, may_see_connection
from ..widgets.dates import ExpiryDateField, time_ago
from ..widgets.field_texts import field_texts
from .posted_rows import PostedRowsFormSet


def secret_warnings(secret: Credential, *, date_was_set: bool) -> Iterator[str]:
    """Yield warnings about the expiry date just saved. An implausible date is allowed."""
    if secret.expires_at is None:
        yield gettext(
            "Client secret %(secret)s has no expiry date, so check_secrets cannot warn you before "
            "it stops working."
        ) % {"secret": secret}
    elif date_was_set and (warning := expiry_warning(secret.expires_at)):
        yield gettext("Client secret %(secret)s: %(warning)s") % {
            "secret": secret,
            "warning": warning,
        }


def render_state(state: CredentialState) -> SafeString:
    """Render a state as text with a colour and a sign; the text alone suffices."""
    return format_html(
        '<span class="azuread-state azuread-state-{}">{}</span>', state.status.value, state.text
    )


class _PlainText(forms.Widget):
    """A value that is shown and never posted."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html("{}", self.text)


class CredentialForm(forms.ModelForm):
    """Edits only the expiry date of a stored secret; the value is never loaded."""

    expires_at = ExpiryDateField(**field_texts(Credential, "expires_at"), required=False)

    class Meta:
        model = Credential
        fields = ["expires_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["expires_at"]
        if self.instance.kind != Credential.Kind.SECRET:
            # A certificate says itself when it ends, and a federated credential never does.
            field.disabled = True
            field.widget = _PlainText(_end_of(self.instance))
        # Screen readers do not read a column's heading as a label.
        field.widget.attrs["aria-label"] = gettext("Expiry date of credential %(credential)s") % {
            "credential": self.instance
        }

    def save(self, commit: bool = True) -> Credential:
        secret: Credential = super().save(commit=False)
        if commit:
            # Only the date: a sign-in may be writing the other columns at this moment.
            secret.save(update_fields=["expires_at"])
        return secret


def _end_of(credential: Credential) -> str:
    if credential.never_ends:
        return gettext("never")
    return day_of(credential.expires_at).isoformat() if credential.expires_at else "–"


class CredentialFormSet(PostedRowsFormSet):
    """``removal``: the keys of the rows whose removal has to be confirmed, "" if none has."""

    removal = ""

    @property
    def confirmation(self) -> str:
        """The name of the check box that confirms ``removal``: its value is the same keys."""
        return f"{self.prefix}-confirmed"

    def add_fields(self, form: forms.ModelForm[Credential], index: int | None) -> None:
        super().add_fields(form, index)
        if DELETION_FIELD_NAME in form.fields:
            form.fields[DELETION_FIELD_NAME].widget.attrs["aria-label"] = gettext(
                "Remove credential %(credential)s"
            ) % {"credential": form.instance}

    def clean(self) -> None:
        super().clean()
        rows = [form.instance for form in self.initial_forms]
        gone = {form.instance.pk for form in self.initial_forms if _is_removed(form)}
        if not gone or self.data.get("new_secret"):
            return
        kept = [row for row in rows if row.pk not in gone]
        if not any(map(_works, rows)) or any(map(_works, kept)):
            return
        keys = ",".join(map(str, sorted(gone)))
        if self.data.get(self.confirmation) != keys:
            self.removal = keys
            raise ValidationError(
                gettext(
                    "This removes the last credential that works: nobody could sign in with this "
                    "connection. Add another one first, or tick the box below the table."
                ),
                code="last_credential",
            )


def _is_removed(form: Any) -> bool:
    return bool(getattr(form, "cleaned_data", {}).get(DELETION_FIELD_NAME))


def _works(credential: Credential) -> bool:
    """Return whether a credential is not known to fail."""
    state = connection_credential_state([credential], timezone.now())
    failing = (CredentialStatus.EXPIRED, CredentialStatus.REFUSED)
    return state.status not in failing and credential.is_readable


class CredentialInline(admin.TabularInline):
    model = Credential
    form = CredentialForm
    formset = CredentialFormSet
    template = "azuread_connections/admin/credentials.html"
    place = "azuread-credentials"
    verbose_name_plural = _("stored credentials")
    extra = 0
    max_num = 0
    readonly_fields = (
        "shown_kind",
        "identifier",
        "added",
        "ends",
        "last_accepted",
        "last_refused",
        "state",
    )

    def get_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        date = "expires_at" if self.has_change_permission(request, obj) else "ends"
        named = ("shown_kind", "identifier", "added")
        return (*named, date, "last_accepted", "last_refused", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).defer("value")

    # Seeing the connection is enough to see its credentials; changing them needs more.
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see_connection(self.admin_site, request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, MANAGE_SECRET) and may(request, CHANGE_CONNECTION)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description=_("kind"))
    def shown_kind(self, credential: Credential) -> str:
        return credential.get_kind_display()

    @admin.display(description=_("identifier"))
    def identifier(self, credential: Credential) -> SafeString:
        """The beginning of a secret, a certificate's thumbprints, or a token's source."""
        if credential.kind == Credential.Kind.CERTIFICATE:
            return self._certificate(credential)
        if credential.kind == Credential.Kind.FEDERATED:
            return format_html(
                '<div><code class="azuread-wrap">{}</code>{}</div>',
                str(credential),
                self._link(credential, "federated", gettext("Issuer, subject, audience")),
            )
        return format_html("<code>{}</code>", str(credential))

    def _certificate(self, certificate: Credential) -> SafeString:
        thumbprints = certificate.thumbprints
        return format_html(
            '<div><code class="azuread-wrap" title="SHA-256 {}">{}</code>{}</div>',
            thumbprints.sha256,
            thumbprints.sha1,
            self._link(certificate, "cer", gettext("Download .cer")),
        )

    def _link(self, credential: Credential, word: str, text: str) -> SafeString:
        name = f"{self.admin_site.name}:{self.opts.app_label}_connection_{word}"
        url = reverse(name, args=[credential.connection_id])
        return format_html(
            '<br><a href="{}?credential={}" aria-label="{}: {}">{}</a>',
            url,
            credential.pk,
            text,
            credential,
            text,
        )

    @admin.display(description=_("added"))
    def added(self, credential: Credential) -> str | SafeString:
        return time_ago(credential.created_at, "–")

    @admin.display(description=_("ends"))
    def ends(self, credential: Credential) -> str:
        return _end_of(credential)

    @admin.display(description=_("last accepted"))
    def last_accepted(self, credential: Credential) -> str | SafeString:
        return time_ago(credential.last_success_at, gettext("never"))

    @admin.display(description=_("last refused"))
    def last_refused(self, credential: Credential) -> str | SafeString:
        return time_ago(credential.refused_at, gettext("never"))

    @admin.display(description=_("state"))
    def state(self, credential: Credential) -> SafeString:
        state = render_state(connection_credential_state([credential], timezone.now()))
        if credential.replaced_at is None:
            return state
        return format_html("{}<br>{}", state, gettext("replaced, kept as a fall-back"))
