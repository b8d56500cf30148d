"""The pages and redirects of a sign-in. They decide nothing: see ``begin`` and ``callback``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import router, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny, xframe_options_exempt
from django.views.decorators.csrf import csrf_protect
from django.views.generic import TemplateView, View

from ..conf import conf
from ..models import Application, Identity
from . import (
    accounts,
    addresses,
    begin,
    buttons,
    callback,
    consent,
    enabled,
    logout,
    realm,
    session,
    trial,
)
from .exchange import SecretSuperseded
from .failures import SignInFailed
from .transaction import Transaction, delete_cookie

#: Seconds, where Microsoft names none.
_RETRY_AFTER = 30
_MAX_LOGIN_HINT = 254
_MAX_SLUG = 50
#: Parameter of a start that came from another host of this site.
_MOVED = "moved"


def _entry(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that comes before signing in.

    The host may use LoginRequiredMiddleware, which must let it pass, and ATOMIC_REQUESTS, which
    would undo the log line of a failure.
    """
    return never_cache(transaction.non_atomic_requests(login_not_required(view)))


@method_decorator(_entry, name="dispatch")
class SignInView(TemplateView):
    """The sign-in page of an application: an email address first, buttons, the password page.

    ``application``: its slug, where the URLconf says it: ``SignInView.as_view(application="x")``.
    """

    http_method_names = ["get", "head", "post", "options"]
    template_name = "azuread_connections/sign_in.html"
    application = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if name := request.GET.get("connection", ""):
            return self._start(name)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        application = enabled.find_application(request, self.application)
        address = request.POST.get("email", "")
        if application is None:
            return self.render_to_response(self.get_context_data(email=address))
        found = realm.discover(request, application, address)
        if len(found.pairs) == 1:
            return _begin(request, found.pairs[0], found.address, found.domain)
        return self.render_to_response(
            self.get_context_data(
                known_application=application,
                email=found.address,
                choices=self._buttons(
                    application, [pair.connection for pair in found.pairs], found.address
                ),
                is_unknown=not found.pairs,
            )
        )

    def get_context_data(
        self, known_application: Application | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        application = known_application or enabled.find_application(self.request, self.application)
        shown = enabled.shown_as_buttons(application) if application else []
        return super().get_context_data(
            application=application,
            application_name=_name_unless_default(application),
            buttons=self._buttons(application, shown) if application else [],
            why_no_sign_in=application.why_no_sign_in if application else "",
            password_url=_password_url(self._next(application)),
            **kwargs,
        )

    def _buttons(
        self, application: Application, connections: Any, login_hint: str = ""
    ) -> list[buttons.Button]:
        return buttons.buttons(
            connections,
            application=enabled.chosen_application(self.request, self.application),
            next=self._next(application),
            login_hint=login_hint,
        )

    def _next(self, application: Application | None) -> str:
        urls = application.allowed_callback_urls if application else ()
        return addresses.asked_destination(self.request, urls)

    def _start(self, name: str) -> HttpResponse:
        """``?connection=NAME`` overrides the page, as at Auth0."""
        return _start(self.request, name, self.application)


@method_decorator(_entry, name="dispatch")
class StartView(View):
    """Sends the browser to Microsoft. One query, no write, no request."""

    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return _start(request, name)


@method_decorator(_entry, name="dispatch")
class CallbackView(View):
    """Where Microsoft sends every browser back to: the one redirect URI."""

    # Not HEAD: a link preview must not spend the code.
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        secure = addresses.is_secure(request)
        state = request.GET.get("state", "")
        try:
            if consent.is_link_state(state):
                return _show_consent(request)
            found = callback.find_transaction(request, secure=secure)
            response = self._finish(request, found)
        except SignInFailed as failed:
            response = _fail(request, failed)
        delete_cookie(request, response, state, secure=secure)
        return response

    def _finish(self, request: HttpRequest, found: Transaction) -> HttpResponse:
        if found.purpose == consent.PURPOSE:
            return consent.finish(request, found)
        if found.purpose == trial.PURPOSE:
            return trial.finish(request, found)
        if found.purpose == logout.PURPOSE:
            return HttpResponseRedirect(found.destination)
        is_sign_in = found.purpose != accounts.PURPOSE
        back_url = "" if is_sign_in else found.destination
        try:
            returned = callback.find_return(request, found)
        except SignInFailed as failed:
            failed.destination, failed.back_url = found.destination, back_url
            raise
        finish = callback.sign_in if is_sign_in else accounts.connect
        try:
            finish(request, returned, callback.prove(request, returned))
        except SecretSuperseded:
            return _start_again(request, returned)
        except callback.OtherUserSignedIn as other:
            return _ask_first(request, returned, other)
        except SignInFailed as failed:
            failed.destination, failed.back_url = found.destination, back_url
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
        # Not of a replica: it may not have heard of who came a moment ago.
        people = Identity._default_manager.using(router.db_for_write(Identity))
        identity = people.filter(pk=proof.identity).first() if proof else None
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
                "connection": proof.name,
                "directory": identity.tenant_id,
                "object_id": identity.object_id,
                "profile": identity.profile,
                "groups": identity.groups,
            }
        )


