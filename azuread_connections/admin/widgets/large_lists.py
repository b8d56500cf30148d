"""Lists of very many rows, which a database counts more slowly than it finds a page of them."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest

from ...conf import CACHE_PREFIX, conf

#: Fewer rows are counted each time, so that adding or removing one changes the number.
MANY = 10_000
#: Seconds for which a larger count is cached.
COUNTED_EVERY = 60


class LargeListAdmin(admin.ModelAdmin):
    """Caches the count of many rows for a minute, for each user and search."""

    show_full_result_count = False

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any
    ) -> Paginator[Any]:
        if self.paginator is not Paginator:
            # A site's own paginator.
            return super().get_paginator(request, queryset, per_page, *args, **kwargs)
        asked = request.GET.copy()
        for only_another_page in ("p", "o", "page"):
            asked.pop(only_another_page, None)
        # By user: a site's own admin class can show some users fewer rows.
        parts = (request.path, str(request.user.pk), asked.urlencode())
        key = f"{CACHE_PREFIX}:count:{sha256(repr(parts).encode()).hexdigest()}"
        return _Paginator(key, queryset, per_page, *args, **kwargs)


class _Paginator(Paginator):
    def __init__(self, key: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._key = key

    @cached_property
    def count(self) -> int:
        known = conf.cache.get(self._key)
        if isinstance(known, int):
            return known
        number = int(super().count)
        if number >= MANY:
            conf.cache.set(self._key, number, COUNTED_EVERY)
        return number
