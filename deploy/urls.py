from __future__ import annotations

from django.urls import include, path

from project.urls import urlpatterns as site

urlpatterns = [path("health/", include("azuread_connections.health.urls")), *site]
