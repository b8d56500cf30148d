from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache


def entry(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that comes before signing in.

    The host may use LoginRequiredMiddleware, which must let it pass, and ATOMIC_REQUESTS, which
    would undo the log line of a failure.
    """
    return never_cache(transaction.non_atomic_requests(login_not_required(view)))
