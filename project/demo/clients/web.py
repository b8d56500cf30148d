"""A regular web application: Authlib's client for Django, as docs/provider-clients.md shows it."""

from __future__ import annotations

from authlib.integrations.base_client import OAuthError
from authlib.integrations.django_client import OAuth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from .registered import WEB
from .settings import ISSUER

oauth = OAuth()
oauth.register(
    "site",
    client_id=WEB.client_id,
    client_secret=WEB.secret,
    server_metadata_url=f"{ISSUER}.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email offline_access",
        "code_challenge_method": "S256",
    },
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {"person": request.session.get("person"), "count": request.session.get("count", 0)}
    return render(request, "clients/web.html", context)


@require_safe
def sign_in(request: HttpRequest) -> HttpResponse:
    callback_url = request.build_absolute_uri(reverse("web_callback"))
    response: HttpResponse = oauth.site.authorize_redirect(request, callback_url)
    return response


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    try:
        tokens = oauth.site.authorize_access_token(request)
    except OAuthError as error:
        return _failed(request, error)
    request.session.cycle_key()
    request.session["person"] = dict(tokens["userinfo"])
    request.session["tokens"] = {name: tokens[name] for name in ("refresh_token", "id_token")}
    request.session["count"] = 0
    return redirect("web")


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask for new tokens. The site judges the person again before it gives any."""
    held = request.session.get("tokens")
    if held is None:
        return redirect("web")
    try:
        tokens = oauth.site.fetch_access_token(
            grant_type="refresh_token", refresh_token=held["refresh_token"]
        )
        person = oauth.site.userinfo(token=tokens)
    except OAuthError as error:
        request.session.flush()
        return _failed(request, error)
    request.session["tokens"] = {**held, "refresh_token": tokens["refresh_token"]}
    request.session["person"] = {**request.session["person"], **person}
    request.session["count"] += 1
    return redirect("web")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    held = request.session.get("tokens")
    request.session.flush()
    if held is None:
        return redirect("web")
    endpoint = oauth.site.load_server_metadata()["end_session_endpoint"]
    query = {
        "id_token_hint": held["id_token"],
        "post_logout_redirect_uri": request.build_absolute_uri(reverse("web")),
    }
    return HttpResponseRedirect(f"{endpoint}?{urlencode(query)}")


def _failed(request: HttpRequest, error: OAuthError) -> HttpResponse:
    return render(request, "clients/web.html", {"error": error}, status=400)
