"""Why a credential cannot be used here: what was found, and what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

UNUSABLE_KEY = (
    _("The stored private key cannot be read."),
    _("Remove this certificate from the connection, and add another one."),
)

# --- Token files ----------------------------------------------------------------------------------

NO_VARIABLE = (
    _("No token file is named: the environment variable AZURE_FEDERATED_TOKEN_FILE is not set."),
    _("Enter the file's path, or let the platform set the variable (AKS: workload identity)."),
)
MISSING = (
    _("There is no token file %(path)s."),
    _("Check the path, and whether the volume with the token is mounted on this server."),
)
UNREADABLE = (
    _("The token file %(path)s cannot be read (%(why)s)."),
    _("Give the system user of this site the permission to read it."),
)
NOT_A_FILE = (
    _("%(path)s is not a regular file."),
    _("Enter the path of the file that has the token."),
)
TOO_LARGE = (
    _("The token file %(path)s has more than %(limit)d bytes, so it holds no token."),
    _("Enter the path of the file that has the token."),
)
EMPTY = (
    _("The token file %(path)s is empty."),
    _("Check what writes it."),
)
NOT_A_TOKEN = (
    _("%(place)s holds no token (JWT)."),
    _("Check what writes it. Nothing was sent to Microsoft."),
)
OVER = (
    _("The token of %(place)s expired on %(date)s."),
    _("Check whether what renews it still runs."),
)

# --- Managed identities ---------------------------------------------------------------------------

BAD_ADDRESS = (
    _("The environment names no valid http address for managed identities."),
    _("Correct IDENTITY_ENDPOINT or AZURE_POD_IDENTITY_AUTHORITY_HOST."),
)
SILENT = (
    _("The managed identity's address %(host)s does not answer (%(why)s)."),
    _("This works only on an Azure resource that has a managed identity."),
)
REFUSED = (
    _("The managed identity's address %(host)s answered %(answer)s."),
    _("Assign the managed identity to this Azure resource, and compare its client ID."),
)
UNKNOWN_ANSWER = (
    _("The managed identity's address %(host)s answered with no token."),
    _("Check whether another program answers at this address."),
)
