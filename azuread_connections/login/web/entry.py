from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from ...entra.frames import without_frame_variables
from . import display, unseen_https


def entry(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view that people use before they are signed in.

    LoginRequiredMiddleware lets it pass. ATOMIC_REQUESTS does not apply, as it would roll back the
    event of a failure. A report of an unforeseen error shows none of its local variables. A page is
    shown as the client wants it that the person signs in to.
    """

    return never_cache(
        transaction.non_atomic_requests(login_not_required(_shown(without_frame_variables(view))))
    )


def _shown(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        unseen_https.report(request)
        answer: HttpResponseBase = display.shown(
            display.find(request), partial(view, request, *args, **kwargs)
        )
        return answer

    return shown
