"""The URLs that the documentation names."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from azuread_connections.health.views import LiveView, ReadyView
from azuread_connections.views import SignInView, StartView

from .site import Reports, billing

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", include("azuread_connections.urls")),
    path("scim/", include("azuread_connections.scim.urls")),
    path("metrics", include("azuread_connections.metrics.urls")),
    path("health/", include("azuread_connections.health.urls")),
    path("live", LiveView.as_view()),
    path("ready", ReadyView.as_view(checks=["database", "cache"], timeout=1)),
    path("billing/", billing),
    path("billing/login/", SignInView.as_view(application="billing")),
    path("billing/login/<slug:name>/", StartView.as_view(application="billing")),
    path("reports/", Reports.as_view()),
]
