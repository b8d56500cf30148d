"""Links into the Microsoft Entra admin center, or into the portal of the stand-in.

The addresses below ``#view/`` are those of the admin center's own menus; none of them names a
directory, so it opens the one that the administrator is signed in to.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from ..conf import conf
from ..entra.cloud import CLOUDS

#: The pages of an app registration.
AppPage = Literal["overview", "authentication", "credentials", "permissions"]

_APPS = "Microsoft_AAD_RegisteredApps"
_MENU_ENTRIES: dict[AppPage, str] = {
    "overview": "Overview",
    "authentication": "Authentication",
    "credentials": "Credentials",
    "permissions": "CallAnAPI",
}
#: Where ``azuread_connections.testing`` has its portal.
_STANDIN_PORTAL = "/_standin/portal"


def home_url(cloud: str) -> str:
    """Return the admin center's own address in a cloud, such as https://entra.microsoft.com."""
    return _standin_portal(cloud, "") or CLOUDS[cloud].admin_center_url


def directory_url(cloud: str) -> str:
    """Return the address of the directory's overview: name, tenant ID, primary domain."""
    view = "Microsoft_AAD_IAM/TenantOverview.ReactView"
    return _standin_portal(cloud, "") or _view(cloud, view)


def app_registrations_url(cloud: str) -> str:
    """Return the address of the list *App registrations*."""
    return _standin_portal(cloud, "apps") or _view(cloud, f"{_APPS}/ApplicationsListBlade")


def new_registration_url(cloud: str) -> str:
    """Return the address of the form *Register an application*."""
    return _standin_portal(cloud, "apps/new") or _view(cloud, f"{_APPS}/CreateApplicationBlade")


def app_url(cloud: str, client_id: str, page: AppPage = "overview") -> str:
    """Return the address of one page of a registration.

    ``client_id`` is its application ID, a GUID. Without one, return the list of registrations.
    """
    if not client_id:
        return app_registrations_url(cloud)
    client_id = quote(client_id, safe="")
    path = f"apps/{client_id}/{'' if page == 'overview' else page}"
    menu = f"{_APPS}/ApplicationMenuBlade/~/{_MENU_ENTRIES[page]}/appId/{client_id}"
    return _standin_portal(cloud, path) or _view(cloud, menu)


def _standin_portal(cloud: str, path: str) -> str:
    """Return the address in the portal of the stand-in, which replaces the global cloud only."""
    if cloud != "global" or not conf.login_url:
        return ""
    return f"{conf.login_url}{_STANDIN_PORTAL}/{path}"


def _view(cloud: str, view: str) -> str:
    return f"{CLOUDS[cloud].admin_center_url}/#view/{view}"
