"""Tokens of other issuers that Microsoft accepts in place of a secret (RFC 7523).

https://learn.microsoft.com/entra/workload-id/workload-identity-federation
"""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from jwt.utils import base64url_decode

from . import unavailable
from .errors import CredentialUnavailable
from .frames import without_frame_variables
from .text import clean_name

#: Tokens of Kubernetes, GitHub and Microsoft have one to three kB.
MAX_TOKEN_BYTES = 16 * 1024
#: AKS and other platforms set it to the path of a file that they renew.
FILE_VARIABLE = "AZURE_FEDERATED_TOKEN_FILE"


@dataclass(frozen=True)
class ForeignToken:
    """A token of another issuer. Its signature is not checked: Microsoft does that."""

    text: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)

    @property
    def issuer(self) -> str:
        return self._text("iss")

    @property
    def subject(self) -> str:
        return self._text("sub")

    @property
    def audience(self) -> str:
        value = self.claims.get("aud")
        found = value if isinstance(value, list) else [value]
        return ", ".join(clean_name(each) for each in found if isinstance(each, str))

    @property
    def expires_at(self) -> float | None:
        """POSIX time; None if the token does not say."""
        value = self.claims.get("exp")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if 0 <= value < 10**11 else None

    def _text(self, name: str) -> str:
        value = self.claims.get(name)
        return clean_name(value) if isinstance(value, str) else ""


class TokenSource(Protocol):
    """Where a federated credential's token comes from."""

    def read(self) -> ForeignToken:
        """Return a token that has not expired. Raises ``CredentialUnavailable``."""
        ...


@dataclass(frozen=True)
class TokenFile:
    """A file that a platform renews, read at each use. ``path``: "" for ``FILE_VARIABLE``."""

    path: str = ""

    @without_frame_variables
    def read(self) -> ForeignToken:
        path = self.path or os.environ.get(FILE_VARIABLE, "")
        if not path:
            raise CredentialUnavailable(*unavailable.NO_VARIABLE)
        return parse_token(_content(path).strip(), place=path)


@without_frame_variables
def parse_token(text: bytes, *, place: str) -> ForeignToken:
    """Return a token that has the form of a JWT and has not expired.

    Anything else is refused here, so that no other file's content is sent to Microsoft.
    """
    try:
        header, payload, signature = text.decode("ascii").split(".")
        claims = json.loads(base64url_decode(payload))
        is_token = (
            isinstance(json.loads(base64url_decode(header)), dict)
            and isinstance(claims, dict)
            and base64url_decode(signature)
        )
    except (ValueError, RecursionError):
        is_token, claims = False, {}
    if not is_token:
        raise CredentialUnavailable(*unavailable.NOT_A_TOKEN, place=place)
    token = ForeignToken(text.decode("ascii"), claims)
    if token.expires_at is not None and token.expires_at <= time.time():
        date = datetime.fromtimestamp(token.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        raise CredentialUnavailable(*unavailable.OVER, place=place, date=date)
    return token


@without_frame_variables
def _content(path: str) -> bytes:
    try:
        # Opening a pipe without a writer would wait for one.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise CredentialUnavailable(*unavailable.NOT_A_FILE, path=path)
            content = file.read(MAX_TOKEN_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise CredentialUnavailable(*unavailable.MISSING, path=path) from None
    except IsADirectoryError:
        raise CredentialUnavailable(*unavailable.NOT_A_FILE, path=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        why = getattr(error, "strerror", None) or type(error).__name__
        raise CredentialUnavailable(*unavailable.UNREADABLE, path=path, why=why) from None
    if len(content) > MAX_TOKEN_BYTES:
        raise CredentialUnavailable(*unavailable.TOO_LARGE, path=path, limit=MAX_TOKEN_BYTES)
    if not content.strip():
        raise CredentialUnavailable(*unavailable.EMPTY, path=path)
    return content
