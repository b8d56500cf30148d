"""How the app proves who it is: client secrets and assertions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import NEW_SECRET, NO_ASSERTION, WEB_PLATFORM

_SECRET = entries(
    Owner.SITE,
    ErrorClass.SECRET_REJECTED,
    {
        70002: (_("The app could not prove who it is."), NEW_SECRET),
        7000215: (
            _("The client secret is wrong. Most often its ID was pasted instead of its value."),
            NEW_SECRET,
        ),
        7000216: (_("The request carried no client secret."), NEW_SECRET),
        7000218: (_("The request carried no client secret, but the app needs one."), NEW_SECRET),
        7000222: (_("The client secret has expired."), NEW_SECRET),
    },
)

_ASSERTION = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        50012: (_("The app's assertion has a wrong signature."), NO_ASSERTION),
        50027: (_("The app's assertion is malformed."), NO_ASSERTION),
        70021: (_("No federated credential of the app matches the assertion."), NO_ASSERTION),
        700021: (_("The app's assertion names another client ID."), NO_ASSERTION),
        700023: (_("The app's assertion has a wrong audience."), NO_ASSERTION),
        700024: (
            _("The app's assertion is not valid at this time."),
            _("Correct the server's clock."),
        ),
        700027: (
            _("The certificate that signs the app's assertion is unknown or has expired."),
            NO_ASSERTION,
        ),
        700030: (_("The certificate of the app's assertion has a wrong subject."), NO_ASSERTION),
        700211: (
            _("No federated credential of the registration has the assertion's issuer."),
            NO_ASSERTION,
        ),
        700212: (
            _("No federated credential of the registration has the assertion's audience."),
            NO_ASSERTION,
        ),
        700213: (
            _("No federated credential of the registration has the assertion's subject."),
            NO_ASSERTION,
        ),
        900384: (_("The app's assertion has a signature that does not verify."), NO_ASSERTION),
        7000213: (
            _("The certificate of the app's assertion does not lead to a trusted root."),
            NO_ASSERTION,
        ),
        7000214: (_("The certificate of the app's assertion was revoked."), NO_ASSERTION),
        7000226: (
            _("No federated credential of the registration has the assertion's subject or issuer."),
            NO_ASSERTION,
        ),
        7000227: (
            _("No federated credential of the registration matches the managed identity."),
            NO_ASSERTION,
        ),
        7002138: (
            _("A federated credential's subject differs only in upper and lower case."),
            NO_ASSERTION,
        ),
    },
)

_PUBLIC_CLIENT = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        700025: (
            _("The app is registered as a public client, which has no secret."),
            WEB_PLATFORM,
        ),
    },
)

#: Only these say that a client secret does not work, whatever the OAuth error.
CLIENT_SECRET_CODES = frozenset(each.code for each in _SECRET if each.code)
#: The same for a certificate or a federated token, which this app does not send.
CLIENT_ASSERTION_CODES = frozenset({700024, 700027, 7000213, 7000214, 7000226, 7000227})

ENTRIES = (*_SECRET, *_ASSERTION, *_PUBLIC_CLIENT)
