"""The form of a connection: what an administrator types, checked before it is stored."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..entra.errors import EntraError, MicrosoftError
from ..microsoft import find_directory
from ..models import Application, Connection, EnabledConnection, Sealed
from ..models.validators import validate_client_id, validate_client_secret
from .choices import choose_by
from .dates import ExpiryDateField

#: Microsoft's codes for "no such directory": 90002 not found, 900023 no possible name of one.
UNKNOWN_DIRECTORY = frozenset({90002, 900023})
SECRET_FIELDS = ("new_secret", "new_secret_expires")


class TrustCheckbox(forms.CheckboxInput):
    """A check box whose value is the directory asked about, so that no "yes" fits another one."""

    def __init__(self, directory: str) -> None:
        super().__init__(check_test=lambda value: value == directory)
        self.directory = directory

    def format_value(self, value: Any) -> str:
        return self.directory


class ConnectionForm(forms.ModelForm):
    """Validates a connection and, once all else is right, finds its directory at Microsoft.

    After ``is_valid()``: ``found_directory`` is the directory's ID where Microsoft was asked and
    answered, ``lookup_error`` says why it is not known where it was asked in vain.
    """

    # What the admin page knows of the request, set on a subclass made for it.
    may_manage_secrets: ClassVar[bool] = False
    admin_site: ClassVar[AdminSite]

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
            "The column “Expires” beside the secret in Azure. It is the only way to be warned in "
            "time: an expired secret stops every sign-in."
        ),
    )
    enabled_applications = forms.ModelMultipleChoiceField(
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

    class Meta:
        model = Connection
        fields = [
            "name",
            "display_name",
            "logo_url",
            "domain",
            "client_id",
            "identity_api",
            "sync_profile",
            "show_as_button",
        ]
        labels = {
            "name": _("Connection name"),
            "display_name": _("Display name"),
            "logo_url": _("Logo URL"),
            "client_id": _("Client ID"),
            "identity_api": _("Identity API"),
            "sync_profile": _("Sync user profile attributes at each login"),
            "show_as_button": _("Show as button"),
            "tenant_id": _("Directory ID"),
        }
        help_texts = {
            "name": _(
                "Part of the sign-in address and fixed once saved. Letters, digits and “-”, such "
                "as contoso-staff."
            ),
            "display_name": _(
                "What people read on the button: usually the company. Empty: the connection name."
            ),
            "logo_url": _(
                "Address of a square picture, beginning with https://. It is drawn at 20×20 pixels."
            ),
            "domain": _(
                "A domain of the directory, such as contoso.com or contoso.onmicrosoft.com. In the "
                "Microsoft Entra admin center: Overview › Primary domain."
            ),
            "tenant_id": _("Found at Microsoft by the domain. Only people of it can sign in."),
            "client_id": _(
                "In the Microsoft Entra admin center: App registrations › your app › Overview › "
                "“Application (client) ID”."
            ),
            "identity_api": _(
                "v2.0 for every new registration. v1.0 only for an older one that needs it."
            ),
            "sync_profile": _(
                "When name and email address of the Django user follow the directory."
            ),
            "show_as_button": _(
                "Shows “Continue with …” on the sign-in page. Without it, people come by a direct "
                "link only."
            ),
        }
        error_messages = {
            "name": {"required": _("Enter a name, such as contoso-staff.")},
            "domain": {"required": _("Enter the directory's domain, such as contoso.com.")},
            "client_id": {"required": _("Enter the registration's “Application (client) ID”.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found_directory = ""
        self.lookup_error = ""
        self._stored_domain = self.instance.domain
        if not self.may_manage_secrets:
            for name in SECRET_FIELDS:
                del self.fields[name]
        self._set_up_fields()
        self._set_up_applications()

    def _set_up_fields(self) -> None:
        # Absent where a person may only look.
        if self.instance.pk and "name" in self.fields:
            self.fields["name"].widget.attrs["readonly"] = True
            self.fields["name"].help_text = _("Part of the sign-in address, so it never changes.")
        if "client_id" in self.fields:
            # A browser would cut a value pasted with spaces around it, and the message about
            # its length would only hide the one that says what is wrong.
            client_id = self.fields["client_id"]
            client_id.widget.attrs.pop("maxlength", None)
            client_id.widget.attrs["spellcheck"] = "false"
            client_id.validators = [validate_client_id]
        if "domain" in self.fields:
            self.fields["domain"].widget.attrs |= {"spellcheck": "false", "autocapitalize": "none"}
        if "new_secret" in self.fields:
            self.fields["new_secret"].help_text = _secret_help(is_new=not self.instance.pk)

    def _set_up_applications(self) -> None:
        applications = Application._default_manager.order_by("name")
        field = self.fields["enabled_applications"]
        relation = EnabledConnection._meta.get_field("application")
        choose_by(field, applications, relation, self.admin_site)
        if self.instance.pk:
            self.initial["enabled_applications"] = list(
                self.instance.applications.values_list("pk", flat=True)
            )
        else:
            first_two = list(applications.values_list("pk", flat=True)[:2])
            self.initial["enabled_applications"] = first_two if len(first_two) == 1 else []

    @property
    def changed_data(self) -> list[str]:
        # The admin's history names what was done to secrets in words of its own.
        unnamed = {*SECRET_FIELDS, "trust_directory"}
        return [name for name in super().changed_data if name not in unnamed]

    def clean_new_secret(self) -> str:
        value: str = self.cleaned_data["new_secret"]
        if value:
            try:
                Sealed.seal(value)
            except ImproperlyConfigured as error:
                raise ValidationError(str(error), code="no_encryption_key") from error
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # A secret that was refused is missing here too, but has its own message.
        if cleaned.get("new_secret_expires") and cleaned.get("new_secret") == "":
            self.add_error("new_secret_expires", _date_without_secret(bool(self.instance.pk)))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        # Microsoft is asked last, and only about a form that is right otherwise.
        if not self.errors and self._must_ask():
            self._find_directory()

    def _must_ask(self) -> bool:
        return not self.instance.tenant_id or self.instance.domain != self._stored_domain

    def _find_directory(self) -> None:
        connection = self.instance
        try:
            found = find_directory(
                domain=connection.domain,
                cloud=connection.cloud,
                identity_api=connection.identity_api,
            )
        except MicrosoftError as error:
            if error.aadsts_code in UNKNOWN_DIRECTORY:
                self.add_error("domain", _unknown_domain(connection.domain))
            self.lookup_error = str(error)
        except (EntraError, ImproperlyConfigured) as error:
            self.lookup_error = str(error)
        else:
            self.found_directory = found
            pinned = connection.tenant_id
            if pinned and found != pinned and self.cleaned_data["trust_directory"] != found:
                self.add_error("domain", _other_directory(connection, found))
                self.fields["trust_directory"].widget = TrustCheckbox(found)

    def save(self, commit: bool = True) -> Connection:
        if self.found_directory:
            self.instance.tenant_id = self.found_directory
        return super().save(commit)


def _secret_help(*, is_new: bool) -> str:
    where = gettext(
        "In the Microsoft Entra admin center: App registrations › your app › Certificates & "
        "secrets › Client secrets. Copy the column “Value”, not “Secret ID”; Azure shows it once."
    )
    if is_new:
        blank = gettext("Can be added later, but nobody can sign in until then.")
    else:
        blank = gettext(
            "Empty: nothing changes. A new value is added beside the stored ones, so the old "
            "secret keeps working until you remove it."
        )
    return f"{where} {blank}"


def _date_without_secret(has_table: bool) -> ValidationError:
    if has_table:
        message = gettext(
            "Enter the new secret too. To change the date of a stored one, use the table below."
        )
    else:
        message = gettext("Enter the client secret that expires on this day too.")
    return ValidationError(message, code="date_without_secret")


def _unknown_domain(domain: str) -> ValidationError:
    return ValidationError(
        _("Microsoft knows no directory with the domain %(domain)s: check the spelling."),
        code="domain_unknown",
        params={"domain": domain},
    )


def _other_directory(connection: Connection, found: str) -> ValidationError:
    people = connection.identities.filter(tenant_id=connection.tenant_id).count()
    what = gettext(
        "%(domain)s belongs to another directory (%(found)s) than the one this connection trusts "
        "(%(pinned)s)."
    )
    if people:
        who = ngettext(
            "If you trust the other one, %(people)d person of the present directory can no longer "
            "sign in here.",
            "If you trust the other one, %(people)d people of the present directory can no longer "
            "sign in here.",
            people,
        )
    else:
        who = gettext(
            "If you trust the other one, people of the present directory can no longer sign in "
            "here; nobody has so far."
        )
    how = gettext("To do so, tick the box below.")
    return ValidationError(
        f"{what} {who} {how}",
        code="other_directory",
        params={
            "domain": connection.domain,
            "found": found,
            "pinned": connection.tenant_id,
            "people": people,
        },
    )
