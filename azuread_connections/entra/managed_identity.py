"""The token of the managed identity of the Azure resource on which the site runs.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
https://learn.microsoft.com/azure/app-service/overview-managed-identity
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from . import unavailable
from .errors import CredentialUnavailable
from .federation import MAX_TOKEN_BYTES, ForeignToken, parse_token
from .frames import without_frame_variables

#: Virtual machines and AKS. The address is reached only from the machine itself.
IMDS = "http://169.254.169.254"
_IMDS_PATH = "/metadata/identity/oauth2/token"
#: Replaces IMDS's host, as in Microsoft's own libraries.
IMDS_VARIABLE = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
#: App Service, Functions and Container Apps set both.
ENDPOINT_VARIABLE, HEADER_VARIABLE = "IDENTITY_ENDPOINT", "IDENTITY_HEADER"
SYSTEM_ASSIGNED = "system"

#: Seconds. The address is local; a sign-in waits for it.
_TIMEOUT = Timeout(connect=1, read=2)
#: Seconds before its end from which a token is not used any more.
_EARLY = 300
_ERROR = re.compile(r"[A-Za-z_]{1,60}")
_AUDIENCES = {
    "usgov": "api://AzureADTokenExchangeUSGov",
    "dod": "api://AzureADTokenExchangeUSGov",
    "china": "api://AzureADTokenExchangeChina",
}

#: The tokens of this process, by address, client ID and audience. IMDS limits requests to a few a
#: second, and a shared cache would expose them.
_Tokens = dict[tuple[str, str, str], ForeignToken]
_RECENT: _Tokens = {}


def audience_for(cloud: str) -> str:
    """Return the audience that federated credentials have in a cloud, by its name."""
    return _AUDIENCES.get(cloud, "api://AzureADTokenExchange")


@dataclass(frozen=True)
class ManagedIdentity:
    """The resource's own identity, or a user-assigned one. ``identity``: SYSTEM_ASSIGNED, or the
    client ID. ``audience``: see ``audience_for``."""

    identity: str
    audience: str

    @without_frame_variables
    def read(self) -> ForeignToken:
        url, headers = self._request()
        key = url, self.identity, self.audience
        known = _RECENT.get(key)
        if known and known.expires_at and known.expires_at - _EARLY > time.time():
            return known
        host = urlsplit(url).netloc
        token = parse_token(_ask(url, headers, host), place=host)
        _RECENT[key] = token
        return token

    def _request(self) -> tuple[str, Mapping[str, str]]:
        """Return address and headers: App Service's if its variables are set, else IMDS's."""
        query = {"resource": self.audience}
        if self.identity != SYSTEM_ASSIGNED:
            query["client_id"] = self.identity
        endpoint, proof = os.environ.get(ENDPOINT_VARIABLE), os.environ.get(HEADER_VARIABLE)
        if endpoint and proof:
            query["api-version"] = "2019-08-01"
            return f"{endpoint}?{urlencode(query)}", {"X-IDENTITY-HEADER": proof}
        query["api-version"] = "2018-02-01"
        host = (os.environ.get(IMDS_VARIABLE) or IMDS).rstrip("/")
        return f"{host}{_IMDS_PATH}?{urlencode(query)}", {"Metadata": "true"}


def forget_tokens() -> None:
    """Forget the tokens of this process."""
    _RECENT.clear()


@without_frame_variables
def _ask(url: str, headers: Mapping[str, str], host: str) -> bytes:
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise CredentialUnavailable(*unavailable.BAD_ADDRESS)
    try:
        # No proxy, which could read the token; no redirect, which could take the header elsewhere.
        with PoolManager(num_pools=1, maxsize=1) as pool:
            answer = pool.request(
                "GET",
                url,
                headers=dict(headers),
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            body = _bounded(answer)
            answer.release_conn()
    except (HTTPError, OSError, ValueError) as error:
        raise CredentialUnavailable(
            *unavailable.SILENT, host=host, why=type(error).__name__
        ) from None
    document = _object(body)
    if answer.status != 200:
        named = str(document.get("error", ""))
        said = [str(answer.status), *([named] if _ERROR.fullmatch(named) else [])]
        raise CredentialUnavailable(*unavailable.REFUSED, host=host, answer=" ".join(said))
    token = document.get("access_token")
    if not isinstance(token, str):
        raise CredentialUnavailable(*unavailable.UNKNOWN_ANSWER, host=host)
    return token.encode()


def _bounded(answer: Any) -> bytes:
    """Read an answer within its size and time: a read's limit starts again with each byte."""
    ends_at, content = time.monotonic() + float(_TIMEOUT.read_timeout or 0), bytearray()
    while chunk := answer.read1(MAX_TOKEN_BYTES):
        content += chunk
        if len(content) > 2 * MAX_TOKEN_BYTES:
            raise ValueError("The answer is too long.")
        if time.monotonic() > ends_at:
            raise TimeoutError("The answer takes too long.")
    return bytes(content)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}
