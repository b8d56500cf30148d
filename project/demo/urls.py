from __future__ import annotations

from django.urls import include, path

from project.urls import urlpatterns as site

from .views import home

urlpatterns = [
    path("", home, name="home"),
    *site,
    path("scim/", include("azuread_connections.scim.urls")),
    # No prefix, so that Auth0's SDKs find it by the domain alone.
    path("", include("azuread_connections.provider.urls")),
]
