"""The demo site's pages, provisioning, and what the test asks a process of the site."""

from __future__ import annotations

import os

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from project.urls import urlpatterns as site


def reads(request: HttpRequest) -> JsonResponse:
    """Which server answers, and what it reads where."""
    entries = LogEntry.objects.all()
    return JsonResponse(
        {
            "server": os.getppid(),
            "entries": entries.count(),
            "entries_from": entries.db,
            "users": User.objects.count(),
            "users_on_replica": User.objects.using("replica").count(),
        }
    )


urlpatterns = [
    *site,
    path("health/", include("azuread_connections.health.urls")),
    path("scim/", include("azuread_connections.scim.urls")),
    path("reads", reads),
]