@method_decorator(login_required, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
@method_decorator(xframe_options_deny, name="dispatch")
@method_decorator(never_cache, name="dispatch")
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class AccountsView(TemplateView):
    """A signed-in user's own Microsoft accounts: connects and disconnects them, by POST."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "azuread_connections/accounts.html"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if not accounts.is_login_fresh(request):
            return self.get(request)
        try:
            if name := request.POST.get("connect", ""):
                return self._connect(request, name)
            accounts.disconnect(request, request.POST.get("disconnect", ""))
        except SignInFailed as failed:
            failed.back_url = self._address()
            return _fail(request, failed)
        return HttpResponseRedirect(self._address())

    def _connect(self, request: HttpRequest, name: str) -> HttpResponse:
        pair = enabled.find_enabled(request, name)
        if pair is None:
            raise SignInFailed("connection_disabled", detail=f"No connection “{name}” here.")
        # Microsoft sends the browser back to another host, where it may have to sign in first.
        if (
            addresses.is_elsewhere(request, is_own_host=pair.is_own_host)
            and _MOVED not in request.GET
        ):
            return HttpResponseRedirect(conf.public_url + self._address(**{_MOVED: "1"}))
        start = begin.Start(
            pair,
            self._address(),
            purpose=accounts.PURPOSE,
            subject=str(request.user.pk),
        )
        return begin.redirect_to_microsoft(request, start)

    def _address(self, **parameters: str) -> str:
        """The page's own, with no more of the request's than it needs: it goes into a cookie."""
        application = enabled.chosen_application(self.request)[:_MAX_SLUG]
        path = reverse(f"{addresses.NAMESPACE}:accounts")
        return path + buttons.query(application=application, **parameters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        application = enabled.find_application(self.request)
        return super().get_context_data(
            accounts=accounts.accounts(self.request),
            choices=enabled.shown_as_buttons(application) if application else [],
            is_login_fresh=accounts.is_login_fresh(self.request),
            sign_in_url=buttons.sign_in_url(
                application=enabled.chosen_application(self.request), next=self._address()
            ),
            **kwargs,
        )


@method_decorator(login_not_required, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class LogoutView(View):
    """Ends the session here, and at Microsoft too where ``microsoft`` is posted along.

    By POST, so that no link of another site can do it.
    """

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.get("next", "")
        application = enabled.find_application(request) if asked else None
        sign_in = session.newest(request) if request.POST.get("microsoft") else None
        auth.logout(request)
        urls = application.allowed_logout_urls if application else ()
        target = conf.logout_redirect_url or f"{addresses.NAMESPACE}:sign_in"
        destination = addresses.safe_path(request, asked, urls) or resolve_url(target)
        if sign_in is not None:
            at_microsoft = logout.redirect_to_microsoft(request, sign_in, destination)
            if at_microsoft is not None:
                return at_microsoft
        return HttpResponseRedirect(destination)


@method_decorator(_entry, name="dispatch")
@method_decorator(xframe_options_exempt, name="dispatch")
class FrontchannelLogoutView(View):
    """Called by Microsoft in a hidden frame when somebody signs out there; no cookie comes along.

    ``token`` is derived for each connection, so that strangers cannot call it.
    """

    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            is_ours = logout.end_microsoft_session(request, token, request.GET.get("sid", ""))
        except logout.TooManySignOuts:
            # Not 503: Django mails each of these to ADMINS.
            return HttpResponse(status=429, content_type="text/plain", headers={"Retry-After": 60})
        if not is_ours:
            raise Http404
        return HttpResponse("", content_type="text/plain")


def _start(request: HttpRequest, name: str, application: str = "") -> HttpResponse:
    pair = enabled.find_enabled(request, name, application)
    if pair is None:
        asked = enabled.chosen_application(request, application) or "this site"
        detail = f"No connection “{enabled.asked_name(name)}” for “{asked}”."
        return _fail(request, SignInFailed("connection_disabled", detail=detail))
    login_hint = request.GET.get("login_hint", "")[:_MAX_LOGIN_HINT]
    domain = realm.domain_of(login_hint)
    # No hint for guests: it would lead them past the directory that knows them.
    return _begin(request, pair, login_hint, domain if domain == pair.connection.domain else "")


def _begin(
    request: HttpRequest, pair: enabled.Pair, login_hint: str, domain_hint: str
) -> HttpResponse:
    destination = addresses.safe_destination(
        request, request.GET.get("next"), pair.application.allowed_callback_urls
    )
    # The cookie has to be set on the host that Microsoft sends the browser back to. Once only: a
    # proxy that rewrites Host would otherwise send it round and round.
    if addresses.is_elsewhere(request, is_own_host=pair.is_own_host) and _MOVED not in request.GET:
        moved = buttons.start_url(
            pair.connection,
            application=pair.application.slug,
            next=destination,
            login_hint=login_hint,
            **{_MOVED: "1"},
        )
        return HttpResponseRedirect(conf.public_url + moved)
    start = begin.Start(pair, destination, login_hint=login_hint, domain_hint=domain_hint)
    return begin.redirect_to_microsoft(request, start)


def _start_again(request: HttpRequest, returned: callback.Return) -> HttpResponse:
    """Go through Microsoft once more, which nobody notices, for a code for the next secret."""
    if returned.transaction.is_retry:
        raise SignInFailed(
            "secret_rejected",
            detail="Microsoft refused the client secrets one after the other.",
            connection=returned.connection,
            application=returned.pair.application,
        )
    begun = returned.transaction
    start = begin.Start(
        returned.pair,
        begun.destination,
        is_retry=True,
        purpose=begun.purpose,
        subject=begun.subject,
    )
    return begin.redirect_to_microsoft(request, start)


def _ask_first(
    request: HttpRequest, returned: callback.Return, other: callback.OtherUserSignedIn
) -> HttpResponse:
    """Somebody else is signed in here: let the person choose. Nothing has been changed."""
    again = buttons.start_url(
        returned.connection,
        application=_slug_unless_default(returned.pair.application),
        next=returned.transaction.destination,
        login_hint=other.other,
    )
    return render(
        request,
        "azuread_connections/switch_user.html",
        {
            "current": other.current,
            "other": other.other,
            "start_url": again,
            "stay_url": returned.transaction.destination,
        },
    )


def _show_consent(request: HttpRequest) -> HttpResponse:
    outcome = consent.finish_link(request)
    return render(request, "azuread_connections/consent.html", {"outcome": outcome})


def _fail(request: HttpRequest, failed: SignInFailed) -> HttpResponse:
    """Log the failure and return its page."""
    callback.report_failure(request, failed)
    response = render(
        request,
        "azuread_connections/error.html",
        {
            "failure": failed.failure,
            "reference": failed.reference,
            "back_url": failed.back_url,
            "retry_url": failed.back_url or _retry_url(request, failed),
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
    application = enabled.chosen_application(request)
    if failed.application is not None:
        application = _slug_unless_default(failed.application)
    if failed.connection is not None and failed.failure.can_retry:
        return buttons.start_url(
            failed.connection, application=application, next=failed.destination
        )
    return buttons.sign_in_url(application=application, next=failed.destination)


def _slug_unless_default(application: Application) -> str:
    return "" if application.slug == conf.default_application else application.slug


def _name_unless_default(application: Application | None) -> str:
    return application.name if application and _slug_unless_default(application) else ""


def _password_url(destination: str) -> str:
    if not conf.password_login_url:
        return ""
    return resolve_url(conf.password_login_url) + buttons.query(next=destination)
