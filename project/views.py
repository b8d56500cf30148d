from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from azuread_connections.login.state import session
from azuread_connections.models import Identity


def home(request: HttpRequest) -> HttpResponse:
    """The front page: how to sign in, or who is signed in and through which connection."""
    return render(request, "home.html", {"identity": signed_in_identity(request)})


def signed_in_identity(request: HttpRequest) -> Identity | None:
    """The person in a directory who is signed in; None for a visitor and for a password."""
    sign_in = session.newest(request)
    if sign_in is None or request.user.pk is None:
        return None
    mine = Identity.objects.filter(user_id=request.user.pk).select_related("connection")
    return mine.filter(pk=sign_in.identity).first()
