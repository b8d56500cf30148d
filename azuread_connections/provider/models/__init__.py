from .api import API, ClientGrant
from .authorization import Authorization
from .client import OAuthClient, WebOrigin
from .client_secret import OAuthClientSecret
from .consent import ClientConsent
from .device import DeviceAuthorization
from .logout_notice import LogoutNotice
from .signing_key import SigningKey
from .subject import Auth0Subject

__all__ = [
    "API",
    "Auth0Subject",
    "Authorization",
    "ClientConsent",
    "ClientGrant",
    "DeviceAuthorization",
    "LogoutNotice",
    "OAuthClient",
    "OAuthClientSecret",
    "SigningKey",
    "WebOrigin",
]
