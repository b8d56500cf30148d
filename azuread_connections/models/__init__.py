from .alias import DomainAlias
from .application import Application, ApplicationHost
from .connection import Connection
from .credential import Credential
from .directory import Directory
from .enabled import EnabledConnection
from .event import Event
from .fields import EncryptedTextField, Sealed, UndecryptableError
from .grant import GroupGrant
from .group import GroupMapping
from .identity import Identity
from .revocation import Revocation
from .rotation import Rotation
from .setup_link import SetupLink, SetupSession

__all__ = [
    "Application",
    "ApplicationHost",
    "Connection",
    "Credential",
    "Directory",
    "DomainAlias",
    "EnabledConnection",
    "EncryptedTextField",
    "Event",
    "GroupGrant",
    "GroupMapping",
    "Identity",
    "Revocation",
    "Rotation",
    "Sealed",
    "SetupLink",
    "SetupSession",
    "UndecryptableError",
]
