"""What cannot be done with a connection whose set-up has not entered the app yet."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext

from ...models import Connection
from ..widgets.links import admin_url

#: Where on the connection's page the fields are.
_ANCHOR = "azuread-general"


def back_if_unfinished(
    page: admin.ModelAdmin[Connection], request: HttpRequest, connection: Connection
) -> HttpResponse | None:
    """Return the way back to the connection's page, with a message, if it lacks its domain or
    client ID: Microsoft's page would show an error that does not name the reason."""
    if connection.is_complete:
        return None
    page.message_user(
        request,
        gettext(
            "The domain and the client ID are missing, so Microsoft cannot be asked yet. Enter "
            "them under “General”, or invite the customer, who enters them."
        ),
        messages.ERROR,
    )
    url = admin_url(page.admin_site, connection, "change", quote(connection.pk))
    return HttpResponseRedirect(f"{url}#{_ANCHOR}")
