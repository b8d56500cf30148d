"""The sub-app's pages in the Django admin.

Importing this package registers them on the default admin site, in place of the core's page of
applications. On a site of your own, register these classes::

    from azuread_connections.provider.admin import APIAdmin, ApplicationAdmin, LogoutNoticeAdmin

    backoffice.register(Application, ApplicationAdmin)
    backoffice.register(API, APIAdmin)
    backoffice.register(LogoutNotice, LogoutNoticeAdmin)
"""

from __future__ import annotations

from django.contrib import admin

from ...admin import ApplicationAdmin as CoreApplicationAdmin
from ...models import Application
from .apis import APIAdmin
from .application import ApplicationAdmin
from .logout_notices import LogoutNoticeAdmin

__all__ = ["APIAdmin", "ApplicationAdmin", "LogoutNoticeAdmin"]

# A class of the site's own stays: it can be a subclass of ours.
if (
    admin.site.is_registered(Application)
    and type(admin.site.get_model_admin(Application)) is CoreApplicationAdmin
):
    admin.site.unregister(Application)
    admin.site.register(Application, ApplicationAdmin)
