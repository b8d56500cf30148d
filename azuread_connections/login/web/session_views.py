"""Views for signed-in people: their profile, their Microsoft accounts, signing out."""

from __future__ import annotations

from typing import Any

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import router, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny, xframe_options_exempt
from django.views.decorators.csrf import csrf_protect
from django.views.generic import TemplateView, View

from ...conf import conf
from ...models import Identity
from ..flows import accounts, begin, logout, redirects
from ..log.failures import SignInFailed, Stage
from ..lookup import addresses, enabled, realm
from ..state import session
from ..state.freshness import is_login_fresh
from . import buttons
from .entry import entry
from .error_page import already_logged, failure_page

_MAX_SLUG = 50


@method_decorator(login_not_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ProfileView(View):
    """The signed-in person as JSON; 401 if no connection has signed in this session."""

    def get(self, request: HttpRequest) -> JsonResponse:
        proof = session.newest(request) if request.user.is_authenticated else None
        # Not from a replica, which may not have an identity that was just stored.
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
                "roles": identity.roles,
            }
        )


@method_decorator(login_required, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
@method_decorator(xframe_options_deny, name="dispatch")
@method_decorator(never_cache, name="dispatch")
@method_decorator(transaction.non_atomic_requests, name="dispatch")
class AccountsView(TemplateView):
    """Shows a signed-in user's Microsoft accounts; connects and disconnects them by POST."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "azuread_connections/accounts.html"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if not is_login_fresh(request):
            return self.get(request)
        try:
            if name := request.POST.get("connect", ""):
                return self._connect(request, name)
            if typed := request.POST.get("email", ""):
                return self._connect_by_address(request, typed)
            accounts.disconnect(request, request.POST.get("disconnect", ""))
            return redirects.redirect_browser(request, self._address())
        except SignInFailed as failed:
            failure = failed
        failure.back_url = self._address()
        return failure_page(request, failure)

    def _connect(self, request: HttpRequest, name: str) -> HttpResponse:
        target = enabled.find_enabled(request, name)
        if target is None:
            raise SignInFailed(
                "connection_disabled",
                detail=f"No connection “{name}” here.",
                stage=Stage.START,
            )
        # Microsoft redirects to another host, where the browser may have no session yet.
        if addresses.must_move(request, is_own_host=target.is_own_host):
            moved = self._address(**{addresses.MOVED: "1"})
            return redirects.redirect_browser(request, conf.public_url + moved)
        start = begin.Start(
            target,
            self._address(),
            # The account that is signed in at Microsoft may not be the one to connect.
            prompt=begin.SELECT_ACCOUNT,
            purpose=accounts.PURPOSE,
            subject=str(request.user.pk),
        )
        return begin.redirect_to_microsoft(request, start)

    def _connect_by_address(self, request: HttpRequest, typed: str) -> HttpResponse:
        """Find the connection by email address, where there are too many for buttons."""
        application = enabled.find_application(request)
        if application is None:
            return self.get(request)
        found = realm.discover(request, application, typed)
        if len(found.targets) == 1:
            return self._connect(request, found.targets[0].connection.name)
        context = self.get_context_data(
            email=found.address,
            found_choices=[target.connection for target in found.targets],
            is_unknown=not found.targets and not found.is_refused,
            is_refused=found.is_refused,
        )
        return self.render_to_response(context)

    def _address(self, **parameters: str) -> str:
        """Return the page's own address, kept short because it goes into a cookie."""
        application = enabled.chosen_application(self.request)[:_MAX_SLUG]
        path = reverse(f"{addresses.NAMESPACE}:accounts")
        return path + buttons.query(application=application, **parameters)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = enabled.shown_as_buttons(enabled.find_application(self.request))
        return super().get_context_data(
            accounts=accounts.accounts(self.request),
            choices=kwargs.pop("found_choices", None) or shown.connections,
            too_many_choices=shown.too_many,
            is_login_fresh=is_login_fresh(self.request),
            sign_in_url=buttons.sign_in_url(
                application=enabled.chosen_application(self.request), next=self._address()
            ),
            **kwargs,
        )


@method_decorator(login_not_required, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class LogoutView(View):
    """Ends the session here, and also at Microsoft if ``microsoft`` is posted.

    Only by POST, so that a link on another site cannot sign people out.
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
        return redirects.redirect_browser(request, destination)


@method_decorator(entry, name="dispatch")
@method_decorator(xframe_options_exempt, name="dispatch")
class FrontchannelLogoutView(View):
    """Microsoft loads it in a hidden frame, without cookies, when somebody signs out there.

    ``token`` is derived for each connection, so that strangers cannot guess the address.
    """

    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            is_ours = logout.end_microsoft_session(request, token, request.GET.get("sid", ""))
        except logout.TooManySignOuts:
            return already_logged(
                HttpResponse(status=429, content_type="text/plain", headers={"Retry-After": 60})
            )
        if not is_ours:
            raise Http404
        return HttpResponse("", content_type="text/plain")
