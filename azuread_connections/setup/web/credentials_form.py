"""The form of the step ``credentials``, checked before Microsoft is asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ...microsoft import admin_center
from ...models import Connection, Credential, Sealed, SetupLink
from ...models.expiry import day_of, start_of_day
from ...models.validators import (
    DOMAIN_MAX_LENGTH,
    clean_alias,
    clean_client_id,
    expiry_warning,
    validate_client_secret,
)
from ..acceptance import Refused
from ..connections import can_change_directory
from ..draft import Draft
from ..locks import locked

_DIRECTORY_FIELDS = ("domain", "client_id")


class CredentialsForm(forms.Form):
    """The domain, the client ID, and a secret with its end.

    ``seen``: which values the page showed, so that nobody overwrites what a colleague has saved in
    the meantime without knowing.
    """

    client_id = forms.CharField(
        label=_("Application (client) ID"),
        max_length=100,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "On the app's page in the admin center: App registrations › your app › Overview."
        ),
        error_messages={"required": _("Enter the “Application (client) ID” of the app.")},
    )
    domain = forms.CharField(
        label=_("Domain"),
        max_length=DOMAIN_MAX_LENGTH + 50,
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}
        ),
        help_text=_(
            "A domain of your directory, such as contoso.com. In the admin center: Overview › "
            "“Primary domain”."
        ),
        error_messages={"required": _("Enter a domain of your directory, such as contoso.com.")},
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=_("The column “Value”, not “Secret ID”. The admin center shows it only once."),
    )
    expires_at = forms.DateField(
        label=_("Expires"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("The day in the column “Expires”, in the same line."),
        error_messages={"invalid": _("Enter a date such as 2027-04-30.")},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, link: SetupLink, connection: Connection, *args: Any, **kwargs: Any) -> None:
        self.link, self.connection = link, connection
        self.draft = Draft.of(link)
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.can_change_directory = can_change_directory(link)
        if not self.can_change_directory:
            for name in _DIRECTORY_FIELDS:
                del self.fields[name]
        self.initial = {
            "domain": self.draft.domain or connection.domain,
            "client_id": self.draft.client_id or connection.client_id,
            "expires_at": self.draft.day,
            "seen": seen_values(link, connection),
        }

    def clean_domain(self) -> str:
        return clean_alias(self.cleaned_data["domain"])

    def clean_client_id(self) -> str:
        return clean_client_id(self.cleaned_data["client_id"])

    @sensitive_variables("secret")
    def clean_client_secret(self) -> str:
        secret: str = self.cleaned_data["client_secret"]
        if secret:
            validate_client_secret(secret)
        return secret

    @sensitive_variables("cleaned")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day, is_refused = cleaned.get("expires_at"), "client_secret" in self.errors
        is_kept = self.draft.kind == Credential.Kind.SECRET and not is_refused
        has_secret = cleaned.get("client_secret") or (is_kept and self.draft.secret)
        if has_secret and "expires_at" not in self.errors:
            if day is None:
                self.add_error("expires_at", gettext("Enter the day on which the secret ends."))
            elif day <= day_of(timezone.now()):
                # A warning in the admin; here nobody would read it afterwards.
                self.add_error("expires_at", str(expiry_warning(start_of_day(day))))
        elif day and not is_refused and not self.draft.secret and day != self.draft.day:
            self.add_error("client_secret", gettext("Enter the secret that ends on this day."))
        return cleaned

    @property
    def changes_nothing(self) -> bool:
        """Whether everything is as it was accepted, so that there is nothing to test."""
        cleaned = self.cleaned_data
        same = all(
            name not in self.fields or cleaned[name] == getattr(self.connection, name)
            for name in _DIRECTORY_FIELDS
        )
        return same and not cleaned["client_secret"] and self.draft.credential is None

    @sensitive_variables("draft")
    def save_draft(self) -> bool:
        """Store what was entered; False, with an error, if a colleague has saved other values."""
        try:
            draft = self._entered()
        except ImproperlyConfigured:
            self.add_error(
                "client_secret",
                gettext(
                    "This site cannot store a secret at the moment: its encryption key is missing. "
                    "Tell the person who invited you."
                ),
            )
            return False
        with locked(self.link):
            current = Draft.of(self.link)
            is_known = self.cleaned_data["seen"] == seen_values(self.link, self.link.connection)
            if not is_known and not self._is_repeated(current):
                self._report_conflict(current)
                return False
            draft = replace(draft, key=current.key, certificate=current.certificate)
            draft.store(self.link)
        self.draft = draft
        return True

    @sensitive_variables("draft", "secret")
    def keep_secret(self) -> None:
        """Store a secret that is well formed although other fields are not.

        Azure shows it only once, and no page shows it again. Not if a colleague has saved something
        in the meantime.
        """
        secret = self.cleaned_data.get("client_secret")
        if not secret:
            return
        day = self.cleaned_data.get("expires_at")
        with locked(self.link):
            draft = Draft.of(self.link)
            if self.data.get("seen") != seen_values(self.link, self.link.connection):
                return
            try:
                draft = replace(
                    draft.with_secret(secret), expires_at=day.isoformat() if day else ""
                )
            except ImproperlyConfigured:
                # The page explains that when everything else is right.
                return
            draft.store(self.link)
        self.draft = draft
        self._show_again()

    @sensitive_variables()
    def _entered(self) -> Draft:
        cleaned = self.cleaned_data
        draft = replace(
            self.draft,
            domain=cleaned.get("domain", ""),
            client_id=cleaned.get("client_id", ""),
        )
        if cleaned["client_secret"]:
            draft = draft.with_secret(cleaned["client_secret"])
        if cleaned["expires_at"]:
            draft = replace(draft, expires_at=cleaned["expires_at"].isoformat())
        return draft

    @sensitive_variables("secret")
    def _is_repeated(self, current: Draft) -> bool:
        """Return whether what was entered is what is stored: the same form was sent twice."""
        connection, cleaned = self.link.connection, self.cleaned_data
        if connection is None:
            return False
        for name in _DIRECTORY_FIELDS:
            stored = getattr(current, name) or getattr(connection, name)
            if name in self.fields and cleaned[name] != stored:
                return False
        secret = cleaned["client_secret"]
        if not secret:
            return True
        known = [each.value for each in connection.credentials.all() if each.value]
        if current.secret:
            known.append(Sealed(current.secret))
        return any(each.holds(secret) for each in known)

    def _report_conflict(self, current: Draft) -> None:
        connection = self.link.connection
        domain = current.domain or (connection.domain if connection else "")
        client_id = current.client_id or (connection.client_id if connection else "")
        text = gettext(
            "A colleague has saved this step since you opened the page. Stored now: the domain "
            "%(domain)s, the client ID %(client_id)s. Your entries are still below and nothing of "
            "them is saved. Press the button again to replace the stored values with yours."
        )
        text %= {"domain": domain or "–", "client_id": client_id or "–"}
        if self.cleaned_data["client_secret"]:
            text += " " + gettext("Enter the secret again: this page never shows one.")
        self.add_error(None, ValidationError(text, code="conflict"))
        self._show_again()

    def add_refusal(self, refused: Refused) -> None:
        """Show why Microsoft has not accepted the values, with a link to where to change it."""
        text = format_html("{} {}", refused.found, refused.remedy)
        if url := self._page(refused.page):
            text = format_html(
                '{} <a href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
                text,
                url,
                gettext("Open this page in the admin center"),
            )
        name = refused.field if refused.field in self.fields else None
        self.add_error(name, ValidationError(text, code="refused"))
        self._show_again()

    def _show_again(self) -> None:
        """Let the next press of the button replace what is stored now."""
        seen = seen_values(self.link, self.link.connection)
        self.data = {**{name: self.data.get(name, "") for name in self.fields}, "seen": seen}

    def _page(self, page: str) -> str:
        cloud = self.connection.cloud
        if page == "directory":
            return admin_center.directory_url(cloud)
        client_id = self.draft.client_id or self.connection.client_id
        if page == "overview":
            # That client ID may be the mistake, so the list of apps is more useful.
            return admin_center.app_registrations_url(cloud)
        return admin_center.app_url(cloud, client_id, "credentials") if page else ""


def seen_values(link: SetupLink, connection: Connection | None) -> str:
    """Return what identifies the stored values that the page shows."""
    draft = Draft.of(link)
    shown = [draft.domain, draft.client_id, draft.secret, draft.expires_at]
    if connection is not None:
        shown += [connection.domain, connection.client_id]
        newest = connection.credentials.order_by("-pk").values_list("pk", flat=True).first()
        shown.append(str(newest or ""))
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]
