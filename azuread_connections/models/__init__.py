from .application import Application
from .connection import Connection, EnabledConnection
from .event import Event
from .fields import EncryptedTextField, Sealed, UndecryptableError
from .identity import Identity
from .secret import ClientSecret

__all__ = [
    "Application",
    "ClientSecret",
    "Connection",
    "EnabledConnection",
    "EncryptedTextField",
    "Event",
    "Identity",
    "Sealed",
    "UndecryptableError",
]
