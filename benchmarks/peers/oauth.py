"""The two clients that each provider is set up with, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

REDIRECT_URI = "https://client.example/callback"
SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True)
class Credentials:
    client_id: str
    secret: str


#: Signs people in, with a confidential client's secret and PKCE.
WEB = Credentials("benchmark-web", "benchmark-secret-of-the-web-client-0123456789")
#: Has tokens for itself.
MACHINE = Credentials("benchmark-machine", "benchmark-secret-of-the-machine-0123456789")

#: Django's hashers of passwords are made to be slow, and these providers check a client's secret
#: with them. Here they are given a fast one, so that it does not hide everything else.
FAST_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]


def new_key() -> str:
    """Return a key for ID tokens (PEM), as long as this app's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
