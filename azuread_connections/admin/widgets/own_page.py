"""What the template of a page of our own needs, on any admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest


def context(
    page: admin.ModelAdmin[Any], request: HttpRequest, title: str, row: Model | None = None
) -> dict[str, Any]:
    """Return the context of a page that belongs to ``row``, or to none.

    ``row`` is there as ``original``, too, as on Django's own pages: a theme's breadcrumbs show it.
    """
    # The admin's URLs in templates, and in a theme's tags, are those of this admin site.
    request.current_app = page.admin_site.name
    return {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "original": row,
        "title": title,
        "media": page.media,
    }
