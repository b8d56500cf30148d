"""The layout of a connection's page, and its read-only fields."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...models import Connection
from ..rights import CHANGE_GROUP, MANAGE_SECRET, may
from ..widgets.dates import short_time
from .aliases import further_domains
from .domain_proofs import shown_proofs
from .listing import quiet


def fieldsets(request: HttpRequest, connection: Connection | None, *, may_edit: bool) -> Any:
    """Return the page's fieldsets, under the headings of Auth0's Dashboard.

    ``connection`` is None on the page that adds one. The class that begins with ``azuread-`` names
    the fieldset's section: see ``sections``.
    """
    general = ["name", "display_name", "logo_url", "button_preview", "domain"]
    if may_edit:
        general += ["trust_directory", "shown_state"]
    if connection is not None and connection.tenant_id:
        general.append("shown_directory")
    general += ["domain_aliases" if may_edit else "shown_aliases", "discover_domain"]
    if connection is not None:
        general.append("shown_proofs")
    general.append("cloud")
    general.append("contact_email")
    return [
        (gettext("General"), {"fields": general, "classes": ["azuread-general"]}),
        (gettext("Credentials"), _credentials(request, may_edit)),
        (
            gettext("Options"),
            {
                "fields": ["identity_api", "use_common_endpoint", "new_directories", "prompt"],
                "classes": ["azuread-options"],
            },
        ),
        (
            gettext("Attributes"),
            {
                "fields": [
                    "basic_profile",
                    "extended_profile",
                    "security_groups",
                    "nested_groups",
                    "max_groups",
                    "app_roles",
                    "optional_claims",
                    "enable_users_api",
                    "sync_profile",
                    "governed_fields",
                ],
                "classes": ["azuread-attributes"],
            },
        ),
        (gettext("Who gets in"), _people(request, may_edit)),
        (
            gettext("Applications"),
            {
                "fields": ["enabled_applications" if may_edit else "enabled_for", "show_as_button"],
                "classes": ["azuread-applications"],
            },
        ),
    ]


def _credentials(request: HttpRequest, may_edit: bool) -> dict[str, Any]:
    credentials: dict[str, Any] = {"fields": ["client_id"], "classes": ["azuread-credentials"]}
    if not may(request, MANAGE_SECRET):
        credentials["description"] = quiet(
            gettext(
                "To add or remove credentials, you need the permission “Can add and remove "
                "credentials”."
            )
        )
    elif may_edit:
        credentials["fields"] += ["new_secret", "new_secret_expires"]
    return credentials


def _people(request: HttpRequest, may_edit: bool) -> dict[str, Any]:
    people: dict[str, Any] = {
        "fields": ["create_users", "allow_guests", "link_by_email"],
        "classes": ["azuread-people"],
    }
    if may_edit and not may(request, CHANGE_GROUP):
        people["description"] = quiet(
            gettext(
                "To map a directory's group to a Django group, you need the permission “Can "
                "change group”."
            )
        )
    return people


class ConnectionFacts(admin.ModelAdmin):
    @admin.display(description=_("Button"))
    def button_preview(self, connection: Connection) -> SafeString:
        sentence = gettext("Continue with %(label)s")
        return format_html(
            '<span class="azuread-button" data-azuread-preview data-template="{}">'
            '<img class="azuread-logo" width="20" height="20" alt="" src="{}"'
            ' referrerpolicy="no-referrer"{}>'
            "<span data-azuread-label>{}</span></span>"
            '<span class="azuread-note" data-azuread-logo-failed role="status" hidden>{}</span>',
            sentence % {"label": "{label}"},
            connection.logo_url,
            "" if connection.logo_url else SafeString(" hidden"),
            sentence % {"label": connection.label or "…"},
            gettext("Your browser could not load the logo from this address."),
        )

    @admin.display(description=_("Directory ID"))
    def shown_directory(self, connection: Connection) -> SafeString:
        state, words = _proof_of_domain(connection)
        return format_html(
            '<code>{}</code> <span class="azuread-note azuread-state azuread-state-{}">{}</span>',
            connection.tenant_id,
            state,
            words,
        )

    @admin.display(description=_("Domain aliases"))
    def shown_aliases(self, connection: Connection) -> str:
        return ", ".join(further_domains(connection)) or "–"

    @admin.display(description=_("Verified domains"))
    def shown_proofs(self, connection: Connection) -> SafeString:
        return shown_proofs(connection)

    @admin.display(description=_("Basic Profile"))
    def basic_profile(self, connection: Connection) -> SafeString:
        return format_html(
            '<label class="azuread-fixed"><input type="checkbox" checked disabled> {}</label>'
            '<span class="azuread-note">{}</span>',
            gettext("Always on"),
            gettext(
                "Name, given and family name, user name (UPN) and email address, as far as the "
                "directory knows them."
            ),
        )

    @admin.display(description=_("Governed fields of the Django user"))
    def governed_fields(self, connection: Connection) -> SafeString:
        """The user fields that follow the profile, and which of them the user model lacks."""
        missing = gettext("this site's users have no such field")
        rows = [
            (field, attribute, "" if _has_field(field) else f"({missing})")
            for field, attribute in conf.user_fields.items()
        ]
        if not rows:
            return quiet(gettext("None: the setting USER_FIELDS is empty."))
        listed = format_html_join("", "<li><code>{}</code> ← {} {}</li>", rows)
        return format_html(
            '<ul class="azuread-list">{}</ul><span class="azuread-note">{}</span>',
            listed,
            gettext("Set for all connections by the setting USER_FIELDS."),
        )


def _proof_of_domain(connection: Connection) -> tuple[str, str]:
    """Return whether the own domain is verified: a state, and a sentence."""
    own = connection.aliases.filter(domain=connection.domain).first()
    if own is not None and own.is_verified_for(connection.tenant_id):
        state, words = (
            "valid",
            gettext("%(domain)s is verified for this directory, last checked %(when)s."),
        )
    elif own is not None and own.checked_at and own.found_tenant_id != connection.tenant_id:
        state = "expired"
        words = (
            gettext("Microsoft says that %(domain)s belongs to another directory, %(found)s.")
            if own.found_tenant_id
            else gettext("Microsoft knows no directory with the domain %(domain)s.")
        )
    else:
        state = "unknown"
        words = gettext(
            "%(domain)s is not verified for this directory yet: it is checked when you save."
        )
    return state, words % {
        "domain": connection.domain,
        "found": own.found_tenant_id if own else "",
        "when": short_time(own.checked_at) if own and own.checked_at else "",
    }


def _has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
