"""An API of a site, in Django REST framework."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from azuread_connections.rest_framework import (
    AzureADBearerAuthentication,
    HasPersonRole,
    HasRole,
    HasScope,
    HasScopeOrRole,
)
from project.urls import urlpatterns as site


class WithApps(AzureADBearerAuthentication):
    accepts_apps = True


class WhoAmI(APIView):
    """Says who calls."""

    authentication_classes: list[Any] = [AzureADBearerAuthentication]
    permission_classes: list[Any] = [IsAuthenticated]
    renderer_classes = [JSONRenderer]

    def get(self, request: Any) -> Response:
        auth = request.auth
        return Response(
            {
                "user": request.user.get_username(),
                "pk": str(request.user.pk),
                "is_app_only": auth.is_app_only,
                "scopes": sorted(auth.scopes),
                "roles": sorted(auth.roles),
                "client": auth.client_id,
                "tenant": auth.tenant_id,
                "object": auth.object_id,
                "connection": auth.connection,
                "audience": auth.audience,
            }
        )


class Broken(WhoAmI):
    def get(self, request: Any) -> Response:
        raise RuntimeError("An unforeseen error of the site's view.")


urlpatterns = [
    *site,
    path("api/me", WhoAmI.as_view()),
    path("api/any", WhoAmI.as_view(authentication_classes=[WithApps])),
    path("api/files", WhoAmI.as_view(permission_classes=[HasScope("Files.Read")])),
    path(
        "api/jobs",
        WhoAmI.as_view(
            authentication_classes=[WithApps], permission_classes=[HasRole("Files.Read.All")]
        ),
    ),
    path(
        "api/approvals",
        WhoAmI.as_view(
            authentication_classes=[WithApps], permission_classes=[HasPersonRole("Approver")]
        ),
    ),
    path(
        "api/both",
        WhoAmI.as_view(
            authentication_classes=[WithApps],
            permission_classes=[HasScopeOrRole("Files.Read", role="Files.Read.All")],
        ),
    ),
    path(
        "api/combined",
        WhoAmI.as_view(
            authentication_classes=[WithApps],
            permission_classes=[HasScope("Files.Read") | HasRole("Files.Read.All")],
        ),
    ),
    path(
        "api/session",
        WhoAmI.as_view(
            authentication_classes=[SessionAuthentication], permission_classes=[HasScope("Any")]
        ),
    ),
    path("api/broken", Broken.as_view()),
    path("login/", include("azuread_connections.urls")),
]
