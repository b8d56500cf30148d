"""Adds a client secret to a connection, from the admin's form and from a file.

Only the import refuses placeholders (``transfer/placeholders.py``): tools write them, and
recognising them is a guess. If the guess is wrong, the form accepts the secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import router
from django.views.decorators.debug import sensitive_variables

from ..models import Connection, Credential
from ..models.credential import HINT_LENGTH
from ..models.validators import validate_client_secret


@dataclass(frozen=True)
class SecretAddition:
    """What adding a value changes.

    ``secret``: the new secret, or the newest stored one with this value. ``redated``: the stored
    secrets whose expiry date ``save`` changes.
    """

    secret: Credential
    is_new: bool
    expires_at: datetime | None
    redated: tuple[Credential, ...] = ()

    def save(self, connection: Connection, using: str | None = None) -> None:
        """Store it. Raises ``ImproperlyConfigured`` without a usable encryption key."""
        using = using or router.db_for_write(Credential, instance=connection)
        if self.is_new:
            self.secret.connection = connection
            # Not create(): Django's own frames would show the value in an error report.
            self.secret.save(using=using)
        for secret in self.redated:
            secret.expires_at = self.expires_at
            # Only the date: a sign-in may be writing the other columns at this moment.
            secret.save(using=using, update_fields=["expires_at"])


@sensitive_variables("value")
def plan_addition(
    stored: Iterable[Credential], value: str, expires_at: datetime | None
) -> SecretAddition:
    """Compare a value with the secrets of its connection. Writes nothing.

    White space around the value is removed. A new value is added to those stored. A stored value is
    not added again; it gets the new date if one is given. Raises ``ValidationError`` for a value
    that cannot be a client secret.
    """
    value = value.strip()
    validate_client_secret(value)
    # A secret that no key can decrypt matches nothing, so the same value can be stored again.
    same = sorted(
        (secret for secret in stored if secret.value.holds(value)),
        key=lambda secret: (secret.created_at, secret.pk),
        reverse=True,
    )
    if not same:
        new = Credential(value=value, hint=value[:HINT_LENGTH], expires_at=expires_at)
        return SecretAddition(new, is_new=True, expires_at=expires_at)
    redated = [each for each in same if expires_at is not None and each.expires_at != expires_at]
    return SecretAddition(same[0], is_new=False, expires_at=expires_at, redated=tuple(redated))


@sensitive_variables("value")
def add_secret(
    connection: Connection, value: str, expires_at: datetime | None = None
) -> SecretAddition:
    """Add a value to the secrets of a stored connection. Raises what its two steps raise."""
    using = router.db_for_write(Credential, instance=connection)
    # Read from the database that will be written: a replica can lack a secret just added.
    stored = Credential._default_manager.using(using).filter(connection=connection)
    addition = plan_addition(stored, value, expires_at)
    addition.save(connection, using)
    return addition
