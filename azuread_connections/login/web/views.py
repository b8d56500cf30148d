"""The pages and redirects of a sign-in. They decide nothing: see ``begin`` and ``callback``."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView, View

from ...conf import conf
from ...models import Application
from ...observation import timed_callback
from ..flows import begin, callback, consent, redirects
from ..flows.sign_in import OtherUserSignedIn
from ..log.failures import SignInFailed, Stage
from ..lookup import addresses, enabled, realm
from ..lookup.start_cache import find_enabled_cached
from ..lookup.typed_address import clean_address
from ..state.step_up import requested_by
from ..state.transaction import delete_cookie
from ..state.withheld import callback_parameters
from . import buttons, prefetch
from .entry import entry
from .error_page import failure_page

_MAX_LOGIN_HINT = 254


@method_decorator(entry, name="dispatch")
class SignInView(TemplateView):
    """The sign-in page of an application: email address, buttons, link to the password page.

    ``application``: its slug, if the URLconf sets it: ``SignInView.as_view(application="x")``.
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
        if len(found.targets) == 1:
            return _begin(request, found.targets[0], found.address, found.domain)
        return self.render_to_response(
            status=HTTPStatus.TOO_MANY_REQUESTS if found.is_refused else HTTPStatus.OK,
            headers={"Retry-After": str(realm.UNKNOWN_SECONDS)} if found.is_refused else None,
            context=self.get_context_data(
                known_application=application,
                email=found.address,
                choices=self._buttons(
                    application, [target.connection for target in found.targets], found.address
                ),
                is_unknown=not found.targets and not found.is_refused,
                is_refused=found.is_refused,
            ),
        )

    def get_context_data(
        self, known_application: Application | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        application = known_application or enabled.find_application(self.request, self.application)
        shown = enabled.shown_as_buttons(application)
        asks_for_account = _prompt(self.request) == begin.SELECT_ACCOUNT
        return super().get_context_data(
            application=application,
            application_name=_name_unless_default(application),
            buttons=self._buttons(application, shown.connections) if application else [],
            too_many_buttons=shown.too_many,
            why_no_sign_in=application.why_no_sign_in if application else "",
            password_url=_password_url(self._next(application)),
            asks_for_account=asks_for_account,
            other_account_url="" if asks_for_account else self._other_account_url(application),
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
            prompt=_prompt(self.request),
            **requested_by(self.request).parameters,
        )

    def _other_account_url(self, application: Application | None) -> str:
        """Return this page's address with the ``prompt`` that has Microsoft ask for an account."""
        return self.request.path + buttons.query(
            application=enabled.chosen_application(self.request),
            next=self._next(application),
            prompt=begin.SELECT_ACCOUNT,
            **requested_by(self.request).parameters,
        )

    def _next(self, application: Application | None) -> str:
        urls = application.allowed_callback_urls if application else ()
        return addresses.requested_destination(self.request, urls)

    def _start(self, name: str) -> HttpResponse:
        """``?connection=NAME`` starts at once, as at Auth0."""
        return _start(self.request, name, self.application)


@method_decorator(entry, name="dispatch")
class StartView(View):
    """Redirects to Microsoft. One query; no write and no request to Microsoft."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return _start(request, name)


@method_decorator(entry, name="dispatch")
class CallbackView(View):
    """The one redirect URI, to which Microsoft sends every browser back."""

    # Not HEAD: a link preview must not spend the code.
    http_method_names = ["get", "options"]

    @timed_callback
    def get(self, request: HttpRequest) -> HttpResponse:
        secure = addresses.is_secure(request)
        failure: SignInFailed | None = None
        try:
            if consent.is_link_state(_state(request)):
                return _show_consent(request)
            response = callback.finish(request, secure=secure)
        except OtherUserSignedIn as other:
            response = _ask_first(request, other)
        except SignInFailed as failed:
            failure = failed
        if failure is not None:
            # Outside the except block: a report of an error of this page would otherwise include
            # the failure and its variables.
            response = failure_page(request, failure)
        delete_cookie(request, response, _state(request), secure=secure)
        # The address holds the code, and no link or form may pass it on. Not "no-referrer":
        # browsers then send forms with "Origin: null", which Django's CSRF protection refuses.
        response.headers.setdefault("Referrer-Policy", "strict-origin")
        return response


def _start(request: HttpRequest, name: str, application: str = "") -> HttpResponse:
    if answer := prefetch.prefetch_response(request):
        return answer
    target = find_enabled_cached(request, name, application)
    if target is None:
        asked = enabled.chosen_application(request, application) or "this site"
        detail = f"No connection “{enabled.lookup_name(name)}” for “{asked}”."
        return failure_page(
            request, SignInFailed("connection_disabled", detail=detail, stage=Stage.START)
        )
    asked = request.GET.get("login_hint", "")
    # Anything but an address can be the opaque hint that Microsoft puts into ID tokens.
    login_hint = clean_address(asked) or asked[:_MAX_LOGIN_HINT]
    domain = realm.domain_of(login_hint)
    # No domain hint for guests: Microsoft would skip the directory in which they are guests.
    return _begin(request, target, login_hint, domain if domain == target.connection.domain else "")


def _begin(
    request: HttpRequest, target: enabled.SignInTarget, login_hint: str, domain_hint: str
) -> HttpResponse:
    destination = addresses.safe_destination(
        request, request.GET.get("next"), target.application.allowed_callback_urls
    )
    step_up = requested_by(request)
    if addresses.must_move(request, is_own_host=target.is_own_host):
        moved = buttons.start_url(
            target.connection,
            application=target.application.slug,
            next=destination,
            login_hint=login_hint,
            prompt=_prompt(request),
            **step_up.parameters,
            **{addresses.MOVED: "1"},
        )
        return redirects.redirect_browser(request, conf.public_url + moved)
    start = begin.Start(
        target,
        destination,
        login_hint=login_hint,
        domain_hint=domain_hint,
        prompt=_prompt(request),
        step_up=step_up,
    )
    return begin.redirect_to_microsoft(request, start)


def _prompt(request: HttpRequest) -> str:
    """Return the parameter ``prompt``: ``SELECT_ACCOUNT``, or ``LOGIN`` for a step-up by age. Any
    other value is ignored."""
    asked = request.GET.get("prompt", "")
    is_step_up = requested_by(request).max_age is not None
    return asked if asked in (begin.SELECT_ACCOUNT, begin.LOGIN if is_step_up else "") else ""


def _ask_first(request: HttpRequest, other: OtherUserSignedIn) -> HttpResponse:
    """Let the person choose between the user of the session and the new one. Nothing is changed."""
    start_url = partial(
        buttons.start_url,
        other.context.connection,
        application=enabled.slug_unless_default(other.context.application),
        next=other.context.destination,
        **other.context.transaction.step_up.parameters,
    )
    return render(
        request,
        "azuread_connections/switch_user.html",
        {
            "current": other.current,
            "other": other.other,
            "start_url": start_url(login_hint=other.other),
            "other_account_url": start_url(prompt=begin.SELECT_ACCOUNT),
            "stay_url": other.context.destination,
        },
    )


def _state(request: HttpRequest) -> str:
    return callback_parameters(request).get("state", "")


def _show_consent(request: HttpRequest) -> HttpResponse:
    outcome = consent.finish_link(request)
    return render(request, "azuread_connections/consent.html", {"outcome": outcome})


def _name_unless_default(application: Application | None) -> str:
    return application.name if application and enabled.slug_unless_default(application) else ""


def _password_url(destination: str) -> str:
    if not conf.password_login_url:
        return ""
    return resolve_url(conf.password_login_url) + buttons.query(next=destination)
