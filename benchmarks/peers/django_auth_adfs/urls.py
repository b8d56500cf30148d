from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("oauth2/", include("django_auth_adfs.urls"))]
