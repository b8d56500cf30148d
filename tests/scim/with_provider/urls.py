from __future__ import annotations

from django.urls import include, path

from tests.provider.urls import urlpatterns as site

urlpatterns = [*site, path("scim/", include("azuread_connections.scim.urls"))]
