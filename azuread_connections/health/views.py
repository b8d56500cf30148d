"""What a load balancer asks: whether the process answers, and whether it can sign people in.

Both say no more than that: anybody can ask. They read no session and no user.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from ..login.web.error_page import already_logged
from .probe import TIMEOUT, failing_checks


@method_decorator([never_cache, login_not_required, transaction.non_atomic_requests], "dispatch")
class LiveView(View):
    """200: the process answers. Touches nothing else."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        return JsonResponse({"status": "ok"})


@method_decorator([never_cache, login_not_required, transaction.non_atomic_requests], "dispatch")
class ReadyView(View):
    """200: this process can sign people in. 503: it cannot; the log says why.

    ``checks``: names of ``health.ALL_CHECKS``; None for the default. ``timeout``: seconds for all.
    """

    http_method_names = ["get", "head"]
    checks: Collection[str] | None = None
    timeout: float = TIMEOUT

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not failing_checks(self.checks, self.timeout):
            return JsonResponse({"status": "ok"})
        # The probe has logged why, once a minute.
        return already_logged(JsonResponse({"status": "unavailable"}, status=503))
