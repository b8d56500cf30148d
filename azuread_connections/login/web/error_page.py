"""The page of a sign-in that fails: what happened, what to do, and a reference for support."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..flows import callback
from ..flows.begin import SELECT_ACCOUNT
from ..flows.resumption import Resumption, find_resumption
from ..log.failures import SignInFailed
from ..lookup import addresses, enabled
from . import buttons

#: Seconds, where Microsoft names none.
_RETRY_AFTER = 30


def failure_page(request: HttpRequest, failed: SignInFailed) -> HttpResponse:
    """Log the failure and return its page."""
    callback.report_failure(request, failed)
    # Not before it is logged: what a `state` says of its beginning is no part of the failure.
    resumption = find_resumption(request) if failed.failure.status == 400 else None
    response = render(
        request,
        "azuread_connections/error.html",
        {
            "failure": failed.failure,
            "reference": failed.reference,
            "back_url": failed.back_url,
            "retry_url": failed.back_url or _retry_url(request, failed, resumption),
            "resume_with": resumption.target.connection.label if resumption else "",
            "other_account_url": _other_account_url(failed),
            "home_url": _home_url(request, resumption),
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


def _home_url(request: HttpRequest, resumption: Resumption | None) -> str:
    """Return where somebody goes on who is signed in already: on this site in any case."""
    return addresses.safe_destination(request, resumption.destination if resumption else None)


def _other_account_url(failed: SignInFailed) -> str:
    """Return where another account can be chosen at Microsoft, which takes the same one again
    otherwise; "" where that is no help."""
    if failed.connection is None or failed.back_url or not failed.failure.other_account_helps:
        return ""
    application = failed.application
    return buttons.start_url(
        failed.connection,
        application=enabled.slug_unless_default(application) if application else "",
        next=failed.destination,
        prompt=SELECT_ACCOUNT,
    )


def _retry_url(request: HttpRequest, failed: SignInFailed, resumption: Resumption | None) -> str:
    """Return where "try again" leads: straight to Microsoft if that may help."""
    if resumption is not None:
        return buttons.start_url(
            resumption.target.connection,
            application=enabled.slug_unless_default(resumption.target.application),
            next=resumption.destination,
        )
    application = enabled.chosen_application(request)
    if failed.application is not None:
        application = enabled.slug_unless_default(failed.application)
    if failed.connection is not None and failed.failure.can_retry:
        return buttons.start_url(
            failed.connection, application=application, next=failed.destination
        )
    return buttons.sign_in_url(application=application, next=failed.destination)
