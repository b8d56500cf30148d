"""For views of one application: people who have not signed in to it are asked to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from .login.state.access import has_access
from .login.web.buttons import sign_in_url

View = Callable[..., Any]


def application_required(application: str) -> Callable[[View], View]:
    """Require a sign-in by a connection that is enabled for this application (its slug).

    Others are redirected to its sign-in page, and back afterwards. For sync and async views.
    """

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def async_guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                if not await sync_to_async(has_access)(request, application):
                    return _to_sign_in(request, application)
                return await view(request, *args, **kwargs)

            guarded: View = async_guarded
        else:

            @wraps(view)
            def sync_guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                if not has_access(request, application):
                    return _to_sign_in(request, application)
                return view(request, *args, **kwargs)

            guarded = sync_guarded
        # LoginRequiredMiddleware would redirect to the sign-in page of another application.
        guarded.login_required = False  # type: ignore[attr-defined]
        return guarded

    return decorate


class ApplicationRequiredMixin:
    """The same for class-based views. Set ``application``, and list this class first."""

    application: str = ""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> View:
        application = initkwargs.get("application", cls.application)
        if not application:
            raise TypeError(f"{cls.__name__} needs an application.")
        return application_required(application)(super().as_view(**initkwargs))  # type: ignore[misc]


def _to_sign_in(request: HttpRequest, application: str) -> HttpResponseBase:
    return HttpResponseRedirect(sign_in_url(application=application, next=request.get_full_path()))
