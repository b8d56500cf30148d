"""Signing out by way of a client: OpenID Connect RP-Initiated Logout 1.0, and Auth0's address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import View
from oauthlib.common import add_params_to_uri

from ...conf import conf
from ...login.flows.logout import redirect_to_microsoft
from ...login.flows.redirects import redirect_browser
from ...login.lookup import addresses
from ...login.state import session
from ...login.web.entry import entry
from ...models.validators import is_plain
from .. import claims, client_log, keys, redirect_uris
from ..browser_session import authorizations_of
from ..models import Authorization, OAuthClient
from ..response_modes import origin_of
from .answers import as_get, error_page, unframed

#: Of the page that asks. A form of a client does not have it.
_CSRF_FIELD = "csrfmiddlewaretoken"
#: Longer than any ID token of ours with the other parameters.
_MAX_QUERY = 6_000


class BadLogout(Exception):
    """A request to sign out that names what is unknown, or does not belong together."""


@dataclass(frozen=True)
class Logout:
    """A valid request. ``destination``: an allowed logout URL of the client's, "" for ours.
    ``at_microsoft``: the person signs out there, too. ``hint``: the claims of an ID token of
    ours, which may have expired."""

    client: OAuthClient | None
    destination: str
    at_microsoft: bool = False
    hint: dict[str, Any] | None = None


class LogoutView(View):
    """Ends the session here and the tokens that rest on it.

    Without asking where the client has signed this very session in and proves that it asks: by an
    ID token of this session, or by the page that the person comes from. Otherwise any site could
    sign people out with a link, as client IDs are public.
    """

    http_method_names = ["get", "post"]
    template_name = "azuread_connections/provider/logout.html"

    def read(self, parameters: Any) -> Logout:
        """Return what is asked for. Each address has its own parameters. Raises ``BadLogout``."""
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = self.read(request.GET)
        except BadLogout:
            return error_page(request, "invalid_request")
        if not request.user.is_authenticated or _is_certain(request, asked):
            return _finish(request, asked)
        context = {
            "application": asked.client.application if asked.client else None,
            "parameters": [(name, request.GET[name]) for name in request.GET],
        }
        response = render(request, self.template_name, context)
        response["Referrer-Policy"] = "same-origin"
        return unframed(response)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The answer of the page that asks; or a client's own form, which brings no cookie and is
        answered as by GET (RP-Initiated Logout section 2)."""
        if _CSRF_FIELD in request.POST:
            return self.confirm(request)
        return as_get(request, most=_MAX_QUERY)

    @method_decorator(csrf_protect)
    def confirm(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = self.read(request.POST)
        except BadLogout:
            return error_page(request, "invalid_request")
        return _finish(request, asked)


@method_decorator(entry, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")
class OIDCLogoutView(LogoutView):
    """``id_token_hint``, ``client_id``, ``post_logout_redirect_uri``, ``state``."""

    def read(self, parameters: Any) -> Logout:
        client_id, hint = parameters.get("client_id", ""), None
        if token := parameters.get("id_token_hint", ""):
            hint = keys.verify_hint(token)
            if hint is None or client_id not in {"", hint.get("aud")}:
                raise BadLogout
            client_id = str(hint.get("aud", ""))
        client = _find_client(client_id)
        url = _checked_url(client, parameters.get("post_logout_redirect_uri", ""))
        state = parameters.get("state", "")
        destination = add_params_to_uri(url, [("state", state)]) if url and state else url
        return Logout(client, destination, hint=hint)


@method_decorator(entry, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")
class Auth0LogoutView(LogoutView):
    """``client_id``, ``returnTo``, ``federated``: out of the identity provider, too."""

    def read(self, parameters: Any) -> Logout:
        client = _find_client(parameters.get("client_id", ""))
        url = _checked_url(client, parameters.get("returnTo", ""))
        return Logout(client, url, at_microsoft="federated" in parameters)


def _find_client(client_id: str) -> OAuthClient | None:
    if not client_id:
        return None
    found = OAuthClient.objects.select_related("application").filter(
        oauth_application__client_id=client_id if is_plain(client_id) else ""
    )
    client: OAuthClient | None = found.first()
    if client is None:
        raise BadLogout
    return client


def _checked_url(client: OAuthClient | None, url: str) -> str:
    """Return an address that the client may send people to; raise ``BadLogout`` for any other."""
    if not url:
        return ""
    if client is None or not redirect_uris.is_allowed(
        url, client.application.allowed_logout_urls, is_native=client.is_native
    ):
        raise BadLogout
    return url


def _is_certain(request: HttpRequest, asked: Logout) -> bool:
    """Return whether it is the client that asks, about this session, which was used for it."""
    if asked.client is None:
        return False
    used = list(authorizations_of(request).filter(client=asked.client))
    if asked.hint is not None:
        return any(_is_about(asked.hint, authorization) for authorization in used)
    return bool(used) and _comes_from(request, asked.client)


def _is_about(hint: dict[str, Any], authorization: Authorization) -> bool:
    sid, sub = claims.session_id(authorization), claims.person_claims(authorization, ())["sub"]
    return (hint.get("sid"), hint.get("sub")) == (sid, sub)


def _comes_from(request: HttpRequest, client: OAuthClient) -> bool:
    """Return whether a page of the client's leads the whole window here.

    A foreign page can leave the header Referer out, and cannot name another origin in it; a
    redirect keeps that of the page that began. Images and frames of the client's pages do not
    count: what they show can be somebody else's.
    """
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    target = request.headers.get("Sec-Fetch-Dest", "document")
    origin = origin_of(request.headers.get("Referer", ""))
    if not origin or (mode, target) != ("navigate", "document"):
        return False
    callbacks = client.application.allowed_callback_urls
    own = {origin_of(str(url)) for url in callbacks} if isinstance(callbacks, list) else set()
    return origin in own.union(client.web_origins)


def _finish(request: HttpRequest, asked: Logout) -> HttpResponse:
    sign_in = None
    if request.user.is_authenticated:
        sign_in = session.newest(request)
        application = asked.client.application if asked.client else None
        client_log.log_signed_out(application, request.user.pk)
    auth.logout(request)  # ends the clients' tokens too
    default = resolve_url(conf.logout_redirect_url or f"{addresses.NAMESPACE}:sign_in")
    destination = asked.destination or default
    if asked.at_microsoft and sign_in is not None:
        at_microsoft = redirect_to_microsoft(request, sign_in, destination)
        if at_microsoft is not None:
            return at_microsoft
    return redirect_browser(request, destination)
