"""Redirects to Microsoft, and begins a session for anybody who returns, without any check."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path

from benchmarks.peers import ALONE, DOMAIN, LOGIN_URL, TENANT_ID


def start(request: HttpRequest) -> HttpResponseRedirect:
    query = {
        "client_id": ALONE.client_id,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": f"http://127.0.0.1{ALONE.callback}",
        "state": secrets.token_urlsafe(16),
    }
    return HttpResponseRedirect(f"{LOGIN_URL}/{TENANT_ID}/oauth2/v2.0/authorize?{urlencode(query)}")


def callback(request: HttpRequest) -> HttpResponseRedirect:
    user: Any = get_user_model()._default_manager.get_or_create(username=f"adele@{DOMAIN}")[0]
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponseRedirect("/")


urlpatterns = [path("start", start), path("callback", callback)]
