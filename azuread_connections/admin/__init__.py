"""The Django admin's pages. Importing this package registers them on the default admin site."""

from .application import ApplicationAdmin
from .connection.page import ConnectionAdmin
from .directories import DirectoryAdmin
from .event import EventAdmin
from .identity import IdentityAdmin
from .setup_link import SetupLinkAdmin

__all__ = [
    "ApplicationAdmin",
    "ConnectionAdmin",
    "DirectoryAdmin",
    "EventAdmin",
    "IdentityAdmin",
    "SetupLinkAdmin",
]
