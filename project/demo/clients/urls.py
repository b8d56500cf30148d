from __future__ import annotations

from django.urls import path

from . import api, machine, pages, web

urlpatterns = [
    path("", pages.index, name="index"),
    path("web/", web.home, name="web"),
    path("web/sign-in", web.sign_in, name="web_sign_in"),
    path("web/callback", web.callback, name="web_callback"),
    path("web/refresh", web.refresh, name="web_refresh"),
    path("web/sign-out", web.sign_out, name="web_sign_out"),
    path("spa/", pages.spa, name="spa"),
    path("machine/", machine.home, name="machine"),
    path("api/orders", api.orders, name="orders"),
]
