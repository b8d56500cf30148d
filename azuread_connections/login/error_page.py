"""The page of a sign-in that fails: what happened, what to do, and a reference for support."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import addresses, buttons, callback, enabled
from .failures import SignInFailed

#: Seconds, where Microsoft names none.
_RETRY_AFTER = 30


def failure_page(request: HttpRequest, failed: SignInFailed) -> HttpResponse:
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
    return already_logged(response)


def already_logged(response: HttpResponse) -> HttpResponse:
    """Mark an answer whose failure is in our own log.

    Django logs each answer from 400 on that is not marked so, and mails those from 500 on to ADMINS
    within the request. The mark is what ``django.utils.log.log_response`` sets itself.
    """
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _retry_url(request: HttpRequest, failed: SignInFailed) -> str:
    """Return where "try again" leads: straight to Microsoft if that may help."""
    application = enabled.chosen_application(request)
    if failed.application is not None:
        application = enabled.slug_unless_default(failed.application)
    if failed.connection is not None and failed.failure.can_retry:
        return buttons.start_url(
            failed.connection, application=application, next=failed.destination
        )
    return buttons.sign_in_url(application=application, next=failed.destination)
