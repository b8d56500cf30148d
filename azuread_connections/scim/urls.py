"""Include under any prefix: ``path("scim/", include("azuread_connections.scim.urls"))``."""

from __future__ import annotations

from django.urls import URLPattern, path

from .views import endpoint

app_name = "azuread_scim"

urlpatterns: list[URLPattern] = [
    path("<str:name>/v2", endpoint, name="base"),
    path("<str:name>/v2/", endpoint),
    path(
        "<str:name>/v2/ServiceProviderConfig",
        endpoint,
        {"path": "ServiceProviderConfig"},
        name="service_provider_config",
    ),
    # The rest, also what does not exist: its answer is in SCIM's form, too.
    path("<str:name>/v2/<path:path>", endpoint, name="endpoint"),
]
