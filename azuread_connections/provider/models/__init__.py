from .authorization import Authorization
from .client import OAuthClient, WebOrigin
from .client_secret import OAuthClientSecret
from .consent import ClientConsent
from .signing_key import SigningKey

__all__ = [
    "Authorization",
    "ClientConsent",
    "OAuthClient",
    "OAuthClientSecret",
    "SigningKey",
    "WebOrigin",
]
