"""Admin pages of identities: look them up, untie them, tie them to another user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, ForeignKeyRawIdWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..login.users.user_rights import held_permissions
from ..models import Identity
from ..models.lookup_index import IgnoringCase, same_text
from ..models.validators import is_guid
from .rights import may_change_only_others, named, of_visible_connections
from .widgets.dates import short_time, time_ago
from .widgets.filters import ConnectionFilter
from .widgets.large_lists import LargeListAdmin
from .widgets.links import may_open


class IdentityForm(forms.ModelForm):
    """``editor``: the user who fills it in. ``stored_user``: the user that is tied so far."""

    editor: Any = None

    class Meta:
        model = Identity
        fields = ["user"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_user = self.instance.user if self.instance.pk else None

    def clean_user(self) -> Any:
        user = self.cleaned_data["user"]
        if user == self.stored_user or getattr(self.editor, "is_superuser", False):
            return user
        if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):
            raise ValidationError(
                _("Only a superuser can tie a person to a user who is staff or superuser."),
                code="powerful",
            )
        if beyond := sorted(held_permissions(user) - held_permissions(self.editor)):
            raise ValidationError(
                _("This user holds permissions that you do not hold yourself: %(permissions)s."),
                code="beyond",
                params={"permissions": named(beyond)},
            )
        return user


@admin.register(Identity)
class IdentityAdmin(LargeListAdmin):
    """Only sign-ins create identities. Deleting one unties the person; the user stays. Tying one to
    another user lets the person sign in as that user."""

    list_display = ("shown_name", "user", "connection", "tenant_id", "last_sign_in")
    list_select_related = ("user", "connection")
    list_filter = (ConnectionFilter,)
    search_fields = ("login_name", "object_id__exact", "tenant_id__exact")
    search_help_text = _("Login name, or a whole object ID or directory ID")
    empty_value_display = "–"
    show_facets = admin.ShowFacets.NEVER
    facts = (
        "login_name",
        "user",
        "connection",
        "exact_last_sign_in",
        "shown_profile",
        "shown_roles",
    )
    details = ("first_sign_in", "cloud", "tenant_id", "object_id")
    form = IdentityForm

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Identity]:
        return of_visible_connections(self.admin_site, request, super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Identity], search_term: str
    ) -> tuple[QuerySet[Identity], bool]:
        # IDs are stored in lower case; Azure and people write them either way.
        term = search_term.strip()
        # A whole name is found by an index; a part of one is not.
        whole = queryset.filter(same_text("login_name", term))
        if term and whole.exists():
            return whole, False
        return super().get_search_results(
            request, queryset, term.lower() if is_guid(term) else term
        )

    # --- Permissions: also limited by rights to single connections --------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_theirs(request, obj)

    def _is_theirs(self, request: HttpRequest, identity: Identity | None) -> bool:
        connection = identity.connection if identity else None
        return not may_change_only_others(self.admin_site, request, connection)

    # --- Tying a person to another user -----------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: Identity | None = None) -> Any:
        return tuple(name for name in (*self.facts, *self.details) if name != "user")

    def get_fieldsets(self, request: HttpRequest, obj: Identity | None = None) -> Any:
        ids = {"fields": self.details, "classes": ["collapse"]}
        return [(None, {"fields": self.facts}), (gettext("IDs in the directory"), ids)]

    def get_form(
        self,
        request: HttpRequest,
        obj: Identity | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        kwargs["form"] = type("IdentityForm", (self.form,), {"editor": request.user})
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # A list of a million users is of no use: search for the user if the site's user admin can,
        # else type its ID.
        if db_field.name == "user":
            user_model = db_field.remote_field.model
            searchable = (
                may_open(self.admin_site, request, user_model)
                and self.admin_site.get_model_admin(user_model).search_fields
            )
            kwargs["widget"] = (
                AutocompleteSelect(db_field, self.admin_site)
                if searchable
                else ForeignKeyRawIdWidget(db_field.remote_field, self.admin_site)
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Identity, form: Any, change: bool) -> None:
        # Only what was edited: a sign-in may be writing the other columns at this moment.
        if "user" in form.changed_data:
            obj.save(update_fields=["user"])

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        if "user" not in form.changed_data:
            return super().construct_change_message(request, form, formsets, add)
        return gettext("Tied to the user %(now)s (%(now_id)s) instead of %(was)s (%(was_id)s).") % {
            "now": form.instance.user,
            "now_id": form.instance.user.pk,
            "was": form.stored_user,
            "was_id": form.stored_user.pk,
        }

    # --- What is shown ----------------------------------------------------------------------

    @admin.display(description=_("login name"), ordering=IgnoringCase("login_name"))
    def shown_name(self, identity: Identity) -> str:
        return identity.login_name or identity.object_id

    @admin.display(description=_("last sign-in"), ordering="last_sign_in_at")
    def last_sign_in(self, identity: Identity) -> str | SafeString:
        return time_ago(identity.last_sign_in_at, gettext("never"))

    @admin.display(description=_("first sign-in"))
    def first_sign_in(self, identity: Identity) -> str:
        return short_time(identity.created_at)

    @admin.display(description=_("last sign-in"))
    def exact_last_sign_in(self, identity: Identity) -> str:
        return (
            short_time(identity.last_sign_in_at) if identity.last_sign_in_at else gettext("never")
        )

    @admin.display(description=_("profile"))
    def shown_profile(self, identity: Identity) -> str | SafeString:
        if not isinstance(identity.profile, dict) or not identity.profile:
            return "–"
        rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", _pairs(identity.profile))
        return format_html('<dl class="azuread-profile">{}</dl>', rows)

    @admin.display(description=_("app roles"))
    def shown_roles(self, identity: Identity) -> str | SafeString:
        if not isinstance(identity.roles, list) or not identity.roles:
            return "–"
        return format_html_join(", ", "<code>{}</code>", ((role,) for role in identity.roles))


def _pairs(profile: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a profile; the optional claims by their own names."""
    for name, value in profile.items():
        if name == "claims" and isinstance(value, dict):
            yield from ((f"claims.{claim}", kept) for claim, kept in value.items())
        else:
            yield name, value
