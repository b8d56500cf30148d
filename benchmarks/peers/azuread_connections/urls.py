from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("login/", include("azuread_connections.urls")),
    path("admin/", admin.site.urls),
]
