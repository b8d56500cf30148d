"""Who may see and change what makes an application an OAuth client."""

from __future__ import annotations

from django.http import HttpRequest

from ...admin.rights import may
from ..models import OAuthClient

_APP = "azuread_provider"
VIEW = f"{_APP}.view_oauthclient"
ADD = f"{_APP}.add_oauthclient"
CHANGE = f"{_APP}.change_oauthclient"
DELETE = f"{_APP}.delete_oauthclient"
ADD_SECRET = f"{_APP}.add_oauthclientsecret"
DELETE_SECRET = f"{_APP}.delete_oauthclientsecret"


def may_see_client(request: HttpRequest) -> bool:
    return may(request, VIEW, CHANGE)


def may_edit_client(request: HttpRequest, client: OAuthClient | None) -> bool:
    """Return whether the user may change a client, or, without one, register one."""
    return may(request, ADD if client is None else CHANGE)
