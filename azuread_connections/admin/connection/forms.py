"""The form of a connection, validated before it is stored."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ... import domains
from ...entra.cloud import PERSONAL_TENANT_ID
from ...entra.errors import OtherCloud, PersonalDirectory
from ...microsoft.wording import describe_error
from ...models import Application, Connection, EnabledConnection, Sealed
from ...models.connection import is_taken
from ...models.refusals import name_is_taken, no_own_directory
from ...models.validators import validate_client_id, validate_client_secret
from ..widgets.choices import RowsField, choose_by
from ..widgets.dates import ExpiryDateField
from ..widgets.lines import AliasesField, ClaimNamesField
from .aliases import further_domains
from .edit_conflict import conflict, shown_state
from .form_texts import ERROR_MESSAGES, other_directory, secret_help

SECRET_FIELDS = ("new_secret", "new_secret_expires")


class TrustCheckbox(forms.CheckboxInput):
    """A check box whose value is a directory's ID, so that a tick confirms only that directory."""

    def __init__(self, directory: str) -> None:
        super().__init__(check_test=lambda value: value == directory)
        self.directory = directory

    def format_value(self, value: Any) -> str:
        return self.directory


class ConnectionForm(forms.ModelForm):
    """Validates a connection and, if the form is valid, looks up its directory at Microsoft.

    After ``is_valid()``: ``found_directory`` is the directory's ID if Microsoft gave one,
    ``lookup_error`` is the reason if the lookup failed, and ``answers`` are all of Microsoft's
    answers about the connection's domains.
    """

    # Facts about the request, set on a subclass that the admin page makes.
    may_manage_secrets: ClassVar[bool] = False
    admin_site: ClassVar[AdminSite]

    domain_aliases = AliasesField(
        label=_("Domain aliases"),
        required=False,
        help_text=_(
            "Further email domains of the company, one per line or separated by commas. People "
            "who type an address of one of them on the sign-in page are sent to this connection. "
            "Names and addresses in a domain are used only if it is verified for the directory."
        ),
    )
    optional_claims = ClaimNamesField(
        label=_("Claims to keep"),
        required=False,
        help_text=Connection._meta.get_field("optional_claims").help_text,
    )
    new_secret = forms.CharField(
        label=_("Client Secret"),
        required=False,
        validators=[validate_client_secret],
        widget=forms.PasswordInput(
            render_value=False,
            attrs={"autocomplete": "new-password", "class": "vTextField", "spellcheck": "false"},
        ),
    )
    new_secret_expires = ExpiryDateField(
        label=_("Expiry date"),
        required=False,
        help_text=_(
            "The column “Expires” next to the secret in Azure. An expired secret stops every "
            "sign-in, and without a date nobody can be warned in time. check_secrets --sync can "
            "read the date from Azure."
        ),
    )
    enabled_applications = RowsField(
        label=_("Enabled for"),
        queryset=Application._default_manager.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "People can use this connection only to sign in to the applications chosen here."
        ),
    )
    trust_directory = forms.CharField(
        label=_("Trust the other directory from now on"),
        required=False,
        widget=forms.HiddenInput,
    )
    shown_state = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Connection
        # The page's fieldsets choose the fields: see ``layout``.
        fields = "__all__"  # noqa: DJ007
        error_messages = ERROR_MESSAGES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found_directory = ""
        self.lookup_error = ""
        self.answers: list[domains.Answer] = []
        self._stored_domain = self.instance.domain
        self._stored_cloud = self.instance.cloud
        self.trusted_before = self.instance.tenant_id
        if not self.may_manage_secrets:
            for name in SECRET_FIELDS:
                del self.fields[name]
        self._set_up_fields()
        self._set_up_applications()
        if self.instance.pk:
            self.initial["domain_aliases"] = further_domains(self.instance)
            if not self.is_bound:
                self.initial["shown_state"] = shown_state(self)

    def _set_up_fields(self) -> None:
        # Absent on a read-only page.
        if self.instance.pk and "name" in self.fields:
            self.fields["name"].widget.attrs["readonly"] = True
        if "client_id" in self.fields:
            # A browser would cut off a value pasted with spaces around it, and the message about
            # its length would hide the one that explains the mistake.
            client_id = self.fields["client_id"]
            client_id.widget.attrs.pop("maxlength", None)
            client_id.widget.attrs["spellcheck"] = "false"
            client_id.validators = [validate_client_id]
        if "domain" in self.fields:
            self.fields["domain"].widget.attrs |= {"spellcheck": "false", "autocapitalize": "none"}
        if "new_secret" in self.fields:
            self.fields["new_secret"].help_text = secret_help(is_new=not self.instance.pk)

    def _set_up_applications(self) -> None:
        # From the row's own database: a replica can be behind it.
        database = self.instance._state.db
        applications = Application._default_manager.using(database).order_by("name")
        field = self.fields["enabled_applications"]
        relation = EnabledConnection._meta.get_field("application")
        choose_by(field, applications, relation, self.admin_site)
        if self.instance.pk:
            enabled = self.instance.applications.db_manager(database)
            self.initial["enabled_applications"] = list(enabled.values_list("pk", flat=True))
        else:
            first_two = list(applications.values_list("pk", flat=True)[:2])
            self.initial["enabled_applications"] = first_two if len(first_two) == 1 else []

    @property
    def changed_data(self) -> list[str]:
        # The admin's history has separate entries for these: see ``history``.
        unnamed = {*SECRET_FIELDS, "trust_directory", "shown_state"}
        return [name for name in super().changed_data if name not in unnamed]

    @sensitive_variables("cleaned", "secret")
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # A secret that was refused is missing here too, but has its own message.
        if cleaned.get("new_secret_expires") and cleaned.get("new_secret") == "":
            self.add_error("new_secret_expires", _date_without_secret(bool(self.instance.pk)))
        if cleaned.get("nested_groups") and not cleaned.get("security_groups"):
            self.add_error("nested_groups", gettext("Nested groups need “Security Groups” too."))
        if secret := cleaned.get("new_secret"):
            # Not in a method of the field: its callers in Django hold the value too, and a report
            # of an unforeseen error would show it.
            try:
                Sealed.seal(secret)
            except ImproperlyConfigured as error:
                self.add_error("new_secret", ValidationError(str(error), code="no_encryption_key"))
        return cleaned

    def _post_clean(self) -> None:
        if self.instance.tenant_id == PERSONAL_TENANT_ID:
            # Pinned before this was refused: look it up again.
            self.instance.tenant_id = ""
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        self._leave_out_own_domain()
        # Ask Microsoft last, and only if the form is valid otherwise.
        if not self.errors:
            self._ask_about_domains()
            if self.instance._state.adding and is_taken(self.instance.name_key):
                # Taken while Microsoft was asked, probably by a double click on "Save".
                self.add_error("name", name_is_taken(self.instance.name))
        # After Microsoft's answer, because this locks the connection.
        if not self.errors and self.instance.pk and (changed := conflict(self)):
            self.add_error(None, changed)

    def _leave_out_own_domain(self) -> None:
        """Remove the connection's own domain from the aliases: it has a separate check box."""
        aliases, domain = self.cleaned_data.get("domain_aliases", []), self.instance.domain
        if domain not in aliases:
            return
        if self.instance.discover_domain:
            self.cleaned_data["domain_aliases"] = [a for a in aliases if a != domain]
        else:
            switch = gettext("%(domain)s is the connection's own domain: use its check box below.")
            self.add_error("domain_aliases", switch % {"domain": domain})

    @property
    def _is_moved(self) -> bool:
        connection = self.instance
        return (connection.domain, connection.cloud) != (self._stored_domain, self._stored_cloud)

    def _ask_about_domains(self) -> None:
        """Ask about the own domain, then the aliases; skip those verified minutes ago."""
        connection = self.instance
        is_stored = connection.pk and not self._is_moved
        known = domains.confirmed_lately(connection) if is_stored else set()
        try:
            if not connection.tenant_id or connection.domain not in known:
                self._find_directory()
            if not self.errors and not self.lookup_error:
                further = [a for a in self.cleaned_data["domain_aliases"] if a not in known]
                self.answers += domains.ask_in_turn(connection, further)
        except ImproperlyConfigured as error:
            self.lookup_error = str(error)

    def _find_directory(self) -> None:
        connection = self.instance
        answer = domains.ask(connection, connection.domain)
        self.answers.append(answer)
        if answer.error is not None:
            self.lookup_error = str(answer.error)
            if isinstance(answer.error, PersonalDirectory):
                self.add_error("domain", no_own_directory(connection.domain))
            elif isinstance(answer.error, OtherCloud):
                is_offered = answer.error.found in Connection.Cloud.values
                message = str(describe_error(answer.error))
                self.add_error(
                    "cloud" if is_offered else "domain",
                    ValidationError(message, code="other_cloud"),
                )
            elif answer.says_unknown:
                self.add_error("domain", _unknown_domain(connection.domain))
        else:
            found = self.found_directory = answer.tenant_id
            pinned = connection.tenant_id
            if pinned and found != pinned and self.cleaned_data["trust_directory"] != found:
                message = other_directory(connection, found)
                self.add_error("domain", ValidationError(message, code="other_directory"))
                self.fields["trust_directory"].widget = TrustCheckbox(found)
        if self.errors and connection.pk and not self._is_moved:
            # The form is refused, but Microsoft's answer about the stored domain still counts.
            domains.settle(connection, answer)

    def save(self, commit: bool = True) -> Connection:
        if self.found_directory:
            self.instance.tenant_id = self.found_directory
        return super().save(commit)

    @property
    def answers_on_new_aliases(self) -> list[domains.Answer]:
        shown = set(self.initial.get("domain_aliases", ()))
        added = set(self.cleaned_data["domain_aliases"]) - shown
        return [answer for answer in self.answers if answer.domain in added]

    def settle_domains(self) -> None:
        """Store Microsoft's answers about the domains, after the connection and its aliases."""
        connection = self.instance
        if connection.cloud != self._stored_cloud:
            connection.aliases.forget_proofs()
        for answer in self.answers:
            domains.settle(connection, answer)


def _date_without_secret(has_table: bool) -> ValidationError:
    if has_table:
        message = gettext(
            "Enter the new secret too. To change the date of a stored secret, use the table below."
        )
    else:
        message = gettext("Also enter the client secret that expires on this day.")
    return ValidationError(message, code="date_without_secret")


def _unknown_domain(domain: str) -> ValidationError:
    return ValidationError(
        _("Microsoft knows no directory with the domain %(domain)s: check the spelling."),
        code="domain_unknown",
        params={"domain": domain},
    )
