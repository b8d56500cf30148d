"""The URLs of both sub-apps, and their pages on an admin site of a site's own, too."""

from __future__ import annotations

from django.urls import path

from azuread_connections.models import Application
from azuread_connections.provider import models as provider
from azuread_connections.provider.admin import APIAdmin, ApplicationAdmin, LogoutNoticeAdmin
from azuread_connections.scim import models as scim
from azuread_connections.scim.admin import (
    ProvisionedGroupAdmin,
    ProvisionedPersonAdmin,
    ProvisioningRequestAdmin,
    ScimTokenAdmin,
)
from tests.scim.with_provider.urls import urlpatterns as site
from tests.sites.urls_admin_sites import backoffice

backoffice.unregister(Application)
backoffice.register(Application, ApplicationAdmin)
backoffice.register(provider.API, APIAdmin)
backoffice.register(provider.LogoutNotice, LogoutNoticeAdmin)
backoffice.register(scim.ScimToken, ScimTokenAdmin)
backoffice.register(scim.ProvisionedPerson, ProvisionedPersonAdmin)
backoffice.register(scim.ProvisionedGroup, ProvisionedGroupAdmin)
backoffice.register(scim.ProvisioningRequest, ProvisioningRequestAdmin)

urlpatterns = [*site, path("backoffice/", backoffice.urls)]
