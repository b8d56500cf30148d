"""A site below a prefix that the proxy removes, with the sign-in deep in it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("x/login/", include("azuread_connections.urls")),
    path("admin/", admin.site.urls),
]
