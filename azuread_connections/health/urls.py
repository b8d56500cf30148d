"""Include under any prefix: ``path("health/", include("azuread_connections.health.urls"))``."""

from __future__ import annotations

from django.urls import path

from .views import LiveView, ReadyView

app_name = "azuread_health"

urlpatterns = [
    path("live", LiveView.as_view(), name="live"),
    path("ready", ReadyView.as_view(), name="ready"),
]
