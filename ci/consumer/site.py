"""A site's own code, with the names that a site imports.

`ci/wheel_acceptance.py` runs mypy on it, strictly, against the installed wheel. It is never run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import View
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from azuread_connections import __version__
from azuread_connections.backends import ConnectionBackend
from azuread_connections.decorators import ApplicationRequiredMixin, application_required
from azuread_connections.exceptions import (
    EntraError,
    GraphError,
    NoUsableCredential,
    NoUsableSecret,
    SignInFailed,
    UndecryptableError,
    UsersApiDisabled,
)
from azuread_connections.models import Connection
from azuread_connections.rest_framework import (
    AccessTokenAuth,
    AppOnlyCaller,
    AzureADBearerAuthentication,
    HasPersonRole,
    HasRole,
    HasScope,
    HasScopeOrRole,
)
from azuread_connections.users_api import graph_of

RELEASE: str = __version__


@application_required("billing", max_age=300, acr="c1")
def billing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.user.get_username())


class Reports(ApplicationRequiredMixin, View):
    application = "reports"

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("")


class OwnBackend(ConnectionBackend):
    """The hooks that docs/coming-from-mozilla-django-oidc.md names."""

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        return super().verify_claims(claims) and "groups" in claims

    def get_username(self, claims: Mapping[str, Any]) -> str:
        return super().get_username(claims).lower()


class Files(APIView):
    authentication_classes = [AzureADBearerAuthentication]
    permission_classes: list[type[BasePermission]] = []

    def get_permissions(self) -> list[Any]:
        return [
            HasScope("Files.Read"),
            HasRole("Reader"),
            HasPersonRole("Auditor"),
            HasScopeOrRole("Files.Read", role="Files.Read.All"),
        ]

    def get(self, request: Request) -> Response:
        token = request.auth
        if isinstance(token, AccessTokenAuth) and isinstance(request.user, AppOnlyCaller):
            return Response({"client": request.user.client_id, "roles": sorted(token.roles)})
        return Response({})


def colleagues(connection: Connection) -> list[str]:
    try:
        page = graph_of(connection).users("adele")
        return [user.name for user in page.users]
    except (NoUsableCredential, SignInFailed, UndecryptableError, UsersApiDisabled):
        return []
    except GraphError as error:
        return ["Grant the permission."] if error.is_permission_missing else []
    except (EntraError, NoUsableSecret) as error:
        return [str(error)]
