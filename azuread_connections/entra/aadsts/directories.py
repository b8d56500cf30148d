"""Which directory is meant, and in which of Microsoft's clouds it is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import RIGHT_CLOUD, RIGHT_CLOUD_THEN_GRANT

_UNKNOWN = entries(
    Owner.SITE,
    ErrorClass.UNKNOWN_DIRECTORY,
    {
        90002: (
            _("Microsoft knows no directory with this domain or ID in this cloud."),
            RIGHT_CLOUD,
        ),
    },
)

_DIRECTORY = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        50059: (_("The request does not say which directory is meant."), RIGHT_CLOUD),
        50128: (
            _("Neither the request nor the account says which directory is meant."),
            RIGHT_CLOUD,
        ),
        90019: (_("The request names no directory."), RIGHT_CLOUD),
        900023: (_("The directory in the request is neither a domain nor an ID."), RIGHT_CLOUD),
        9001023: (
            _("The app asked for its own token at the common endpoint."),
            _("Enter the domain of the directory that the app is registered in."),
        ),
    },
) + entries(
    Owner.DIRECTORY,
    ErrorClass.OTHER,
    {
        5000224: (
            _("What the app asks for is not available: directory or app may have been deleted."),
            _(
                "Check whether the directory and the enterprise application still exist, and grant "
                "the permissions again."
            ),
        ),
    },
)

_CLOUD = entries(
    Owner.SITE,
    ErrorClass.OTHER,
    {
        50001: (
            _("The directory does not know the service that the app asks for."),
            RIGHT_CLOUD_THEN_GRANT,
        ),
        90038: (_("The directory is in another of Microsoft's clouds."), RIGHT_CLOUD),
        500011: (
            _("The directory does not know the service that the app asks for."),
            RIGHT_CLOUD_THEN_GRANT,
        ),
        900381: (_("The directory is in another national cloud of Microsoft."), RIGHT_CLOUD),
        900382: (_("The app and the person are in different clouds of Microsoft."), RIGHT_CLOUD),
        900432: (
            _("An app with a secret cannot sign in people of another of Microsoft's clouds."),
            _(
                "Create a separate connection for the person's cloud, with a registration in that "
                "cloud."
            ),
        ),
        900439: (
            _("The directory is in the US Government cloud, but the global cloud was asked."),
            _("Choose the cloud “US Government” in the connection."),
        ),
        900440: (
            _("The directory is in the global cloud, but the US Government cloud was asked."),
            _("Choose the global cloud in the connection."),
        ),
        1000104: (
            _("The directory does not allow services of the cloud that was asked."),
            RIGHT_CLOUD,
        ),
    },
)

ENTRIES = (*_UNKNOWN, *_DIRECTORY, *_CLOUD)
