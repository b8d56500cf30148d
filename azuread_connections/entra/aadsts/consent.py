"""Permissions: who has granted them, and which the registration asks for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import API_PERMISSIONS, GRANT

_DECLINED = entries(
    Owner.EMPLOYEE,
    ErrorClass.ACCESS_DENIED,
    {
        65004: (
            _("The person declined to grant the permissions."),
            _("Sign in again and accept, or ask an administrator of the directory to grant them."),
        ),
        90135: (
            _("The person chose not to continue the sign-in."),
            _("Nothing is wrong. Sign in again to finish."),
        ),
        9002341: (
            _("The person has to allow single sign-on, but did not."),
            _("Sign in again and press “Continue” where Microsoft asks."),
        ),
    },
)

_NOT_GRANTED = entries(
    Owner.DIRECTORY,
    ErrorClass.CONSENT_REQUIRED,
    {
        65001: (_("Nobody has granted the permissions that the sign-in asks for."), GRANT),
        90093: (_("The person may not grant these permissions."), GRANT),
        90094: (_("Only an administrator of the directory can grant these permissions."), GRANT),
        90095: (
            _("An administrator's approval is needed, and can be requested on Microsoft's page."),
            _("Approve the request in the Microsoft Entra admin center, or use the consent link."),
        ),
        90096: (
            _("The person's request for approval was sent to the directory's administrators."),
            _(
                "Approve the request in the Microsoft Entra admin center, under Enterprise "
                "applications › Admin consent requests, or use the consent link."
            ),
        ),
        90099: (
            _("A partner's administrator signed in, but the customer's directory lacks the app."),
            GRANT,
        ),
        900941: (
            _("Microsoft considers the app risky, so only an administrator can grant permissions."),
            _(
                "Send the consent link to an administrator of the directory. To prevent this, get "
                "the publisher of the registration verified."
            ),
        ),
    },
)

_PERMISSIONS = entries(
    Owner.DIRECTORY,
    ErrorClass.OTHER,
    {
        650052: (
            _("The directory has not subscribed to a service that the app wants to use."),
            _("Subscribe to the service, or remove it from the registration's API permissions."),
        ),
    },
) + entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        65002: (
            _("The registration asks for a service that only Microsoft's own apps can use."),
            API_PERMISSIONS,
        ),
        65005: (_("The registration lists a service that is not available."), API_PERMISSIONS),
        65006: (
            _("The registration lists a permission that the service does not have."),
            API_PERMISSIONS,
        ),
        90008: (
            _("The app does not ask for the permission to sign people in."),
            _("In the registration, add the delegated permission User.Read of Microsoft Graph."),
        ),
        650053: (_("The app asks for a permission that does not exist."), API_PERMISSIONS),
        650056: (
            _("The registration lists no permission, or the directory has granted none."),
            API_PERMISSIONS,
        ),
        650057: (
            _("The app asks for a service that its registration does not list."),
            API_PERMISSIONS,
        ),
    },
)

ENTRIES = (*_DECLINED, *_NOT_GRANTED, *_PERMISSIONS)
