"""What to do, where several numbers have the same answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SHOW_AND_ASK = _(
    "Read Microsoft's message in the log, compare client ID, secret and domain with the "
    "registration in Azure, and try again. Give Microsoft's support the correlation ID."
)
LOOK_UP = _(
    "Look the number up at Microsoft by the link. Their support finds the sign-in by the "
    "correlation ID in the log."
)
TRY_AGAIN = _("Sign in once more from the start.")
WAIT = _("Wait some minutes, then try again. If it lasts, look at Microsoft's service health.")
WAIT_OR_SUPPORT = _(
    "Wait some minutes, then try again. If it lasts, give Microsoft's support the correlation ID."
)
OUR_BUG = _(
    "This app should never cause it. Look whether a proxy changes the requests, then report it "
    "with the line of the log."
)
INVITE = _("Sign in with another account, or have the directory's administrator invite this one.")
WORK_ACCOUNT = _(
    "Sign in with a work or school account, or be invited to the directory as a guest."
)
ASK_YOUR_IT = _(
    "A rule of the directory (Conditional Access) decides this, not this site. Its sign-in log in "
    "the Microsoft Entra admin center names the rule."
)
NEW_PASSWORD = _("Choose a new password at Microsoft, then sign in again.")
SECOND_FACTOR = _("Sign in again and confirm with the second factor.")
SET_UP_SECOND_FACTOR = _("Sign in again and follow Microsoft's steps to set it up.")
REGISTER_DEVICE = _("Register the device with the directory, then sign in again.")
MANAGED_DEVICE = _(
    "Sign in on a device that the organisation manages. Its IT support can tell which ones count."
)
COPY_CALLBACK = _(
    "Copy the callback URL from the connection's page, and add it to the registration in Azure: "
    "Authentication › Platform configurations › Web › Redirect URIs. It has to be the same letter "
    "for letter, with http or https."
)
WEB_PLATFORM = _(
    "In the registration, move the callback URL from its present platform to the platform “Web”: "
    "Authentication › Platform configurations."
)
GRANT = _(
    "On the connection's page, in the box “Consent of the directory's administrator”, copy the "
    "link, and send it to an administrator of the directory to grant the permissions."
)
API_PERMISSIONS = _(
    "In the registration, open API permissions, add the permissions of Microsoft Graph that the "
    "connection's page lists in its box about consent, then grant them again."
)
ENABLE_APP = _("In the Microsoft Entra admin center, enable it: Enterprise applications › the app.")
ACTIVATE_APP = _(
    "In the Microsoft Entra admin center, look at both places where an app can be switched off: "
    "Enterprise applications › the app › Properties, and App registrations › the app."
)
NEW_SECRET = _(
    "In the registration, open Certificates & secrets, make a new client secret, and add its "
    "column “Value” to the connection."
)
NO_ASSERTION = _(
    "This app signs in with a client secret. Give the connection one, and see that no proxy adds "
    "an assertion to its requests."
)
MULTI_TENANT = _(
    "Switch “Use common endpoint” off, or let the registration serve several directories: "
    "Authentication › Supported account types."
)
ACCOUNT_TYPES = _(
    "In the registration, choose account types that include the person's: Authentication › "
    "Supported account types."
)
RIGHT_CLOUD = _("Compare the connection's domain and cloud with the directory's overview page.")
RIGHT_CLOUD_THEN_GRANT = _(
    "Compare the connection's cloud with the directory's, then grant the permissions."
)
CLAIMS_MAPPING = _(
    "Take the claims mapping off the enterprise application, or give it its own key."
)
