"""App registrations: the list, *New registration*, and an app's overview."""

from __future__ import annotations

from typing import cast

from ..directory.apps import PLATFORMS, App, Platform
from ..directory.directories import Directory
from ..server.wire import Response
from . import checks
from .html import choice, code, facts, form, link, select, table, text_field
from .layout import page
from .place import Place

PLATFORM_LABELS: dict[str, str] = {
    "web": "Web",
    "spa": "Single-page application (SPA)",
    "public": "Public client/native (mobile & desktop)",
}


def account_types(directory: Directory) -> dict[str, str]:
    """The values of Graph's `signInAudience`, with the labels of the admin center."""
    return {
        "AzureADMyOrg": f"Single tenant only – {directory.name}",
        "AzureADMultipleOrgs": "Multiple Entra ID tenants",
        "AzureADandPersonalMicrosoftAccount": (
            "Any Entra ID tenant and personal Microsoft accounts"
        ),
    }


def account_type_of(app: App) -> str:
    if not app.multi_tenant:
        return "AzureADMyOrg"
    return "AzureADandPersonalMicrosoftAccount" if app.personal_accounts else "AzureADMultipleOrgs"


def set_account_type(app: App, audience: str) -> None:
    app.multi_tenant = audience != "AzureADMyOrg"
    app.personal_accounts = audience == "AzureADandPersonalMicrosoftAccount"


def listed(place: Place) -> Response:
    rows = [
        (link(place.url(f"apps/{app.client_id}/"), app.name), code(app.client_id))
        for app in place.directory.apps
    ]
    return page(
        place,
        "App registrations",
        f"<p>{link(place.url('apps/new'), 'New registration')}</p>"
        + table(
            "Owned applications",
            ("Display name", "Application (client) ID"),
            rows,
            none="There are no app registrations in this directory yet.",
        ),
    )


def new(place: Place) -> Response:
    types = account_types(place.directory)
    fields = (
        text_field(
            place,
            "name",
            "Name",
            required=True,
            hint="The user-facing display name for this application (this can be changed later).",
        )
        + choice(
            place,
            "account_type",
            "Supported account types",
            types,
            chosen="AzureADMyOrg",
            hint="Who can use this application or access this API?",
        )
        + "<h2>Redirect URI (optional)</h2><p>We'll return the authentication response to this URI "
        "after successfully authenticating the user.</p>"
        + select(
            place, "platform", "Select a platform", {"": "Select a platform", **PLATFORM_LABELS}
        )
        + text_field(
            place,
            "redirect_uri",
            "Redirect URI",
            hint="e.g. https://example.com/auth",
        )
    )
    return page(place, "Register an application", form(fields, do="register", button="Register"))


def register(place: Place) -> Response:
    name, uri, platform = place.value("name"), place.value("redirect_uri"), place.value("platform")
    audience = place.value("account_type")
    errors = {"name": checks.name_error(name)}
    if audience not in account_types(place.directory):
        errors["account_type"] = "Select one of the account types."
    if uri and platform not in PLATFORMS:
        errors["platform"] = "Select a platform for the redirect URI."
    elif platform and platform not in PLATFORMS:
        errors["platform"] = "Select one of the platforms."
    elif uri:
        errors["redirect_uri"] = checks.redirect_uri_error(uri, cast(Platform, platform))
    if any(errors.values()):
        return new(place.refused(**{field: text for field, text in errors.items() if text}))
    app = place.directory.add_app(name=name, consented=False)
    # A registration made by hand has no secret yet.
    app.secrets.clear()
    set_account_type(app, audience)
    if uri:
        app.add_redirect_uri(uri, cast(Platform, platform))
    return place.back("registered", f"apps/{app.client_id}/")


def overview(place: Place) -> Response:
    app = place.app
    essentials = {
        "Display name": app.name,
        "Application (client) ID": app.client_id,
        "Object ID": app.object_id,
        "Directory (tenant) ID": app.directory.tenant_id,
        "Supported account types": account_types(place.directory)[account_type_of(app)],
    }
    redirects = ", ".join(
        f"{len(app.redirect_uris_of(platform))} {label}"
        for platform, label in zip(PLATFORMS, ("web", "spa", "public client"), strict=True)
    )
    secrets, certificates = len(app.secrets), len(app.certificates)
    return page(
        place,
        app.name,
        f"<h2>Essentials</h2>{facts(essentials)}<ul>"
        f"<li>Redirect URIs: {link(place.app_url('authentication'), redirects)}</li>"
        "<li>Client credentials: "
        f"{link(place.app_url('credentials'), f'{certificates} certificate, {secrets} secret')}"
        "</li>"
        f"<li>Managed application in local directory: "
        f"{link(place.url(f'enterprise/{app.client_id}'), app.name)}</li></ul>",
    )
