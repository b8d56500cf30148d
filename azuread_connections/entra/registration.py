"""Changes the credentials of an app registration through Microsoft Graph.

https://learn.microsoft.com/graph/api/resources/application
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt

from .certificates import to_der
from .errors import MalformedResponse
from .frames import without_frame_variables
from .graph import Graph, GraphError, RegisteredCredentials, error_of, moment_of
from .possession import SigningCertificate, proof_of_possession
from .transport import Response, Secret

#: Either lets the app change its registration; the first only one that the app owns.
OWNED_BY = "Application.ReadWrite.OwnedBy"
_WRITES = frozenset({OWNED_BY, "Application.ReadWrite.All"})
_TYPE_FORBIDDEN = "CredentialTypeNotAllowedAsPerAppPolicy"
_LIFETIME_FORBIDDEN = "CredentialInvalidLifetimeAsPerAppPolicy"
#: What a secret consists of. Microsoft documents at most 64 characters.
_SECRET = re.compile(r"[!-~]{1,255}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class NewSecret:
    """A secret that Microsoft has made. No later answer has its value."""

    value: Secret = field(repr=False)
    key_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Registration:
    """The registration of the app to which Graph's token belongs.

    All methods raise ``GraphError``, ``Unreachable`` and ``MalformedResponse``. A request that
    changes something is sent once: after ``Unreachable`` it is not known whether it was done.
    """

    graph: Graph
    client_id: str

    def credentials(self) -> RegisteredCredentials:
        found = self.graph.registered_credentials(self.client_id)
        if not _GUID.fullmatch(found.object_id):
            raise MalformedResponse("Graph answered without the ID of the registration.")
        return found

    @without_frame_variables
    def add_secret(self, object_id: str, *, name: str, expires_at: datetime) -> NewSecret:
        """Have Microsoft make a secret. ``name``: its description, by which it is found again."""
        wanted = {"displayName": name, "endDateTime": _written(expires_at)}
        answer = self._post(object_id, "addPassword", {"passwordCredential": wanted})
        document = _document(answer)
        value, ends = document.get("secretText"), moment_of(str(document.get("endDateTime")))
        key_id = str(document.get("keyId")).lower()
        is_complete = (
            isinstance(value, str) and _SECRET.fullmatch(value) and _GUID.fullmatch(key_id)
        )
        if not is_complete or ends is None or ends <= datetime.now(UTC):
            raise MalformedResponse("Graph answered without a complete new secret.")
        return NewSecret(Secret(str(value)), key_id, ends)

    def add_certificate(
        self, object_id: str, certificate: str, *, name: str, signer: SigningCertificate
    ) -> str:
        """Add a certificate (PEM); return its key ID, "" if the answer does not have it.

        ``signer``: one that the registration has already.
        """
        wanted = {
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "key": base64.b64encode(to_der(certificate)).decode(),
            "displayName": name,
        }
        proof = proof_of_possession(signer, object_id).reveal()
        content = {"keyCredential": wanted, "passwordCredential": None, "proof": proof}
        key_id = str(_document(self._post(object_id, "addKey", content)).get("keyId")).lower()
        return key_id if _GUID.fullmatch(key_id) else ""

    def remove_secret(self, object_id: str, key_id: str) -> None:
        _check(self._post(object_id, "removePassword", {"keyId": key_id}))

    def remove_certificate(self, object_id: str, key_id: str, signer: SigningCertificate) -> None:
        proof = proof_of_possession(signer, object_id).reveal()
        _check(self._post(object_id, "removeKey", {"keyId": key_id, "proof": proof}))

    @without_frame_variables
    def _post(self, object_id: str, action: str, content: Mapping[str, Any]) -> Response:
        return self.graph.transport.post_json(
            f"{self.graph.cloud.graph_url}/v1.0/applications/{object_id}/{action}",
            Secret(json.dumps(content)),
            {"Authorization": Secret(f"Bearer {self.graph.access_token}")},
        )


def may_change_registration(access_token: str) -> bool | None:
    """Return whether the app's own token has a permission to change its registration.

    None if the token does not say so: it is opaque by contract, and happens to be a JWT. Only
    advice follows from this; Graph decides.
    """
    try:
        claims = jwt.decode(access_token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    roles = claims.get("roles", [])
    if not isinstance(roles, list):
        return None
    return not _WRITES.isdisjoint(each for each in roles if isinstance(each, str))


def is_type_forbidden(error: GraphError) -> bool:
    """Whether a policy of the directory forbids this kind of credential."""
    return error.code == _TYPE_FORBIDDEN


def is_lifetime_forbidden(error: GraphError) -> bool:
    """Whether a policy of the directory forbids credentials that last so long."""
    return error.code == _LIFETIME_FORBIDDEN


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check(answer: Response) -> None:
    if not 200 <= answer.status < 300:
        raise error_of(answer.status, answer.json())


def _document(answer: Response) -> dict[str, Any]:
    _check(answer)
    return answer.json()
