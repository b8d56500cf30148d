"""Bearer tokens of connections: they are made here, shown once, and only their hash is stored."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..models import Connection
from ..models.prepared import Parameter, Select
from .models import ScimToken
from .models.token import MAX_TOKENS, PREFIX

#: 256 bits: nobody guesses it, so SHA-256 without salt or stretching is enough.
_BYTES = 32
#: Characters after the prefix by which people tell two tokens apart.
HINT_LENGTH = 4
#: A token, or part of one, in any text.
IN_TEXT = re.compile(rf"{PREFIX}[\w-]+", re.ASCII)
#: No longer text is looked up: it is not one of ours.
_MAX_LENGTH = 200
_MAX_NAME = 254

_BY_HASH = Select(
    lambda: ScimToken._default_manager.filter(token_hash=Parameter("token_hash")).order_by(),
    models={"token": "", "connection": "connection"},
)


@sensitive_variables("value")
def create(
    connection: Connection, *, expires_at: datetime | None = None, created_by: str = ""
) -> tuple[ScimToken, str]:
    """Give a connection another token. Return it as stored, and its value, which is shown once.

    ``expires_at``: from when on it is refused; None: never. ``created_by``: a user's name. Raises
    ``ValidationError`` if the connection already has two.
    """
    value = PREFIX + secrets.token_urlsafe(_BYTES)
    using = router.db_for_write(ScimToken)
    with transaction.atomic(using=using):
        # Locked, so that two requests at the same moment cannot add a third.
        Connection._default_manager.using(using).select_for_update().get(pk=connection.pk)
        _check_number(list(ScimToken._default_manager.using(using).filter(connection=connection)))
        token = ScimToken._default_manager.using(using).create(
            connection=connection,
            token_hash=hash_of(value),
            hint=value[len(PREFIX) :][:HINT_LENGTH],
            expires_at=expires_at,
            created_by_name=created_by[:_MAX_NAME],
        )
    return token, value


def _check_number(stored: list[ScimToken]) -> None:
    if len(stored) < MAX_TOKENS:
        return
    named = ", ".join(map(str, stored))
    raise ValidationError(
        _(
            "The connection has %(count)d tokens already, the most that it can have: %(tokens)s. "
            "Remove the one that is no longer used in Entra first."
        ),
        code="too_many_tokens",
        params={"count": len(stored), "tokens": named},
    )


@sensitive_variables("value")
def find(value: str) -> ScimToken | None:
    """Return the stored token with this value, expired or not, with its connection. One query.

    It is looked up by its hash, so the time that this takes says nothing about a stored token.
    """
    if not is_well_formed(value):
        return None
    for row in _BY_HASH.rows(router.db_for_write(ScimToken), token_hash=hash_of(value)):
        row.token.connection = row.connection
        token: ScimToken = row.token
        return token
    return None


@sensitive_variables("value")
def is_well_formed(value: str) -> bool:
    return len(value) <= _MAX_LENGTH and IN_TEXT.fullmatch(value) is not None


@sensitive_variables("value")
def hash_of(value: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
