"""Opens a link, and shows its steps."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from ...login.state.setup_cookie import find_session, set_cookie
from ...login.state.withheld import setup_token
from ...login.web.entry import entry
from .. import steps
from ..opening import find_link, open_link
from .page import closed_page, protect, step_url


@method_decorator([entry, csrf_protect], name="dispatch")
class OpenView(View):
    """The address of a link. Only its button opens the link: a program that follows links, or a
    preview, spends nothing."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        from .welcome import WelcomePage, welcome_context  # here, as in ``show_step``

        link = find_link(request, setup_token(request, token))
        if link is None:
            return closed_page(request, status=404)
        if find_session(request, link.reference) is not None:
            # They follow the link in their mail again: no opening is spent.
            return protect(HttpResponseRedirect(step_url(link, link.step or steps.WELCOME)))
        if not link.can_be_opened:
            return closed_page(request, status=404)
        context = welcome_context(request, link) | {"is_opening": True}
        return protect(render(request, WelcomePage.template_name, context))

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        link = find_link(request, setup_token(request, token))
        if link is None:
            return closed_page(request, status=404)
        first = steps.following(link, steps.WELCOME)
        if find_session(request, link.reference) is not None:
            return protect(HttpResponseRedirect(step_url(link, link.step or first)))
        opening = open_link(request, link)
        if opening is None:
            return closed_page(request, status=404)
        response = HttpResponseRedirect(step_url(link, link.step or first))
        set_cookie(request, response, opening.session, opening.value)
        return protect(response)


@entry
def show_step(request: HttpRequest, reference: str, step: str, **kwargs: Any) -> HttpResponseBase:
    """Show the page of a step, or take its form."""
    # Here: a process that signs people in needs none of what the pages of a set-up stand on.
    from .pages import PAGES

    page = PAGES.get(step)
    if page is None:
        raise Http404
    return page.as_view()(request, reference=reference)
