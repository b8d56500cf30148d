"""The same below a prefix that is in the URLconf: the proxy passes it on."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("portal/", include("tests.sites.urls_below_a_prefix"))]
