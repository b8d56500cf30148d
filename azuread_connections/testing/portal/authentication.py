"""*Authentication*: redirect URIs by platform, the logout URL, the account types."""

from __future__ import annotations

from ..directory.apps import PLATFORMS, Platform
from ..server.wire import Response
from . import checks
from .html import choice, code, form, pane, row_button, select, table, text_field
from .layout import page
from .place import Place
from .registrations import PLATFORM_LABELS, account_type_of, account_types, set_account_type


def show(place: Place) -> Response:
    app = place.app
    platforms = "".join(_platform(place, platform) for platform in PLATFORMS)
    add = form(
        select(place, "platform", "Select a platform to add redirect URI", PLATFORM_LABELS)
        + text_field(place, "redirect_uri", "Redirect URI", required=True),
        do="add",
        button="Configure",
    )
    logout = form(
        text_field(
            place,
            "logout_url",
            "Front-channel logout URL",
            value=app.frontchannel_logout_url or "",
            hint="e.g. https://example.com/logout",
        ),
        do="logout",
        button="Save logout URL",
    )
    types = form(
        choice(
            place,
            "account_type",
            "Supported account types",
            account_types(place.directory),
            chosen=account_type_of(app),
        ),
        do="types",
        button="Save account types",
    )
    return page(
        place,
        "Authentication",
        f"<h2>Redirect URI configuration</h2>"
        f"{pane(place, 'Add Redirect URI', add, 'redirect_uri', 'platform')}"
        f"{platforms or '<p>No redirect URIs are registered.</p>'}"
        f"<h2>Front-channel logout URL</h2>{logout}<h2>Supported accounts</h2>{types}",
    )


def _platform(place: Place, platform: Platform) -> str:
    uris = place.app.redirect_uris_of(platform)
    if not uris:
        return ""
    label = PLATFORM_LABELS[platform]
    rows = [
        (code(uri), row_button("Remove", uri, do="remove", key=f"{platform} {uri}")) for uri in uris
    ]
    title = f"{label}: Redirect URIs"
    return f"<h3>{label.replace('&', '&amp;')}</h3>" + table(
        title, ("Redirect URIs", "Change"), rows, none=""
    )


def add(place: Place) -> Response:
    platform, uri = place.value("platform"), place.value("redirect_uri")
    if platform not in PLATFORMS:
        return show(place.refused(platform="Select one of the platforms."))
    if error := checks.redirect_uri_error(uri, platform, place.app):
        return show(place.refused(redirect_uri=error))
    place.app.add_redirect_uri(uri, platform)
    return place.back("saved")


def remove(place: Place) -> Response:
    platform, _, uri = place.value("key").partition(" ")
    if platform in PLATFORMS and uri in place.app.redirect_uris_of(platform):
        place.app.remove_redirect_uri(uri, platform)
    return place.back("removed")


def logout(place: Place) -> Response:
    url = place.value("logout_url")
    if url and (error := checks.web_address_error(url)):
        return show(place.refused(logout_url=error))
    place.app.frontchannel_logout_url = url or None
    return place.back("saved")


def types(place: Place) -> Response:
    if place.value("account_type") not in account_types(place.directory):
        return show(place.refused(account_type="Select one of the account types."))
    set_account_type(place.app, place.value("account_type"))
    return place.back("saved")
