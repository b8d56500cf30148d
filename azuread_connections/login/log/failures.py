"""All failures of a sign-in: each has one stable code, one status and one page.

The list is closed, and other programs rely on the codes.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ...entra import errors as entra
from ...models import Application, Connection
from ..state.step_up import NOTHING, StepUp


class Stage(enum.StrEnum):
    """How far a sign-in came before it failed. The list is closed, as that of the codes."""

    START = "start"  # before the browser was sent to Microsoft
    CALLBACK = "callback"  # what the callback belongs to
    AUTHORIZATION = "authorization"  # Microsoft's answer in the callback's address
    REDEMPTION = "redemption"  # redeeming the code
    VALIDATION = "validation"  # validating the ID token, which can need a fetch of the signing keys
    DIRECTORY = "directory"  # whether the person's directory and its domain are accepted
    USER = "user"  # finding, creating and storing the Django user


@dataclass(frozen=True)
class Failure:
    """A failure as the employee reads it. ``can_retry``: starting again can help.

    ``meaning``: the text for the administrator, in the log. ``is_about_person``: the person is
    refused, which counts as a failed log-in. ``other_account_helps``: another account of the same
    person may be accepted.
    """

    code: str
    status: int
    title: str | Promise
    advice: str | Promise
    can_retry: bool = True
    meaning: str | Promise = ""
    is_about_person: bool = False
    other_account_helps: bool = False


FAILURES = {
    failure.code: failure
    for failure in (
        Failure(
            "transaction_missing",
            400,
            _("We could not find your sign-in"),
            _(
                "It may already be finished, it may have begun in another window or browser, or "
                "cookies may be blocked. Start again from the sign-in page."
            ),
            meaning=_("The callback belongs to no open sign-in"),
        ),
        Failure(
            "transaction_expired",
            400,
            _("This sign-in took too long"),
            _("It was open too long, was already used, or its settings have changed. Start again."),
            meaning=_("The sign-in is too old or was already used, or the connection was edited"),
        ),
        Failure(
            "access_denied",
            403,
            _("The sign-in was declined"),
            _(
                "You cancelled it, or a rule of your organisation does not let you in. Try again, "
                "or ask your organisation's IT support."
            ),
            meaning=_("The person cancelled, or their organisation refused them"),
            is_about_person=True,
            other_account_helps=True,
        ),
        Failure(
            "consent_required",
            403,
            _("Your organisation has not approved this application yet"),
            _("Ask your organisation's IT administrator to approve it, then try again."),
            meaning=_("Nobody has granted the permissions that the app asks for"),
            other_account_helps=True,
        ),
        Failure(
            "connection_disabled",
            403,
            _("This sign-in is not available here"),
            _("Go to the sign-in page and choose another way to sign in."),
            can_retry=False,
            meaning=_("The connection does not exist, or is not enabled for the application"),
        ),
        Failure(
            "directory_refused",
            403,
            _("Your organisation has no access to this application"),
            _("Sign in with another account, or ask this site's support."),
            meaning=_("The person's directory is refused, or not on the list"),
            is_about_person=True,
            other_account_helps=True,
        ),
        Failure(
            "directory_waiting",
            403,
            _("Your organisation's request is waiting"),
            _("An administrator of this site has to approve it. Try again later."),
            meaning=_("The person's directory waits for your approval"),
            other_account_helps=True,
        ),
        Failure(
            "user_refused",
            403,
            _("This account cannot sign in here"),
            _("Sign in with another account, or ask this site's support."),
            meaning=_("This site refuses the user"),
            is_about_person=True,
            other_account_helps=True,
        ),
        Failure(
            "id_token_invalid",
            502,
            _("The sign-in could not be verified"),
            _("This is not your fault. Try again; if it happens again, tell this site's support."),
            meaning=_("Microsoft's ID token failed validation"),
        ),
        Failure(
            "secret_rejected",
            502,
            _("Sign-in is temporarily unavailable"),
            _(
                "This is not your fault, and trying again will not help: this site's connection "
                "to Microsoft has to be renewed. Tell this site's support."
            ),
            can_retry=False,
            meaning=_("No credential of the connection can be used"),
        ),
        Failure(
            "microsoft_error",
            502,
            _("Microsoft reported an error"),
            _("This is not your fault. Try again; if it happens again, tell this site's support."),
            meaning=_("Microsoft returned an error or a malformed response"),
        ),
        Failure(
            "microsoft_unreachable",
            503,
            _("Microsoft cannot be reached"),
            _("This is not your fault. Wait a minute, then try again."),
            meaning=_("Microsoft did not answer in time"),
        ),
    )
}


@dataclass
class SignInFailed(Exception):
    """A failed sign-in. ``summary`` and ``detail`` are for the administrator's log only:
    what this site knows about the cause, and the text of the error.

    ``destination``, ``connection`` and ``application`` are set as they become known, ``reference``
    when the failure is logged at the latest. ``back_url``: the page on which the flow began, if it
    was not a sign-in. ``step_up``: what it had to prove. ``advice``: replaces that of ``failure``
    on the page. ``is_proven``: Microsoft's token endpoint has accepted the code, or refused
    for a reason other than the code, so that not anybody can cause it. ``is_unconfirmed``: the
    error of Microsoft's came in the callback's address, which anybody can write. ``is_reported``:
    Django has sent ``user_login_failed`` for it. ``stage``: how far the sign-in came.
    """

    code: str
    detail: str = ""
    aadsts_code: int | None = None
    correlation_id: str = ""
    trace_id: str = ""
    retry_after: int | None = None
    connection: Connection | None = None
    application: Application | None = None
    destination: str = ""
    back_url: str = ""
    reference: str = ""
    summary: str = ""
    is_proven: bool = False
    is_unconfirmed: bool = False
    is_reported: bool = False
    advice: str | Promise = ""
    step_up: StepUp = NOTHING
    stage: Stage = Stage.CALLBACK
    failure: Failure = field(init=False)

    def __post_init__(self) -> None:
        self.failure = FAILURES[self.code]

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


#: The first matching class decides.
_CODES: tuple[tuple[type[entra.EntraError], str], ...] = (
    (entra.Unreachable, "microsoft_unreachable"),
    (entra.IdTokenInvalid, "id_token_invalid"),
    (entra.CredentialFailed, "secret_rejected"),
    (entra.CodeNotAccepted, "transaction_expired"),
    (entra.ConsentRequired, "consent_required"),
    (entra.AccessDenied, "access_denied"),
    (entra.PersonalDirectory, "directory_refused"),
    (entra.EntraError, "microsoft_error"),
)


def from_entra(error: entra.EntraError) -> SignInFailed:
    """Turn an error of ``entra`` into the failure that a person sees."""
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    failure = SignInFailed(code, detail=str(error))
    if isinstance(error, entra.MicrosoftError):
        failure.aadsts_code = error.aadsts_code
        failure.correlation_id = error.correlation_id
        failure.trace_id = error.trace_id
    if isinstance(error, entra.Unreachable):
        failure.retry_after = error.retry_after
    return failure
