"""What Prometheus scrapes: everything in the default registry, for those who have the token."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..conf import conf
from .registry import scraped_registry

_PLAIN = "text/plain; charset=utf-8"


@never_cache
# Otherwise an unreadable database would fail the whole response at its end.
@transaction.non_atomic_requests
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics in Prometheus's text format, whatever format the request asks for."""
    if not conf.metrics_tokens:
        text = "Metrics are not served: AZUREAD_CONNECTIONS['METRICS_TOKEN'] has no usable token.\n"
        return HttpResponse(text, status=403, content_type=_PLAIN)
    if not _has_token(request):
        # RFC 6750 section 3. No reason is given: the caller has to know the token.
        return HttpResponse(
            "This address needs a bearer token.\n",
            status=401,
            content_type=_PLAIN,
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    return HttpResponse(generate_latest(scraped_registry()), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    # Every token is compared, so that the time does not say which one is nearly right.
    fits = [constant_time_compare(sent.strip(), token) for token in conf.metrics_tokens]
    return scheme.lower() == "bearer" and any(fits)
