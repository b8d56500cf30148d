from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from ...entra.frames import without_frame_variables


def entry(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that comes before signing in.

    The host may use LoginRequiredMiddleware, which must let it pass, and ATOMIC_REQUESTS, which
    would undo the log line of a failure. A report of an unforeseen error shows no variable of it.
    """
    return never_cache(
        transaction.non_atomic_requests(login_not_required(without_frame_variables(view)))
    )
