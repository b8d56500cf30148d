"""The pages and redirects of a sign-in. They decide nothing: see ``begin`` and ``callback``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from ..conf import conf
from ..models import Identity
from . import addresses, begin, buttons, callback, enabled, session
from .exchange import SecretSuperseded
from .failures import SignInFailed
from .transaction import Transaction, delete_cookie

#: Seconds, where Microsoft names none.
_RETRY_AFTER = 30
_MAX_LOGIN_HINT = 254


def _entry(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that comes before signing in.

    The host may use LoginRequiredMiddleware, which must let it pass, and ATOMIC_REQUESTS, which
    would undo the log line of a failure.
    """
    return never_cache(transaction.non_atomic_requests(login_not_required(view)))


@method_decorator(_entry, name="dispatch")
class SignInView(TemplateView):
    """The sign-in page of an application: buttons, and a link to the site's password page."""

    http_method_names = ["get", "head", "options"]
    template_name = "azuread_connections/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        destination = buttons.asked_destination(self.request)
        return super().get_context_data(
            application=buttons.application_of(self.request),
            buttons=buttons.buttons(buttons.application_of(self.request), destination),
            password_url=_password_url(destination),
            **kwargs,
        )


@method_decorator(_entry, name="dispatch")
class StartView(View):
    """Sends the browser to Microsoft. One query, no write, no request."""

    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        pair = enabled.find_enabled(buttons.application_of(request), name)
        if pair is None:
            failed = SignInFailed("connection_disabled", detail="No such enabled connection.")
            return _fail(request, failed)
        start = begin.Start(
            pair=pair,
            destination=addresses.safe_destination(request, request.GET.get("next")),
            login_hint=request.GET.get("login_hint", "")[:_MAX_LOGIN_HINT],
        )
        return begin.redirect_to_microsoft(request, start)


@method_decorator(_entry, name="dispatch")
class CallbackView(View):
    """Where Microsoft sends every browser back to: the one redirect URI."""

    # Not HEAD: a link preview must not spend the code.
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        secure = addresses.is_secure(request)
        try:
            response = self._finish(request, callback.find_transaction(request, secure=secure))
        except SignInFailed as failed:
            response = _fail(request, failed)
        delete_cookie(request, response, request.GET.get("state", ""), secure=secure)
        return response

    def _finish(self, request: HttpRequest, found: Transaction) -> HttpResponse:
        try:
            returned = callback.find_return(request, found)
        except SignInFailed as failed:
            failed.destination = found.destination
            raise
        try:
            callback.sign_in(request, returned, callback.prove(request, returned))
        except SecretSuperseded:
            return _start_again(request, returned)
        except SignInFailed as failed:
            failed.destination = found.destination
            failed.connection = returned.connection
            failed.application = returned.pair.application
            raise
        return HttpResponseRedirect(found.destination)


@method_decorator(login_not_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ProfileView(View):
    """The signed-in person as JSON; 401 where this session was proven by no connection."""

    def get(self, request: HttpRequest) -> JsonResponse:
        proof = session.newest(request) if request.user.is_authenticated else None
        identity = Identity._default_manager.filter(pk=proof["identity"]).first() if proof else None
        if proof is None or identity is None or identity.user_id != request.user.pk:
            return JsonResponse({"error": "not_signed_in"}, status=401)
        user = request.user
        return JsonResponse(
            {
                "user": {
                    "id": user.pk,
                    "username": user.get_username(),
                    "email": getattr(user, user.get_email_field_name(), ""),
                },
                "connection": proof["name"],
                "directory": identity.tenant_id,
                "object_id": identity.object_id,
                "profile": identity.profile,
                "groups": [],
            }
        )


@method_decorator(login_not_required, name="dispatch")
class LogoutView(View):
    """Ends the session here. By POST, so that no link of another site can do it."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        target = conf.logout_redirect_url or f"{addresses.NAMESPACE}:sign_in"
        return HttpResponseRedirect(resolve_url(target))


def _start_again(request: HttpRequest, returned: callback.Return) -> HttpResponse:
    """Go through Microsoft once more, which nobody notices, for a code for the next secret."""
    if returned.transaction.is_retry:
        raise SignInFailed(
            "secret_rejected",
            detail="Microsoft refused the client secrets one after the other.",
            connection=returned.connection,
            application=returned.pair.application,
        )
    start = begin.Start(returned.pair, returned.transaction.destination, is_retry=True)
    return begin.redirect_to_microsoft(request, start)


def _fail(request: HttpRequest, failed: SignInFailed) -> HttpResponse:
    """Log the failure and return its page."""
    callback.report_failure(request, failed)
    response = render(
        request,
        "azuread_connections/error.html",
        {
            "failure": failed.failure,
            "reference": failed.reference,
            "retry_url": _retry_url(request, failed),
            "home_url": addresses.default_destination(),
        },
        status=failed.failure.status,
    )
    # The address holds the authorization code: no link on the page may carry it away.
    response["Referrer-Policy"] = "no-referrer"
    if failed.failure.status == 503:
        response["Retry-After"] = str(failed.retry_after or _RETRY_AFTER)
    return response


def _retry_url(request: HttpRequest, failed: SignInFailed) -> str:
    """Return where "try again" leads: straight to Microsoft if that may help."""
    application = buttons.application_of(request)
    if failed.application is not None:
        application = failed.application.slug
    if failed.connection is not None and failed.failure.can_retry:
        return buttons.start_url(failed.connection, application, failed.destination)
    return buttons.sign_in_url(application, failed.destination)


def _password_url(destination: str) -> str:
    if not conf.password_login_url:
        return ""
    url = resolve_url(conf.password_login_url)
    return f"{url}?{urlencode({'next': destination})}" if destination else url
