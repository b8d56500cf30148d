"""The page of a failed sign-in: what happened, what to do, and a reference for support."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..flows import callback
from ..flows.begin import LOGIN, SELECT_ACCOUNT
from ..flows.resumption import Resumption, find_resumption
from ..flows.setup_session import return_path
from ..log.failures import SignInFailed
from ..lookup import addresses, enabled
from . import buttons

#: Seconds, if Microsoft sends none.
_RETRY_AFTER = 30


def failure_page(request: HttpRequest, failed: SignInFailed) -> HttpResponse:
    """Log the failure and return its page."""
    callback.report_failure(request, failed)
    # After it is logged: the connection named in `state` is not part of the failure.
    resumption = find_resumption(request) if failed.failure.status == 400 else None
    setup_url = return_path(request)
    response = render(
        request,
        "azuread_connections/error.html",
        {
            "failure": failed.failure,
            "advice": failed.advice or failed.failure.advice,
            "reference": failed.reference,
            "back_url": failed.back_url,
            "setup_url": setup_url,
            "retry_url": setup_url or failed.back_url or _retry_url(request, failed, resumption),
            "resume_with": resumption.target.connection.label if resumption else "",
            "other_account_url": _other_account_url(failed),
            "home_url": _home_url(request, resumption),
        },
        status=failed.failure.status,
    )
    # The address holds the authorization code: no link on the page may pass it on.
    response["Referrer-Policy"] = "no-referrer"
    if failed.failure.status == 503:
        response["Retry-After"] = str(failed.retry_after or _RETRY_AFTER)
    return already_logged(response)


def already_logged(response: HttpResponse) -> HttpResponse:
    """Keep Django from logging a response whose failure is in our own log.

    Django logs each response with a status from 400 on, and mails those from 500 on to ADMINS
    within the request. ``django.utils.log.log_response`` sets and reads this attribute.
    """
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _home_url(request: HttpRequest, resumption: Resumption | None) -> str:
    """Return the link for people who are already signed in. It is always on this site."""
    return addresses.safe_destination(request, resumption.destination if resumption else None)


def _other_account_url(failed: SignInFailed) -> str:
    """Return the link that has Microsoft ask for another account, or "" if that does not help."""
    if failed.connection is None or failed.back_url or not failed.failure.other_account_helps:
        return ""
    application = failed.application
    return buttons.start_url(
        failed.connection,
        application=enabled.slug_unless_default(application) if application else "",
        next=failed.destination,
        prompt=SELECT_ACCOUNT,
        **failed.step_up.parameters,
    )


def _retry_url(request: HttpRequest, failed: SignInFailed, resumption: Resumption | None) -> str:
    """Return the link "try again": to Microsoft directly if that can help."""
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
            failed.connection,
            application=application,
            next=failed.destination,
            # Whatever Microsoft remembers of the person was not enough.
            prompt=LOGIN if failed.step_up.max_age is not None else "",
            **failed.step_up.parameters,
        )
    return buttons.sign_in_url(application=application, next=failed.destination)
