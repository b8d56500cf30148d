"""The form of an application that is an OAuth client, or becomes one."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.forms.models import fields_for_model
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_application_model

from ...admin.application_form import ApplicationForm
from ...admin.widgets.field_texts import field_texts
from ...models import Application
from ...models.application import default_grant_types
from ..models import OAuthClient
from ..models.client import SUPPORTED_GRANT_TYPES, possible_grant_types
from ..models.client_settings import validate_client_id
from .fields import MetadataField, OriginsField

_Type = Application.Type
_GrantType = Application.GrantType

TYPES: dict[str, Promise] = {
    _Type.REGULAR_WEB: _(
        "A web application with a server, which keeps a client secret. Also this site itself and "
        "its sections."
    ),
    _Type.SPA: _(
        "JavaScript in the browser, which calls APIs itself. It can keep no secret, so it uses "
        "PKCE."
    ),
    _Type.NATIVE: _(
        "A mobile, desktop or command-line application. It can keep no secret, so it uses PKCE."
    ),
    _Type.MACHINE_TO_MACHINE: _(
        "A program that acts for itself, such as a nightly job. People cannot sign in to it."
    ),
}

#: The fields of the client's own row, in the order of the page.
ACCESS_FIELDS = ("is_first_party", "is_pkce_required", "logo_uri")
LIFETIME_FIELDS = ("id_token_lifetime", "refresh_token_lifetime", "refresh_token_idle_lifetime")
OTHER_FIELDS = ("backchannel_logout_uri", "uses_auth0_subjects", "metadata")
ROW_FIELDS = (*ACCESS_FIELDS, *LIFETIME_FIELDS, *OTHER_FIELDS)
CLIENT_FIELDS = ("is_client", "new_client_id", "grant_types", "web_origins", *ROW_FIELDS)

_OF_MODEL = fields_for_model(
    OAuthClient,
    fields=["is_first_party", "is_pkce_required", *LIFETIME_FIELDS, "uses_auth0_subjects"],
)


def grant_type_choices() -> list[tuple[str, Any]]:
    """Return the grant types that a client can have, each with its label."""
    return [pair for pair in _GrantType.choices if pair[0] in SUPPORTED_GRANT_TYPES]


def _effective_grant_types() -> str:
    """Say which grant types each type of application can have."""
    effective = "; ".join(
        f"{_Type(kind).label}: "
        + ", ".join(str(text) for name, text in grant_type_choices() if name in possible)
        for kind in TYPES
        for possible in [possible_grant_types(kind)]
    )
    return gettext("Only those that the application type can have take effect. %(effective)s.") % {
        "effective": effective
    }


def _url_field(name: str) -> forms.URLField:
    return forms.URLField(
        **field_texts(OAuthClient, name),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )


class ClientApplicationForm(ApplicationForm):
    # Set on a subclass that the admin page makes.
    client: ClassVar[OAuthClient | None]
    may_edit_client: ClassVar[bool]
    types = TYPES

    is_client = forms.BooleanField(
        label=_("OAuth client"),
        required=False,
        help_text=_(
            "An application outside this site, which signs its people in here by OAuth 2.0 and "
            "OpenID Connect. Leave it unticked for this site itself and its sections."
        ),
    )
    new_client_id = forms.CharField(
        label=_("Client ID"),
        required=False,
        max_length=255,
        help_text=_(
            "Only to keep the client ID of a client that comes from elsewhere. By default the "
            "application's external ID, or a new one."
        ),
    )
    grant_types = forms.MultipleChoiceField(
        label=field_texts(Application, "grant_types")["label"],
        choices=grant_type_choices,
        initial=default_grant_types,
        required=False,
        widget=forms.CheckboxSelectMultiple(
            attrs={"data-azuread-no-effect": _("no effect for this application type")}
        ),
    )
    web_origins = OriginsField(
        label=_("Web origins"),
        required=False,
        help_text=_(
            "Whose scripts may call the endpoints (CORS), one a line, such as "
            "https://app.example.com. A single-page application needs its own."
        ),
    )
    is_first_party = _OF_MODEL["is_first_party"]
    is_pkce_required = _OF_MODEL["is_pkce_required"]
    logo_uri = _url_field("logo_uri")
    id_token_lifetime = _OF_MODEL["id_token_lifetime"]
    refresh_token_lifetime = _OF_MODEL["refresh_token_lifetime"]
    refresh_token_idle_lifetime = _OF_MODEL["refresh_token_idle_lifetime"]
    backchannel_logout_uri = _url_field("backchannel_logout_uri")
    uses_auth0_subjects = _OF_MODEL["uses_auth0_subjects"]
    metadata = MetadataField(
        label=field_texts(OAuthClient, "metadata")["label"],
        required=False,
        help_text=_("Texts for code of your own, one a line, such as “plan = gold”. At most 10."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.may_edit_client:
            for name in CLIENT_FIELDS:
                self.fields.pop(name, None)
            return
        if self.client is None:
            # A new application is usually one outside; a stored one is this site's until somebody
            # says otherwise.
            self.initial["is_client"] = self.instance.pk is None
        else:
            del self.fields["is_client"], self.fields["new_client_id"]
            self.initial.update({name: getattr(self.client, name) for name in ROW_FIELDS})
            self.initial["web_origins"] = self.client.web_origins
        self.fields["grant_types"].help_text = _effective_grant_types()
        self._describe_types()

    def _describe_types(self) -> None:
        """Give the page's script the grant types of each type, to tick and to mark."""
        field: Any = self.fields.get("application_type")
        if field is None:
            return
        encode = DjangoJSONEncoder().encode
        possible = {kind: sorted(possible_grant_types(kind)) for kind in _Type.values}
        field.widget.attrs["data-azuread-possible"] = encode(possible)
        if self.instance.pk is None:
            usual = {str(kind): grants for kind, grants in Application.DEFAULT_GRANT_TYPES.items()}
            field.widget.attrs["data-azuread-grants"] = encode(usual)

    @property
    def will_be_client(self) -> bool:
        return self.client is not None or bool(self.cleaned_data.get("is_client"))

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        if not self.may_edit_client:
            return cleaned
        if not self.will_be_client:
            # Nothing of the client is shown, so nothing of it is wrong.
            for name in CLIENT_FIELDS:
                self.errors.pop(name, None)
            cleaned["grant_types"] = self._grant_types_of_this_site(cleaned)
            return cleaned
        self._clean_client_id(cleaned)
        self._clean_row(cleaned)
        return cleaned

    def _grant_types_of_this_site(self, cleaned: dict[str, Any]) -> list[str]:
        """People can sign in to a part of this site unless its type says otherwise: the page of
        such an application has no boxes for grant types."""
        stored: Any = self.instance.grant_types
        kept = list(stored) if isinstance(stored, list) else []
        if cleaned.get("application_type") != _Type.MACHINE_TO_MACHINE:
            kept = [*kept, *{_GrantType.AUTHORIZATION_CODE.value}.difference(kept)]
        return kept

    def _clean_client_id(self, cleaned: dict[str, Any]) -> None:
        if self.client is not None or "new_client_id" in self.errors:
            return
        wanted = cleaned.get("new_client_id") or cleaned.get("external_id")
        if not wanted:
            return
        try:
            validate_client_id(wanted)
        except ValidationError as error:
            self.add_error("new_client_id", error)
            return
        if get_application_model()._default_manager.filter(client_id=wanted).exists():
            message = _("The client ID “%(client_id)s” is taken.")
            taken = ValidationError(message, code="taken", params={"client_id": wanted})
            self.add_error("new_client_id", taken)

    def _clean_row(self, cleaned: dict[str, Any]) -> None:
        row = self.client or OAuthClient()
        valid = [name for name in ROW_FIELDS if name in cleaned]
        for name in valid:
            setattr(row, name, cleaned[name])
        exclude = {field.name for field in OAuthClient._meta.fields} - set(valid)
        try:
            row.clean_fields(exclude=exclude)
        except ValidationError as error:
            self.add_error(None, error)

    def save_client(self) -> OAuthClient | None:
        """Store what makes the application a client. Returns the client if it is new."""
        if not self.may_edit_client or not self.will_be_client:
            return None
        values = {name: self.cleaned_data[name] for name in ROW_FIELDS}
        client = self.client or OAuthClient.objects.register(
            self.instance, client_id=self.cleaned_data["new_client_id"]
        )
        for name, value in values.items():
            setattr(client, name, value)
        client.save(update_fields=list(values))
        client.set_web_origins(self.cleaned_data["web_origins"])
        return client if self.client is None else None
