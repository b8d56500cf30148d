"""The app's registration: client ID, callback URL, account types, and whether it is enabled."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import (
    ACCOUNT_TYPES,
    ACTIVATE_APP,
    CLAIMS_MAPPING,
    COPY_CALLBACK,
    ENABLE_APP,
    GRANT,
    MULTI_TENANT,
    OUR_BUG,
    WEB_PLATFORM,
)

_SWITCHED_OFF = entries(
    Owner.DIRECTORY,
    ErrorClass.OTHER,
    {
        70001: (_("The app is disabled in the directory, or unknown there."), ENABLE_APP),
        500014: (
            _("The service of a permission is disabled in the directory, or has no subscription."),
            _(
                "In the Microsoft Entra admin center, enable the service among the Enterprise "
                "applications, or remove its permission from the registration."
            ),
        ),
        1000031: (
            _("The app cannot be used in the directory at this time."),
            _(
                "Check whether the enterprise application is enabled. Then grant its permissions "
                "again with the consent link."
            ),
        ),
        7000112: (_("The app is disabled in the directory."), ACTIVATE_APP),
        7000116: (_("An administrator has deactivated the app in the directory."), ACTIVATE_APP),
        7000117: (
            _("An administrator has deactivated a service that the app uses in the directory."),
            ACTIVATE_APP,
        ),
        7000229: (
            _("The app is not present in the directory, so it cannot act there by itself."),
            GRANT,
        ),
    },
)

_CLIENT_ID = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        90112: (
            _("The client ID is not a GUID."),
            _("Copy “Application (client) ID” from the registration's overview page."),
        ),
        700016: (
            _("The directory knows no app with this client ID."),
            _(
                "Compare the connection's client ID and domain with the registration. If it is in "
                "another directory, the administrator of the directory that people sign in to has "
                "to grant the permissions first."
            ),
        ),
        7000114: (
            _("The registration does not let the app act on behalf of people."),
            _("Register the app again as a web app, and enter the new client ID."),
        ),
    },
)

_CALLBACK_URL = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        50011: (_("The callback URL is not on the registration's list."), COPY_CALLBACK),
        500112: (
            _("The callback URL differed between the two steps of the sign-in."),
            _(
                "Check whether PUBLIC_URL or the applications' hosts were changed meanwhile, then "
                "try again."
            ),
        ),
        500113: (_("The registration has no callback URL."), COPY_CALLBACK),
        900971: (
            _("The request named no callback URL, and the registration has none."),
            COPY_CALLBACK,
        ),
        9002325: (_("The callback URL is registered for a single-page app."), WEB_PLATFORM),
        9002326: (
            _("A browser tried to fetch the tokens of an app that is not a single-page app."),
            OUR_BUG,
        ),
        9002327: (
            _("The callback URL is registered for a single-page app, so a server cannot use it."),
            WEB_PLATFORM,
        ),
        9002328: (
            _(
                "The tokens were requested from another origin, which only the single-page "
                "platform allows."
            ),
            OUR_BUG,
        ),
    },
)

_ACCOUNT_TYPES = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        50194: (
            _(
                "The registration serves one directory, but the connection uses the common "
                "endpoint."
            ),
            MULTI_TENANT,
        ),
        90027: (
            _("The identity API v1.0 cannot sign in personal accounts."),
            _("Choose the identity API v2.0 in the connection, or sign in with a work account."),
        ),
        90124: (
            _("A service that the app asks for is not available at the common endpoint."),
            _("Switch off “Use common endpoint”, or remove the service from the API permissions."),
        ),
        90130: (_("The app cannot be used at the common endpoint."), MULTI_TENANT),
        9002332: (
            _("The registration accepts only work accounts, but personal ones were requested."),
            _(
                "Sign in with a work account, or let the registration accept personal accounts "
                "too: Authentication › Supported account types."
            ),
        ),
        9002346: (
            _("The registration accepts only personal accounts, but work accounts were requested."),
            ACCOUNT_TYPES,
        ),
    },
)

_CLAIMS = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        50146: (
            _("The registration maps claims, but lacks the signing key that this needs."),
            CLAIMS_MAPPING,
        ),
        501461: (
            _("The registration maps claims, which its signing key or domain does not allow."),
            CLAIMS_MAPPING,
        ),
    },
)

ENTRIES = (*_SWITCHED_OFF, *_CLIENT_ID, *_CALLBACK_URL, *_ACCOUNT_TYPES, *_CLAIMS)
