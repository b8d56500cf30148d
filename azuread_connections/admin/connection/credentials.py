"""Client secrets on a connection's page: a table of those stored, and fields for a new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...credentials.report import CredentialState, connection_credential_state
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


class CredentialForm(forms.ModelForm):
    """Edits only the expiry date of a stored secret; the value is never loaded."""

    expires_at = ExpiryDateField(**field_texts(Credential, "expires_at"), required=False)

    class Meta:
        model = Credential
        fields = ["expires_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Screen readers do not read a column's heading as a label.
        self.fields["expires_at"].widget.attrs["aria-label"] = gettext(
            "Expiry date of client secret %(secret)s"
        ) % {"secret": self.instance}

    def save(self, commit: bool = True) -> Credential:
        secret: Credential = super().save(commit=False)
        if commit:
            # Only the date: a sign-in may be writing the other columns at this moment.
            secret.save(update_fields=["expires_at"])
        return secret


class CredentialFormSet(PostedRowsFormSet):
    def add_fields(self, form: forms.ModelForm[Credential], index: int | None) -> None:
        super().add_fields(form, index)
        if DELETION_FIELD_NAME in form.fields:
            form.fields[DELETION_FIELD_NAME].widget.attrs["aria-label"] = gettext(
                "Remove client secret %(secret)s"
            ) % {"secret": form.instance}


class CredentialInline(admin.TabularInline):
    model = Credential
    form = CredentialForm
    formset = CredentialFormSet
    template = "azuread_connections/admin/credentials.html"
    place = "azuread-credentials"
    verbose_name_plural = _("stored client secrets")
    extra = 0
    max_num = 0
    readonly_fields = (
        "begins_with",
        "added",
        "expires",
        "last_accepted",
        "last_refused",
        "state",
    )

    def get_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        date = "expires_at" if self.has_change_permission(request, obj) else "expires"
        return ("begins_with", "added", date, "last_accepted", "last_refused", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).defer("value")

    # Seeing the connection is enough to see its secrets; changing them needs another permission.
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see_connection(self.admin_site, request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, MANAGE_SECRET) and may(request, CHANGE_CONNECTION)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    @admin.display(description=_("begins with"))
    def begins_with(self, secret: Credential) -> SafeString:
        return format_html("<code>{}</code>", str(secret))

    @admin.display(description=_("added"))
    def added(self, secret: Credential) -> str | SafeString:
        return time_ago(secret.created_at, "–")

    @admin.display(description=_("expires"))
    def expires(self, secret: Credential) -> str:
        return day_of(secret.expires_at).isoformat() if secret.expires_at else "–"

    @admin.display(description=_("last accepted"))
    def last_accepted(self, secret: Credential) -> str | SafeString:
        return time_ago(secret.last_success_at, gettext("never"))

    @admin.display(description=_("last refused"))
    def last_refused(self, secret: Credential) -> str | SafeString:
        return time_ago(secret.refused_at, gettext("never"))

    @admin.display(description=_("state"))
    def state(self, secret: Credential) -> SafeString:
        return render_state(connection_credential_state([secret], timezone.now()))
