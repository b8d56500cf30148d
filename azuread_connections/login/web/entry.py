from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from ...entra.frames import without_frame_variables


def entry(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that people use before they are signed in.

    LoginRequiredMiddleware lets it pass. ATOMIC_REQUESTS does not apply, as it would roll back the
    event of a failure. A report of an unforeseen error shows none of its local variables.
    """
    return never_cache(
        transaction.non_atomic_requests(login_not_required(without_frame_variables(view)))
    )
