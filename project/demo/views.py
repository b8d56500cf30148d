from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..views import signed_in_identity
from .settings import CLIENTS_URL


def home(request: HttpRequest) -> HttpResponse:
    """The site's front page, with links to the clients that sign in here."""
    context = {"identity": signed_in_identity(request), "clients_url": CLIENTS_URL}
    return render(request, "demo_home.html", context)
