"""The proof that an app has the private key of a certificate that is registered already.

Graph asks for it before it adds or removes a certificate.
https://learn.microsoft.com/graph/application-rollkey-prooftoken
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .certificates import to_der
from .errors import CredentialUnavailable
from .frames import without_frame_variables
from .transport import Concealed, Secret
from .unavailable import UNUSABLE_KEY

#: The ID of Azure AD Graph, which Microsoft Graph asks for here, too.
_AUDIENCE = "00000002-0000-0000-c000-000000000000"
#: Seconds: what Microsoft recommends, and the most that it accepts.
_LIFETIME = 600


@dataclass(frozen=True)
class SigningCertificate:
    """A private key and its certificate, both in PEM."""

    private_key: Concealed = field(repr=False)
    certificate: str = field(repr=False)


@without_frame_variables
def proof_of_possession(signer: SigningCertificate, object_id: str) -> Secret:
    """Return the proof for the registration with this object ID, not client ID.

    Raises ``CredentialUnavailable`` if the key cannot be used.
    """
    now = int(time.time())
    claims = {"aud": _AUDIENCE, "iss": object_id, "nbf": now, "exp": now + _LIFETIME}
    try:
        key = load_pem_private_key(signer.private_key.reveal().encode(), password=None)
        # SHA-1 names the certificate, as in Microsoft's own example; nothing relies on it.
        sha1 = hashlib.sha1(to_der(signer.certificate), usedforsecurity=False).digest()
        x5t = base64.urlsafe_b64encode(sha1).rstrip(b"=").decode()
        headers = {"kid": sha1.hex().upper(), "x5t": x5t}
        return Secret(jwt.encode(claims, key, "RS256", headers))  # type: ignore[arg-type]
    except (ValueError, TypeError, jwt.PyJWTError):
        # Nothing of the key may be quoted.
        raise CredentialUnavailable(*UNUSABLE_KEY) from None
