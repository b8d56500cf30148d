from __future__ import annotations

from django.urls import include, path

from project.urls import urlpatterns as site

urlpatterns = [*site, path("id/", include("azuread_connections.provider.urls"))]
