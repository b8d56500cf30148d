"""The provider at the site's root, where Auth0's SDKs look for it by the domain alone."""

from __future__ import annotations

from django.urls import include, path

from project.urls import urlpatterns as site

urlpatterns = [*site, path("", include("azuread_connections.provider.urls"))]
