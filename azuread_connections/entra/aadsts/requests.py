"""The requests themselves: stale sign-ins, and requests that this app never sends."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import OUR_BUG, TRY_AGAIN

_STALE = entries(
    Owner.EMPLOYEE,
    ErrorClass.STALE,
    {
        54005: (
            _("The sign-in was already completed, for example in another tab."),
            TRY_AGAIN,
        ),
        70000: (_("Microsoft does not accept the sign-in's code."), TRY_AGAIN),
        70008: (_("The sign-in took too long."), TRY_AGAIN),
        501481: (
            _("The answer belongs to another sign-in, for example in another tab."),
            TRY_AGAIN,
        ),
        700005: (_("The sign-in began in one directory and ended in another."), TRY_AGAIN),
        9002313: (
            _("The request was malformed, most often because an address was cut off."),
            TRY_AGAIN,
        ),
    },
)

_RELOADED = entries(
    Owner.EMPLOYEE,
    ErrorClass.OTHER,
    {
        900561: (
            _("A Microsoft page was reloaded, or a proxy turned a POST into a GET."),
            _(
                "Start the sign-in again. If it happens to everybody, look for a proxy between "
                "Microsoft and this site or the browsers."
            ),
        ),
    },
)

_NEVER_SENT = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        28000: (_("The request asks for several services at once."), OUR_BUG),
        28002: (_("The request names a permission in an invalid way."), OUR_BUG),
        28003: (_("The request asks for no permission."), OUR_BUG),
        50147: (_("The sign-in's PKCE value has a wrong length."), OUR_BUG),
        50196: (_("The same request was repeated too often."), OUR_BUG),
        70003: (_("The request is of a kind that Microsoft does not support."), OUR_BUG),
        70005: (
            _("The request asks for a response type that Microsoft does not support."),
            OUR_BUG,
        ),
        70007: (
            _("The request asks for a response mode that Microsoft does not support."),
            OUR_BUG,
        ),
        70011: (_("The request names a permission in an invalid way."), OUR_BUG),
        90009: (_("The app asks for a token for itself."), OUR_BUG),
        90014: (_("A part of the request is missing."), OUR_BUG),
        90023: (_("The request is invalid."), OUR_BUG),
        501491: (_("The sign-in's PKCE value has a wrong length."), OUR_BUG),
        700051: (_("The registration does not allow access tokens without a code."), OUR_BUG),
        700054: (_("The registration does not allow ID tokens without a code."), OUR_BUG),
        900144: (_("A part of the request is missing."), OUR_BUG),
        901002: (_("The request mixes the two identity APIs."), OUR_BUG),
        1002012: (_("The request for the app's own token is invalid."), OUR_BUG),
    },
)

ENTRIES = (*_STALE, *_RELOADED, *_NEVER_SENT)
