"""Include under any prefix: ``path("", include("azuread_connections.provider.urls"))``.

The paths are Auth0's, so that its clients find them by the domain alone if the prefix is empty.
"""

from __future__ import annotations

from django.urls import path

from .issuer import NAMESPACE
from .views import activate, authorize, device, endpoints, logout, metadata

app_name = NAMESPACE

urlpatterns = [
    path(
        ".well-known/openid-configuration",
        metadata.MetadataView.as_view(),
        name="openid_configuration",
    ),
    path(
        ".well-known/oauth-authorization-server",
        metadata.MetadataView.as_view(),
        name="authorization_server",
    ),
    path(".well-known/jwks.json", metadata.KeysView.as_view(), name="jwks"),
    path("authorize", authorize.AuthorizeView.as_view(), name="authorize"),
    path("authorize/resume", authorize.ResumeView.as_view(), name="resume"),
    path("authorize/consent", authorize.ConsentView.as_view(), name="consent"),
    path("oauth/device/code", device.DeviceCodeView.as_view(), name="device_code"),
    path("activate", activate.ActivateView.as_view(), name="activate"),
    path("oauth/token", endpoints.TokenView.as_view(), name="token"),
    path("oauth/revoke", endpoints.RevokeView.as_view(), name="revoke"),
    path("oauth/introspect", endpoints.IntrospectView.as_view(), name="introspect"),
    path("userinfo", endpoints.UserinfoView.as_view(), name="userinfo"),
    path("oidc/logout", logout.OIDCLogoutView.as_view(), name="oidc_logout"),
    path("v2/logout", logout.Auth0LogoutView.as_view(), name="auth0_logout"),
]
