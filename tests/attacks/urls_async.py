"""The demo's addresses, and a page that asks for its user the asynchronous way."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from project.urls import urlpatterns as demo


async def whoami(request: HttpRequest) -> HttpResponse:
    user = await request.auser()
    return HttpResponse(user.get_username(), status=200 if user.is_authenticated else 401)


urlpatterns = [path("whoami", whoami), *demo]
