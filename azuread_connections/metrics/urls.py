"""Include under any prefix: ``path("metrics", include("azuread_connections.metrics.urls"))``."""

from __future__ import annotations

from django.urls import path

from .views import metrics

app_name = "azuread_metrics"

urlpatterns = [path("", metrics, name="metrics")]
