"""What all pages of a set-up share: who may open them, their headers, and the list of steps."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.generic import TemplateView

from ...conf import conf
from ...login.log import setup_events
from ...login.state.setup_cookie import find_session
from ...login.web.entry import entry
from ...login.web.error_page import already_logged
from ...models import Connection, SetupLink, SetupSession
from .. import steps

#: No third-party content and no inline code. ``{static}``: this site, and the host of its static
#: files where they have one of their own. A policy of the site's own comes in addition.
_POLICY = (
    "default-src 'none'; style-src {static}; script-src {static}; img-src {static} data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@method_decorator([entry, csrf_protect], name="dispatch")
class StepPage(TemplateView):
    """A step of a set-up. ``step``: its name.

    ``takes_forms_when_finished``: whether its form is taken after the customer has finished. What
    the site's administrator approves must not change any more.
    """

    step: ClassVar[str]
    takes_forms_when_finished: ClassVar[bool] = False
    setup_session: SetupSession
    link: SetupLink
    connection: Connection

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = find_session(request, kwargs["reference"])
        if found is None or found.link.connection is None:
            return closed_page(request, status=403)
        self.setup_session, self.link = found, found.link
        self.connection = found.link.connection
        if not steps.is_reached(self.link, self.step):
            return self.redirect_to(self.link.step or steps.WELCOME)
        is_refused = self.is_read_only and not self.takes_forms_when_finished
        if is_refused and request.method not in ("GET", "HEAD", "OPTIONS"):
            return self.redirect_to(steps.DONE)
        return protect(super().dispatch(request, *args, **kwargs))

    @property
    def is_read_only(self) -> bool:
        """Whether the customer has finished, so that nothing can be changed."""
        return self.link.finished_at is not None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**step_context(self.link, self.step), **kwargs)

    def go_on(self) -> HttpResponse:
        """Send the browser to the next step, which is reached now."""
        following = steps.following(self.link, self.step)
        if steps.reach(self.link, following):
            setup_events.record_setup_step(
                self.request, self.link, f"Went on from the step {self.step} to {following}."
            )
        return self.redirect_to(following)

    def redirect_to(self, step: str) -> HttpResponse:
        response = HttpResponseRedirect(step_url(self.link, step))
        protect(response)
        return response


def step_context(link: SetupLink, step: str, *, is_open: bool = True) -> dict[str, Any]:
    """Return the context of a step's page. ``is_open``: whether its list of steps has links."""
    shown = steps.progress(link, step)
    return {
        "link": link,
        "connection": link.connection,
        "step": step,
        "title": steps.TITLES[step],
        "progress": [
            (each, step_url(link, each.name) if is_open and each.is_reached else "")
            for each in shown
        ],
        "number": next(each.number for each in shown if each.is_current),
        "is_read_only": link.finished_at is not None,
        "previous_url": _previous_url(link, step) if is_open else "",
        "next_url": _next_url(link, step) if is_open else "",
    }


def step_url(link: SetupLink, step: str) -> str:
    return reverse("azuread_connections:setup_step", args=[link.reference, step])


def closed_page(request: HttpRequest, status: int) -> HttpResponse:
    """Return the page for every link and session that cannot be used. It does not say why: whoever
    has no valid link learns nothing about any."""
    context = {"site": request.get_host(), "support_email": conf.support_email}
    response = render(request, "azuread_connections/setup/over.html", context, status=status)
    protect(response)
    # Not a failure of the site: nobody is mailed, and no log line has the address.
    return already_logged(response)


def protect(response: HttpResponseBase) -> HttpResponseBase:
    """Set the headers of a page of a set-up."""
    response.headers.setdefault("Content-Security-Policy", _POLICY.format(static=_static_hosts()))
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    # Not "no-referrer": Chromium then sends forms with "Origin: null", which Django's CSRF
    # protection refuses.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _static_hosts() -> str:
    """Return the sources of style sheets and scripts, for the policy."""
    address = urlsplit(static("azuread_connections/setup.css"))
    return f"'self' {address.scheme or 'https'}://{address.netloc}" if address.netloc else "'self'"


def _previous_url(link: SetupLink, step: str) -> str:
    known = steps.names(link)
    number = known.index(step)
    return step_url(link, known[number - 1]) if number else ""


def _next_url(link: SetupLink, step: str) -> str:
    following = steps.following(link, step)
    if following == step or not steps.is_reached(link, following):
        return ""
    return step_url(link, following)
