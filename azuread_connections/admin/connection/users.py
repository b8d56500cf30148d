"""Search for users of a connection's directory through Graph."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from ...entra.errors import CredentialRejected, EntraError, Unreachable
from ...entra.graph import DirectoryUser, GraphError, UserPage
from ...microsoft.app_token import forget_token, graph_of
from ...microsoft.permissions import USER_READ_ALL
from ...models import Connection, Identity
from ...models.credential import NoUsableCredential
from ..rights import CONSENT, SEARCH_DIRECTORY, may
from ..widgets import own_page
from ..widgets.links import link_to, may_open

#: Seconds for which "Next" works. Graph's own page links expire too.
NEXT_LIFETIME = 3600
_SALT = "azuread_connections.admin.connection.users"
_MAX_SEARCH = 100


def show(
    page: admin.ModelAdmin[Connection], request: HttpRequest, connection: Connection
) -> HttpResponse:
    """Show a page of the directory's users whose name or address begins with the search term."""
    if not may(request, SEARCH_DIRECTORY):
        raise PermissionDenied
    if not connection.enable_users_api:
        raise Http404("“Enable Users API” is off.")
    search = request.GET.get("q", "").replace("\x00", "").strip()[:_MAX_SEARCH]
    found, error, lacks_permission = None, "", False
    try:
        found = _find(page, request, connection, search)
    except GraphError as graph_error:
        lacks_permission = graph_error.is_permission_missing
        error = "" if lacks_permission else str(graph_error)
        if lacks_permission:
            _note(connection, "")
            # The next search uses a new token, which has the permissions granted meanwhile.
            forget_token(connection)
    except (EntraError, NoUsableCredential, ImproperlyConfigured) as other:
        error = _explain(other)
    else:
        _note(connection, USER_READ_ALL)
    title = gettext("Users of %(domain)s") % {"domain": connection.domain}
    context = {
        **own_page.context(page, request, title, connection),
        "connection": connection,
        "search": search,
        "rows": _rows(page, request, connection, found) if found else [],
        "next": _sign(connection, found.next_link) if found and found.next_link else "",
        "is_further_page": "page" in request.GET,
        "error": error,
        "lacks_permission": lacks_permission,
        "may_ask_consent": may(request, CONSENT),
    }
    return TemplateResponse(request, "azuread_connections/admin/users.html", context)


def _find(
    page: admin.ModelAdmin[Connection], request: HttpRequest, connection: Connection, search: str
) -> UserPage:
    signed = request.GET.get("page", "")
    link = _unsign(connection, signed)
    if signed and not link:
        page.message_user(
            request, gettext("That link has expired. This is the first page."), messages.WARNING
        )
    graph = graph_of(connection)
    return graph.users_page(link) if link else graph.users(search)


def _rows(
    page: admin.ModelAdmin[Connection],
    request: HttpRequest,
    connection: Connection,
    found: UserPage,
) -> list[dict[str, Any]]:
    """Match the directory's users with those who have signed in here, in one query."""
    known: dict[str, Identity] = {}
    if connection.tenant_id and found.users:
        identities = Identity._default_manager.filter(
            cloud=connection.identity_cloud,
            tenant_id=connection.tenant_id,
            object_id__in=[user.object_id for user in found.users],
        )
        known = {row.object_id: row for row in identities.select_related("user").order_by()}
    return [_row(page, request, user, known.get(user.object_id)) for user in found.users]


def _row(
    page: admin.ModelAdmin[Connection],
    request: HttpRequest,
    user: DirectoryUser,
    identity: Identity | None,
) -> dict[str, Any]:
    here: Any = ""
    if identity is not None:
        here = str(identity.user)
        if may_open(page.admin_site, request, type(identity.user)):
            here = link_to(page.admin_site, identity.user)
    return {"user": user, "here": here}


def _explain(error: Exception) -> str:
    if isinstance(error, Unreachable):
        return gettext("Microsoft cannot be reached. Try again in a minute. (%(why)s)") % {
            "why": error
        }
    if isinstance(error, CredentialRejected):
        return gettext("Microsoft refuses the credential: add a new one. %(why)s") % {"why": error}
    return str(error)


def _note(connection: Connection, permissions: str) -> None:
    """Store the application permissions that Graph has just shown, if they have changed."""
    own = connection.directories.filter(tenant_id=connection.tenant_id).first()
    if own is None or own.application_permissions == permissions:
        return
    own.application_permissions = permissions
    own.application_since = timezone.now() if permissions else None
    own.save(update_fields=["application_permissions", "application_since"])


def _sign(connection: Connection, link: str) -> str:
    return signing.dumps([connection.pk, link], salt=_SALT, compress=True)


def _unsign(connection: Connection, signed: str) -> str:
    """Return the link that we signed for this connection, or ""."""
    try:
        key, link = signing.loads(signed, salt=_SALT, max_age=NEXT_LIFETIME)
    except signing.BadSignature:
        return ""
    return str(link) if key == connection.pk else ""
