"""Links from one admin page to another, if this admin site has that page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def admin_url(admin_site: AdminSite, model: type[Model] | Model, page: str, *args: Any) -> str:
    """Return the address of a model's page ("changelist", "change", …) on this admin site.

    Raises ``NoReverseMatch`` if the site does not have the model.
    """
    meta = model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_{page}"
    return reverse(name, args=args, current_app=admin_site.name)


def as_key(text: str) -> int | None:
    """Return a row's key from text; None for text that cannot be a key.

    No database stores keys with more digits, and Python refuses to parse very long numbers.
    """
    return int(text) if text.isdecimal() and len(text) <= 18 else None


def link_to(admin_site: AdminSite, row: Model, text: str = "") -> str | SafeString:
    """Return a row's name, linked to its page if this admin site has one."""
    text = text or str(row)
    try:
        url = admin_url(admin_site, row, "change", quote(row.pk))
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', url, text)


def may_open(admin_site: AdminSite, request: HttpRequest, model: type[Model]) -> bool:
    """Return whether the admin site has pages of the model that the user may see."""
    if not admin_site.is_registered(model):
        return False
    return admin_site.get_model_admin(model).has_view_permission(request)
