"""For views of one application: people who have not signed in to it are asked to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from .login.state.access import find_access
from .login.state.step_up import StepUp, required_by
from .login.web.buttons import sign_in_url
from .login.web.step_up import to_step_up

View = Callable[..., Any]


def application_required(
    application: str, *, max_age: int | None = None, acr: str = ""
) -> Callable[[View], View]:
    """Require a sign-in by a connection that is enabled for this application (its slug).

    Others are redirected to its sign-in page, and back afterwards. For sync and async views, and
    on top of a view that it already guards, to require more of it.

    Step-up: with ``max_age`` (seconds) the person must have authenticated at Microsoft that lately,
    with two minutes of leeway for clocks; with ``acr`` they must have met that authentication
    context of Conditional Access, "c1" to "c99". Whoever has access but not that is sent to
    Microsoft and back; a request other than GET and HEAD gets a page with status 403 and a link.
    Only `auth_time` and `acrs` of a validated ID token count, so a password session never passes.
    It costs no query more. Raises ``ValueError`` for any other ``max_age`` or ``acr``.

    https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context
    """
    step_up = required_by(max_age, acr)

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def async_guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                refusal = await sync_to_async(_refusal)(request, application, step_up)
                return await view(request, *args, **kwargs) if refusal is None else refusal

            guarded: View = async_guarded
        else:

            @wraps(view)
            def sync_guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                refusal = _refusal(request, application, step_up)
                return view(request, *args, **kwargs) if refusal is None else refusal

            guarded = sync_guarded
        # LoginRequiredMiddleware would redirect to the sign-in page of another application.
        guarded.login_required = False  # type: ignore[attr-defined]
        return guarded

    return decorate


class ApplicationRequiredMixin:
    """The same for class-based views. Set ``application``, and ``max_age`` or ``acr`` for a
    step-up, and list this class first."""

    application: str = ""
    max_age: int | None = None
    acr: str = ""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> View:
        application = initkwargs.get("application", cls.application)
        if not application:
            raise TypeError(f"{cls.__name__} needs an application.")
        guard = application_required(
            application,
            max_age=initkwargs.get("max_age", cls.max_age),
            acr=initkwargs.get("acr", cls.acr),
        )
        return guard(super().as_view(**initkwargs))  # type: ignore[misc]


def _refusal(request: HttpRequest, application: str, step_up: StepUp) -> HttpResponseBase | None:
    """Return the response to a person who may not see the view, or None if they may."""
    access = find_access(request, application, step_up)
    if access.is_granted:
        return None
    if access.sign_in is not None:
        return to_step_up(request, application, step_up, access.sign_in)
    return HttpResponseRedirect(
        sign_in_url(application=application, next=request.get_full_path(), **step_up.parameters)
    )
