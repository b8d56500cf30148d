"""The app's credential: client secrets, certificates and federated credentials."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import (
    NEW_SECRET,
    OUR_BUG,
    RENEW_CERTIFICATE,
    SAME_FEDERATED,
    UPLOAD_CERTIFICATE,
    WEB_PLATFORM,
)

_SECRET = entries(
    Owner.SITE,
    ErrorClass.CREDENTIAL_REJECTED,
    {
        70002: (_("Microsoft did not accept the app's credential."), NEW_SECRET),
        7000215: (
            _("The client secret is wrong. Most often its ID was pasted instead of its value."),
            NEW_SECRET,
        ),
        7000216: (_("The request carried no client secret."), NEW_SECRET),
        7000218: (_("The request carried no client secret, but the app needs one."), NEW_SECRET),
        7000222: (_("The client secret has expired."), NEW_SECRET),
    },
)

_CERTIFICATE = entries(
    Owner.SITE,
    ErrorClass.CREDENTIAL_REJECTED,
    {
        700027: (
            _("The certificate that signs the app's assertion is unknown or has expired."),
            UPLOAD_CERTIFICATE,
        ),
        700030: (
            _("The certificate of the app's assertion has a wrong subject."),
            RENEW_CERTIFICATE,
        ),
        7000213: (
            _("The certificate of the app's assertion does not lead to a trusted root."),
            RENEW_CERTIFICATE,
        ),
        7000214: (_("The certificate of the app's assertion was revoked."), RENEW_CERTIFICATE),
    },
)

_FEDERATED = entries(
    Owner.SITE,
    ErrorClass.CREDENTIAL_REJECTED,
    {
        50013: (
            _("The assertion is not valid: its issuer's signature or its times do not hold."),
            SAME_FEDERATED,
        ),
        70021: (_("No federated credential of the app matches the assertion."), SAME_FEDERATED),
        700211: (
            _("No federated credential of the registration has the assertion's issuer."),
            SAME_FEDERATED,
        ),
        700212: (
            _("No federated credential of the registration has the assertion's audience."),
            SAME_FEDERATED,
        ),
        700213: (
            _("No federated credential of the registration has the assertion's subject."),
            SAME_FEDERATED,
        ),
        7000226: (
            _("No federated credential of the registration has the assertion's subject or issuer."),
            SAME_FEDERATED,
        ),
        7000227: (
            _("No federated credential of the registration has the managed identity's audience."),
            SAME_FEDERATED,
        ),
        7002138: (
            _("A federated credential's subject differs only in upper and lower case."),
            SAME_FEDERATED,
        ),
    },
)

_ASSERTION = entries(
    Owner.SITE,
    ErrorClass.CREDENTIAL_REJECTED,
    {
        50012: (_("The app's assertion has a wrong signature."), UPLOAD_CERTIFICATE),
        50027: (_("The app's assertion is malformed."), OUR_BUG),
        700021: (
            _("The app's assertion names another client ID."),
            _("Compare the connection's client ID with the registration's."),
        ),
        700022: (
            _("The requested scopes belong to more than one resource."),
            OUR_BUG,
        ),
        700023: (_("The app's assertion has a wrong audience."), OUR_BUG),
        700024: (
            _("The app's assertion is not valid at this time."),
            _("Correct the server's clock."),
        ),
        900384: (
            _("The app's assertion has a signature that does not verify."),
            UPLOAD_CERTIFICATE,
        ),
        9002324: (
            _("The request carried two credentials, or one of the wrong kind."),
            OUR_BUG,
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
#: The same for a certificate or a federated token.
CLIENT_ASSERTION_CODES = frozenset(
    each.code for each in (*_CERTIFICATE, *_FEDERATED, *_ASSERTION) if each.code
)

ENTRIES = (*_SECRET, *_CERTIFICATE, *_FEDERATED, *_ASSERTION, *_PUBLIC_CLIENT)
