from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from .views import home

# What needs somebody on the admin's front page, and the buttons of ADMIN_APPLICATION on its sign-in
# page.
admin.site.index_template = "azuread_connections/admin_index.html"
admin.site.login_template = "azuread_connections/admin_login.html"

urlpatterns = [
    path("", home, name="home"),
    path("login/", include("azuread_connections.urls")),
    path("password/", LoginView.as_view(), name="password_login"),
    path("password/logout/", LogoutView.as_view(), name="password_logout"),
    path("admin/", admin.site.urls),
]
