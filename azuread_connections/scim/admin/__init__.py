"""The sub-app's pages in the Django admin, and its section on a connection's page.

Importing this package registers them on the default admin site. On a site of your own, register
these classes::

    from azuread_connections.scim.admin import (
        ProvisionedGroupAdmin,
        ProvisionedPersonAdmin,
        ProvisioningRequestAdmin,
        ScimTokenAdmin,
    )

    backoffice.register(ScimToken, ScimTokenAdmin)
    backoffice.register(ProvisionedPerson, ProvisionedPersonAdmin)
    backoffice.register(ProvisionedGroup, ProvisionedGroupAdmin)
    backoffice.register(ProvisioningRequest, ProvisioningRequestAdmin)
"""

from __future__ import annotations

from ...admin.connection.boxes import add_box
from .box import provisioning_box
from .groups import ProvisionedGroupAdmin
from .people import ProvisionedPersonAdmin
from .requests import ProvisioningRequestAdmin
from .token_pages import ScimTokenAdmin

__all__ = [
    "ProvisionedGroupAdmin",
    "ProvisionedPersonAdmin",
    "ProvisioningRequestAdmin",
    "ScimTokenAdmin",
]

add_box("provisioning", provisioning_box)
