"""What a start has just read, cached for two seconds in each process.

A start decides nothing: it only sends a browser to Microsoft, and the callback reads everything
again. So a connection that was switched off a moment ago can still send people there, and signs
nobody in. If it was edited, the sign-in begins again by itself: see ``ConnectionEdited``.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Any

from django.db import connections, router, transaction
from django.http import HttpRequest

from ...conf import conf
from ...models import EnabledConnection
from .enabled import SignInTarget, chosen_application, find_enabled

START_CACHE_TTL = 2.0
#: When the cache is full, it is emptied: each entry would be read again within two seconds anyway.
_MAX_ENTRIES = 1000

_cache: dict[Hashable, tuple[float, SignInTarget]] = {}


def find_enabled_cached(
    request: HttpRequest, name: str, view_application: str = ""
) -> SignInTarget | None:
    """Return what ``find_enabled`` returns, or has returned within the last two seconds. A name
    that leads nowhere is not cached. The caller must not change the result."""
    using = router.db_for_write(EnabledConnection)
    database = connections[using]
    if database.in_atomic_block:
        # What a transaction has written can still be rolled back, and is not for other requests.
        return find_enabled(request, name, view_application)
    tenant = getattr(request, "tenant", "")
    key = (
        using,
        # By host, path, session or header, a site can choose another schema of the database.
        getattr(database, "schema_name", ""),
        # Two tenants can have the same name.
        str(getattr(tenant, "pk", tenant)),
        request.get_host(),
        request.path,
        name,
        chosen_application(request, view_application),
        conf.default_application,
        conf.public_url,
    )
    now = time.monotonic()
    read_at, target = _cache.get(key, (0.0, None))
    if target is not None and now - read_at < START_CACHE_TTL:
        return target
    found = find_enabled(request, name, view_application)
    if found is not None:
        if len(_cache) >= _MAX_ENTRIES:
            _cache.clear()
        _cache[key] = now, found
    return found


def clear(using: str = "", **kwargs: Any) -> None:
    """Empty the cache. A receiver of the models' signals: an edit in this process is seen by the
    next start. ``QuerySet.update`` and other processes send none: there it takes two seconds."""
    _cache.clear()
    # Not where the site commits by itself (AUTOCOMMIT off): nothing reports that.
    if using and connections[using].in_atomic_block:
        # Until it commits, a start of another thread reads and caches the old row.
        transaction.on_commit(_cache.clear, using=using)
