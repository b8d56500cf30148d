"""Remedies that several numbers share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SHOW_AND_ASK = _(
    "Read Microsoft's message in the log, compare client ID, secret and domain with the "
    "registration in Azure, and try again. Give Microsoft's support the correlation ID."
)
LOOK_UP = _(
    "Look up the number on Microsoft's page. Microsoft's support can find the sign-in by the "
    "correlation ID in the log."
)
TRY_AGAIN = _("Start the sign-in again.")
WAIT = _("Wait a few minutes, then try again. If it lasts, see Microsoft's service health page.")
WAIT_OR_SUPPORT = _(
    "Wait a few minutes, then try again. If it lasts, give Microsoft's support the correlation ID."
)
OUR_BUG = _(
    "This app should never cause it. Check whether a proxy changes the requests, then report it "
    "with the event from the log."
)
INVITE = _("Sign in with another account, or ask the directory's administrator to invite this one.")
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
    "Sign in on a device that the organisation manages. Its IT support knows which ones count."
)
COPY_CALLBACK = _(
    "Copy the callback URL from the connection's page, and add it to the registration in Azure: "
    "Authentication › Redirect URI configuration › Add Redirect URI › Web. It has to match "
    "exactly, including http or https."
)
WEB_PLATFORM = _(
    "In the registration, move the callback URL from its present platform to the platform “Web”: "
    "Authentication › Redirect URI configuration."
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
    "In the Microsoft Entra admin center, check both places where an app can be disabled: "
    "Enterprise applications › the app › Properties, and App registrations › the app."
)
NEW_SECRET = _(
    "In the registration, open Certificates & secrets, create a new client secret, and add its "
    "column “Value” to the connection."
)
UPLOAD_CERTIFICATE = _(
    "Download the certificate's .cer file from the connection's page, and upload it in the "
    "registration: Certificates & secrets › Certificates. The thumbprints have to be the same. If "
    "the certificate has expired, create a new one."
)
RENEW_CERTIFICATE = _(
    "Create a new certificate on the connection's page, and upload its .cer file in the "
    "registration: Certificates & secrets › Certificates."
)
SAME_FEDERATED = _(
    "In the registration, open Certificates & secrets › Federated credentials, and enter issuer, "
    "subject and audience exactly as the connection's page shows them, upper and lower case "
    "included."
)
MULTI_TENANT = _(
    "Switch off “Use common endpoint”, or let the registration serve several directories: "
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
    "Remove the claims mapping from the enterprise application, or give it a signing key."
)
