"""Saving a connection's form: its rows in other tables, the warnings, the entry in the history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext

from ...models import Connection, Credential
from ..rights import visible_connections
from . import consent
from .aliases import set_further_domains, shared_domains, unproven_domains
from .credentials import secret_warnings
from .form_texts import not_looked_up
from .history import (
    Line,
    Row,
    added_and_removed,
    rows_of,
    secret_change_entries,
    trust_change_entries,
)

#: A change to one of these can make a domain lead to a second connection.
_ABOUT_DOMAINS = frozenset({"domain", "domain_aliases", "discover_domain"})


class ConnectionSaving(admin.ModelAdmin):
    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.found_directory:
            found = gettext("The domain %(domain)s is directory %(directory)s.")
            words = {"domain": obj.domain, "directory": obj.tenant_id}
            self.message_user(request, found % words, messages.SUCCESS)
        elif form.lookup_error:
            self._warn(request, not_looked_up(obj, form.lookup_error))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        connection: Connection = form.instance
        form.rows_before = _rows(form)
        connection.applications.set(form.cleaned_data["enabled_applications"])
        set_further_domains(connection, form.cleaned_data["domain_aliases"])
        form.settle_domains()
        for warning in unproven_domains(connection, form.answers_on_new_aliases):
            self._warn(request, warning)
        if not change or _ABOUT_DOMAINS & set(form.changed_data):
            visible = visible_connections(self.admin_site, request)
            for warning in shared_domains(connection, visible):
                self._warn(request, warning)
        self._keep_typed_secret(request, form)
        self._warn_of_edited_dates(request, formsets)
        if not connection.credentials.exists():
            nobody = gettext("Nobody can sign in with %(name)s until it has a credential.")
            self._warn(request, nobody % {"name": connection.name})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        response = super().response_add(request, obj, post_url_continue)
        return consent.save_and_ask(self, request, obj) or response

    def _keep_typed_secret(self, request: HttpRequest, form: Any) -> None:
        form.kept_secret = None
        # The field is absent for people who may not manage secrets.
        if not form.cleaned_data.get("new_secret"):
            return
        from ...credentials.addition import add_secret  # here, as in own_pages

        expires_at = form.cleaned_data.get("new_secret_expires")
        addition = add_secret(form.instance, form.cleaned_data["new_secret"], expires_at)
        secret = addition.credential
        form.kept_secret = (secret, addition.is_new)
        if not addition.is_new:
            known = gettext("Client secret %(secret)s is already stored, so none was added.")
            self.message_user(request, known % {"secret": secret}, messages.INFO)
        for warning in secret_warnings(secret, date_was_set=expires_at is not None):
            self._warn(request, warning)

    def _warn_of_edited_dates(
        self, request: HttpRequest, formsets: list[BaseInlineFormSet[Any, Any, Any]]
    ) -> None:
        for formset in formsets:
            if formset.model is not Credential:
                continue
            for secret, _fields in getattr(formset, "changed_objects", []):
                for warning in secret_warnings(secret, date_was_set=True):
                    self._warn(request, warning)

    def _warn(self, request: HttpRequest, message: str) -> None:
        self.message_user(request, message, messages.WARNING)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[Line]:
        """Describe a change for the admin's history, including what is not a field of the model."""
        message = super().construct_change_message(request, form, formsets, add)
        message += trust_change_entries(form.trusted_before, form.instance.tenant_id)
        if form.kept_secret is not None:
            secret, is_new = form.kept_secret
            was_dated = bool(form.cleaned_data.get("new_secret_expires"))
            message += secret_change_entries(secret, is_new=is_new, was_dated=was_dated)
        return message + ([] if add else added_and_removed(form.rows_before, _rows(form)))


def _rows(form: Any) -> set[Row]:
    connection: Connection = form.instance
    enabled = connection.enabledconnection_set.select_related("connection", "application")
    return rows_of(enabled, connection.aliases.filter(is_primary=False))
