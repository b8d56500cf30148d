"""OAuth clients: what makes an application one, its secrets, origins and grants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from oauth2_provider.models import get_application_model

from ...admin.widgets.lines import LinesField
from ...models import Application
from ...models.validators import is_plain
from ..models import ClientGrant, OAuthClient, OAuthClientSecret
from ..models.origins import clean_origin


class OriginsField(LinesField):
    """Origins, one a line: ``https://app.example.com``."""

    def clean_line(self, line: str) -> str:
        return clean_origin(line)


class OAuthClientForm(forms.ModelForm):
    new_client_id = forms.CharField(
        label=_("Client ID"),
        required=False,
        max_length=255,
        help_text=_(
            "Only to keep the client ID of a client that comes from elsewhere. By default the "
            "application's external ID, or a new one."
        ),
    )
    origins = OriginsField(
        label=_("Web origins"),
        required=False,
        help_text=_("Whose scripts may call the endpoints, such as https://app.example.com."),
    )

    class Meta:
        model = OAuthClient
        fields = ["application", "is_first_party", "is_pkce_required"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["origins"] = self.instance.web_origins
        elif "application" in self.fields:
            unregistered = Application._default_manager.filter(oauth_client__isnull=True)
            self.fields["application"].queryset = unregistered  # type: ignore[attr-defined]

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        application = cleaned.get("application")
        if self.instance.pk is None and application is not None:
            wanted = cleaned.get("new_client_id") or application.external_id
            taken = get_application_model()._default_manager.filter(client_id=wanted)
            if wanted and (not is_plain(wanted) or taken.exists()):
                error = ValidationError(
                    _("The client ID “%(client_id)s” is taken."),
                    code="taken",
                    params={"client_id": wanted},
                )
                self.add_error("new_client_id", error)
        return cleaned


class SecretInline(admin.TabularInline):
    """Stored secrets: their end can be set, and they can be deleted. None is ever shown."""

    model = OAuthClientSecret
    fields = ("begins_with", "created_at", "expires_at")
    readonly_fields = ("begins_with", "created_at")
    extra = 0
    max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("begins with"))
    def begins_with(self, secret: OAuthClientSecret) -> SafeString:
        return format_html("<code>{}</code>", str(secret))


class GrantInline(admin.TabularInline):
    model = ClientGrant
    fields = ("api", "scope")
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "scope":
            kwargs["widget"] = forms.TextInput(attrs={"class": "vTextField"})
            kwargs["help_text"] = _("Separated by spaces.")
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(OAuthClient)
class OAuthClientAdmin(admin.ModelAdmin):
    form = OAuthClientForm
    change_form_template = "azuread_connections/provider/admin_client.html"
    list_display = ("application", "shown_client_id", "type", "is_first_party")
    list_filter = ("application__application_type", "is_first_party")
    list_select_related = ("application", "oauth_application")
    search_fields = ("application__name", "application__slug", "oauth_application__client_id")

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}
        js = ["azuread_connections/admin.js"]

    @admin.display(description=_("client ID"), ordering="oauth_application__client_id")
    def shown_client_id(self, client: OAuthClient) -> SafeString:
        return format_html("<code>{}</code>", client.client_id)

    @admin.display(description=_("application type"), ordering="application__application_type")
    def type(self, client: OAuthClient) -> str:
        return client.application.get_application_type_display()

    def get_fields(self, request: HttpRequest, obj: OAuthClient | None = None) -> Any:
        names = ["application", "is_first_party", "is_pkce_required", "origins"]
        return [names[0], "shown_client_id" if obj else "new_client_id", *names[1:]]

    def get_readonly_fields(
        self, request: HttpRequest, obj: OAuthClient | None = None
    ) -> tuple[str, ...]:
        return ("application", "shown_client_id") if obj is not None else ()

    def get_inlines(self, request: HttpRequest, obj: OAuthClient | None) -> list[Any]:
        if obj is None:
            return []
        return [GrantInline] if obj.is_public else [SecretInline, GrantInline]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            client = OAuthClient.objects.register(
                obj.application,
                client_id=form.cleaned_data["new_client_id"],
                is_first_party=obj.is_first_party,
                is_pkce_required=obj.is_pkce_required,
            )
            obj.pk, obj.oauth_application = client.pk, client.oauth_application
            obj._state.adding = False
        obj.set_web_origins(form.cleaned_data["origins"])

    # --- A client secret --------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.add_secret)
        name = "azuread_provider_oauthclient_add_secret"
        return [path("<int:pk>/add-secret/", view, name=name), *super().get_urls()]

    @method_decorator(never_cache)
    @method_decorator(require_POST)
    def add_secret(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the client a secret and show it, this once."""
        client = self.get_object(request, str(pk))
        if client is None or not self.may_add_secret(request, client):
            raise PermissionDenied
        secret = OAuthClientSecret.objects.add(client)
        request.current_app = self.admin_site.name
        self.log_change(request, client, gettext("Added a client secret."))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Client secret"),
            "opts": self.opts,
            "client": client,
            "secret": secret,
            "media": self.media,
        }
        return render(request, "azuread_connections/provider/admin_secret.html", context)

    def may_add_secret(self, request: HttpRequest, client: OAuthClient) -> bool:
        permission = "azuread_provider.add_oauthclientsecret"
        return (
            not client.is_public
            and self.has_change_permission(request, client)
            and request.user.has_perm(permission)
        )

    def render_change_form(
        self, request: Any, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        client = context.get("original")
        context["may_add_secret"] = client is not None and self.may_add_secret(request, client)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        if not obj.is_public:
            hint = gettext("Now give the client a secret, on its page.")
            self.message_user(request, hint, messages.INFO)
        return super().response_add(request, obj, *args, **kwargs)
