"""URLs of a project that has installed the app, but not included its URLs yet."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
