"""Reports that browsers use https, but Django does not know it: its forms are refused then."""

from __future__ import annotations

import logging
from functools import lru_cache

from django.http import HttpRequest

from ...conf import conf
from ...log_fields import LogEvent, log_fields
from ..lookup.addresses import is_main_host

logger = logging.getLogger("azuread_connections")


def report(request: HttpRequest) -> None:
    """Warn, once in a process, if a request for https arrived as http.

    A proxy ends TLS and does not say so. Callback URLs and our cookies are right all the same, as
    PUBLIC_URL decides about them. Django compares the Origin header of a form with the scheme that
    it sees (``CsrfViewMiddleware``).
    """
    if request.is_secure() or not conf.public_url.startswith("https:"):
        return
    if is_main_host(request) and not conf.trusts_public_url:
        _warn_once(conf.public_url)


@lru_cache(maxsize=1)
def _warn_once(url: str) -> None:
    logger.warning(
        "A request for %s arrived as http, so Django refuses the forms of the sign-in (403, "
        "“Origin checking failed”). Let the proxy send X-Forwarded-Proto and set "
        "SECURE_PROXY_SSL_HEADER, or add %s to CSRF_TRUSTED_ORIGINS.",
        url,
        url,
        extra=log_fields(LogEvent.UNSEEN_HTTPS),
    )
