"""Other issuers than Microsoft whose access tokens this site accepts.

An optional sub-app adds its own when Django starts, so that this package does not need it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from .callers import AccessTokenAuth


@dataclass(frozen=True)
class Issuer:
    """``name``: the `iss` of its tokens, for a request. ``validate``: takes a token, the request
    and the identifiers of the APIs that it can be for; returns the user (None for an application's
    own token) and what the token says. It raises ``TokenRefused``."""

    name: Callable[[HttpRequest], str]
    validate: Callable[[str, HttpRequest, frozenset[str]], tuple[Any | None, AccessTokenAuth]]


#: By the label of the sub-app.
ISSUERS: dict[str, Issuer] = {}
