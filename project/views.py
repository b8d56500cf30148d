from __future__ import annotations

from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from azuread_connections.models import Identity

CONNECTION_BACKEND = "azuread_connections.backends.ConnectionBackend"


def home(request: HttpRequest) -> HttpResponse:
    """The front page: how to sign in, or who is signed in and through which connection."""
    return render(request, "home.html", {"identity": signed_in_identity(request)})


def signed_in_identity(request: HttpRequest) -> Identity | None:
    """The person in a directory who is signed in; None for a visitor and for a password."""
    if request.session.get(BACKEND_SESSION_KEY) != CONNECTION_BACKEND:
        return None
    identities = Identity.objects.filter(user_id=request.user.pk).select_related("connection")
    return identities.order_by("-last_sign_in_at").first()
