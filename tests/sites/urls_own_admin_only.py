"""An admin site of a site's own, without Django's."""

from __future__ import annotations

from project.urls import urlpatterns as site

from .urls_admin_sites import urlpatterns as both

_OTHERS = [pattern for pattern in site if str(pattern.pattern) != "admin/"]
urlpatterns = [*_OTHERS, both[-1]]
