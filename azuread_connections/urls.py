"""Include under any prefix: ``path("login/", include("azuread_connections.urls"))``."""

from __future__ import annotations

from django.urls import path

from .login.web import session_views, views
from .setup.web import views as setup_views

app_name = "azuread_connections"

urlpatterns = [
    path("", views.SignInView.as_view(), name="sign_in"),
    # Before the names of connections, which can never be one of these words.
    path("callback", views.CallbackView.as_view(), name="callback"),
    path("profile", session_views.ProfileView.as_view(), name="profile"),
    path("profile/accounts", session_views.AccountsView.as_view(), name="accounts"),
    path("logout", session_views.LogoutView.as_view(), name="logout"),
    path(
        "frontchannel-logout/<str:token>",
        session_views.FrontchannelLogoutView.as_view(),
        name="frontchannel_logout",
    ),
    path("setup/<str:token>", setup_views.OpenView.as_view(), name="setup"),
    path("setup/<slug:reference>/<slug:step>", setup_views.show_step, name="setup_step"),
    path("<slug:name>/", views.StartView.as_view(), name="start"),
]
