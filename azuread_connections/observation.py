"""What optional sub-apps count: signals of the app's own, which can change with any version.

They are sent with ``send_robust``: a receiver that fails cannot fail a sign-in. Without a receiver
they cost nothing. The public signals are in ``signals``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from django.dispatch import Signal
from django.http import HttpRequest
from django.http.response import HttpResponseBase

P = ParamSpec("P")
View = TypeVar("View")

#: Sent for each line of the sign-in log: ``event``, stored or counted. It can be sent in a
#: transaction that is rolled back or repeated later.
event_logged = Signal()
#: Sent when a callback from Microsoft was answered: ``outcome`` (one of ``OUTCOMES``), ``seconds``.
callback_finished = Signal()


class ProvisioningState(NamedTuple):
    """A connection whose directory can provision people. ``last_request``: when it last did; None
    if never. ``ends_at``: the end of its last token; None for one without an end."""

    connection: str
    last_request: datetime | None
    ends_at: datetime | None


#: ``read(limit)`` returns connections, those that need attention first, ``limit`` at most. In one
#: statement.
ReadProvisioning = Callable[[int], Iterable[ProvisioningState]]
#: What sub-apps add in ``AppConfig.ready``, by their labels.
provisioning: dict[str, ReadProvisioning] = {}

#: "finished": a redirect or a page; "failed": an error page; "error": an unforeseen exception.
OUTCOMES = ("finished", "failed", "error")


def timed_callback(
    view: Callable[Concatenate[View, HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[View, HttpRequest, P], HttpResponseBase]:
    """Measure the method of a view that answers a callback."""

    @wraps(view)
    def timed(
        self: View, request: HttpRequest, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if not callback_finished.receivers:
            return view(self, request, *args, **kwargs)
        started = time.monotonic()
        outcome = "error"
        try:
            response = view(self, request, *args, **kwargs)
            outcome = "finished" if response.status_code < 400 else "failed"
            return response
        finally:
            callback_finished.send_robust(None, outcome=outcome, seconds=time.monotonic() - started)

    return timed
