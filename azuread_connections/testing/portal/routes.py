"""From an address below `/_standin/portal/` to a page, or to what one of its buttons does."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote

from ..directory.apps import App
from ..directory.directories import Directory
from ..server.call import Call
from ..server.control import refuse_strangers
from ..server.wire import Response
from . import authentication, credentials, directory_pages, enterprise, permissions, registrations
from .layout import DIRECTORY_COOKIE, bare_page
from .place import PORTAL, Page, Place

DIRECTORY_PAGES = {
    "": Page(directory_pages.overview),
    "domains": Page(directory_pages.domains),
    "users": Page(
        directory_pages.users,
        {"enable": directory_pages.enable, "disable": directory_pages.disable},
    ),
    "apps": Page(registrations.listed),
    "apps/new": Page(registrations.new, {"register": registrations.register}),
    "enterprise": Page(enterprise.listed),
}
ENTERPRISE_PAGE = Page(
    enterprise.show,
    {
        "require": enterprise.require,
        "assign": enterprise.assign,
        "unassign": enterprise.unassign,
    },
)
APP_PAGES = {
    "": Page(registrations.overview),
    "authentication": Page(
        authentication.show,
        {
            "add": authentication.add,
            "remove": authentication.remove,
            "logout": authentication.logout,
            "types": authentication.types,
        },
    ),
    "credentials": Page(
        credentials.show,
        {
            "add_secret": credentials.add_secret,
            "remove_secret": credentials.remove_secret,
            "upload": credentials.upload,
            "remove_certificate": credentials.remove_certificate,
            "add_federated": credentials.add_federated,
            "remove_federated": credentials.remove_federated,
        },
    ),
    "permissions": Page(
        permissions.show,
        {"add": permissions.add, "remove": permissions.remove, "grant": permissions.grant},
    ),
}


def portal(call: Call) -> Response:
    if refused := refuse_strangers(call):
        return refused
    path = unquote(call.parts.get("rest", ""))
    first, _, rest = path.partition("/")
    directory = _named(call, first)
    if directory is None:
        return _without_directory(call, path)
    found = _page(call, directory, rest)
    if found is None:
        return _nothing_here()
    page, app = found
    place = Place.of(call, directory, rest, app)
    if call.request.method != "POST":
        return page.show(place)
    action = page.actions.get(place.value("do"))
    return action(place) if action else _nothing_here()


def _without_directory(call: Call, path: str) -> Response:
    """Deep links name no directory: an app knows its own, else the browser's last one is taken."""
    if call.request.method == "POST":
        return _nothing_here()
    kind, _, rest = path.partition("/")
    app = call.state.registry.find_app(rest.partition("/")[0]) if kind == "apps" else None
    known = [app.directory] if app else list(call.state.registry.directories)
    if known and _page(call, known[0], path) is None:
        return _nothing_here()
    directory = known[0] if len(known) == 1 else _last(call)
    if directory and "choose" not in call.request.query:
        location = f"{PORTAL}/{directory.tenant_id}/{quote(path)}"
        return Response(302, headers={"Location": location, "Cache-Control": "no-store"})
    return directory_pages.chooser(known, quote(path))


def _page(call: Call, directory: Directory, path: str) -> tuple[Page, App | None] | None:
    if path in DIRECTORY_PAGES:
        return DIRECTORY_PAGES[path], None
    kind, _, rest = path.partition("/")
    client_id, _, name = rest.partition("/")
    app = call.state.registry.find_app(client_id)
    if app is None:
        return None
    if kind == "enterprise" and not name and app.is_present_in(directory):
        return ENTERPRISE_PAGE, app
    if kind == "apps" and app.directory is directory and name in APP_PAGES:
        return APP_PAGES[name], app
    return None


def _named(call: Call, segment: str) -> Directory | None:
    """The directory of this ID or domain; personal accounts have no admin center."""
    found = call.state.registry.find(segment) if segment else None
    return None if found is None or found.is_personal else found


def _last(call: Call) -> Directory | None:
    try:
        cookie = SimpleCookie(call.request.headers.get("Cookie", "")).get(DIRECTORY_COOKIE)
    except CookieError:
        return None
    return _named(call, cookie.value) if cookie else None


def _nothing_here() -> Response:
    return bare_page(
        "Not found",
        f'<p>There is no such page, directory or app. <a href="{PORTAL}/">Start again</a>.</p>',
        status=404,
    )
