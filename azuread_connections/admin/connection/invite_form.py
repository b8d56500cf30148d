"""The form of *Invite the customer*."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models import Application, Connection, EnabledConnection, SetupLink
from ...models.validators import validate_plain_text
from ...setup import links, tokens
from ...setup.connections import is_in_use
from ..widgets.choices import RowsField, choose_by

#: The field at which each error of ``links.create_link`` is shown.
_FIELDS = {
    "no_name": "customer",
    "name_long": "customer",
    "not_plain": "customer",
    "no_application": "applications",
    "application": "applications",
    "lifetime": "days",
    "openings": "openings",
    "no_connection": "purpose",
}
_REFERENCE = re.compile(r"[2-9a-z]{10}")


class InvitationForm(forms.Form):
    """``connection``: None for a new customer. ``earlier``: the connection's open link, if any.

    ``reference`` is the link's, chosen when the form is shown, so that a form that is sent twice
    makes one link.
    """

    revoke_earlier = forms.BooleanField(
        label=_("Revoke the earlier link"), required=False, initial=True
    )
    reference = forms.CharField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}), required=False
    )
    customer = forms.CharField(
        label=_("Customer"),
        max_length=128,
        validators=[validate_plain_text],
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "organization"}),
        help_text=_(
            "The company's name, such as Contoso. It is shown on the button and to the customer, "
            "and the connection is named after it."
        ),
    )
    purpose = forms.ChoiceField(
        label=_("What for"),
        choices=[
            (SetupLink.Purpose.SETUP, _("Set up the whole connection")),
            (SetupLink.Purpose.RENEW, _("Only add a new credential")),
        ],
        widget=forms.RadioSelect,
    )
    applications = RowsField(
        label=_("Applications"),
        queryset=Application._default_manager.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The connection is enabled for these when the set-up is finished."),
    )
    auto_enable = forms.BooleanField(
        label=_("Enable without approval"),
        required=False,
        help_text=_(
            "If off, the customer's people can sign in only after somebody here has approved what "
            "was entered."
        ),
    )
    domains_required = forms.BooleanField(
        label=_("Domains must be verified"),
        required=False,
        help_text=_(
            "If on, the set-up cannot be finished before each email domain is verified as the "
            "customer's, by Microsoft's answer or by a DNS record."
        ),
    )
    days = forms.IntegerField(
        label=_("Valid for (days)"),
        min_value=1,
        max_value=links.MAX_LIFETIME.days,
        initial=links.DEFAULT_LIFETIME.days,
        widget=forms.NumberInput(attrs={"class": "vIntegerField"}),
    )
    openings = forms.IntegerField(
        label=_("Allowed uses"),
        min_value=1,
        max_value=links.MAX_OPENINGS,
        initial=links.DEFAULT_OPENINGS,
        widget=forms.NumberInput(attrs={"class": "vIntegerField"}),
        help_text=_("How often the link can be opened. Each opening lasts up to five hours."),
    )
    contact_email = forms.EmailField(
        label=_("Email address of the customer's administrator"),
        required=False,
        validators=[validate_plain_text],
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text=_(
            "Optional. Stored as the connection's contact, who also gets an email before a "
            "credential ends. This site sends nothing now."
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        connection: Connection | None,
        earlier: SetupLink | None,
        admin_site: AdminSite,
    ) -> None:
        super().__init__(data, label_suffix="")
        self.connection, self.earlier = connection, earlier
        self.made_before: Any = None
        self.initial["reference"] = tokens.new_reference()
        applications = Application._default_manager.order_by("name")
        relation = EnabledConnection._meta.get_field("application")
        choose_by(self.fields["applications"], applications, relation, admin_site)
        del self.fields["customer" if connection else "purpose"]
        if earlier is None:
            del self.fields["revoke_earlier"]
        if connection is None:
            only = list(applications.values_list("pk", flat=True)[:2])
            self.initial["applications"] = only if len(only) == 1 else []
        else:
            self._take_over(connection, earlier)

    def _take_over(self, connection: Connection, earlier: SetupLink | None) -> None:
        """Begin with what is known of the connection, and with what its open link says."""
        in_use = is_in_use(connection)
        self.initial.update(
            purpose=SetupLink.Purpose.RENEW if in_use else SetupLink.Purpose.SETUP,
            applications=list(connection.applications.values_list("pk", flat=True)),
            contact_email=connection.contact_email,
        )
        if not connection.is_complete:
            purpose: Any = self.fields["purpose"]
            purpose.choices = purpose.choices[:1]
        if in_use:
            self.fields["purpose"].help_text = gettext(
                "People sign in with this connection, so a link never changes its domain, its "
                "directory or its client ID."
            )
        if earlier is not None:
            self.initial.update(
                purpose=earlier.purpose,
                applications=list(earlier.applications.values_list("pk", flat=True)),
                auto_enable=earlier.auto_enable,
                domains_required=earlier.domains == SetupLink.Domains.REQUIRED,
                openings=earlier.max_openings,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self._is_setup and "applications" in cleaned and not cleaned["applications"]:
            self.add_error("applications", gettext("Choose at least one application."))
        return cleaned

    @property
    def _is_setup(self) -> bool:
        return self.connection is None or (
            self.cleaned_data.get("purpose") == SetupLink.Purpose.SETUP
        )

    def is_sent_twice(self, user: Any) -> bool:
        """Return whether this form has made a link already, which is ``made_before`` then."""
        reference = str(self.data.get("reference", ""))
        if not _REFERENCE.fullmatch(reference):
            return False
        found = SetupLink._default_manager.filter(reference=reference, created_by=user.pk)
        self.made_before = found.select_related("connection").first()
        return self.made_before is not None

    def create(self, request: HttpRequest) -> links.CreatedLink:
        """Make the link of a valid form. Raises ``ValidationError``: see ``refuse``."""
        data = self.cleaned_data
        required, optional = SetupLink.Domains.REQUIRED, SetupLink.Domains.OPTIONAL
        is_setup = self._is_setup
        created = links.create_link(
            applications=list(data["applications"]) if is_setup else [],
            connection=self.connection,
            name=data.get("customer", ""),
            purpose=SetupLink.Purpose.SETUP if is_setup else SetupLink.Purpose.RENEW,
            lifetime=timedelta(days=data["days"]),
            max_openings=data["openings"],
            auto_enable=is_setup and data["auto_enable"],
            domains=required if is_setup and data["domains_required"] else optional,
            created_by=request.user,
            request=request,
            reference=self._usable_reference(request.user),
        )
        if self.earlier is not None and data["revoke_earlier"]:
            links.revoke(self.earlier, by=request.user, request=request)
        self._keep_contact(created.link.connection)
        return created

    def _usable_reference(self, user: Any) -> str:
        """Return the form's reference; "" if somebody has tampered with it.

        One that this user's own link has meanwhile is returned, so that there is no second link.
        """
        reference: str = self.cleaned_data["reference"]
        others = SetupLink._default_manager.filter(reference=reference).exclude(created_by=user.pk)
        is_usable = _REFERENCE.fullmatch(reference) and not others.exists()
        return reference if is_usable else ""

    def _keep_contact(self, connection: Connection | None) -> None:
        if connection is not None and "contact_email" in self.changed_data:
            # Only this column: somebody may be editing the others.
            rows = Connection._default_manager.filter(pk=connection.pk)
            rows.update(contact_email=self.cleaned_data["contact_email"])

    def refuse(self, error: ValidationError) -> None:
        """Show why ``create`` failed, at the field that it is about."""
        for each in error.error_list:
            field = _FIELDS.get(each.code or "")
            self.add_error(field if field in self.fields else None, each)
