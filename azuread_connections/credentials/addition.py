"""Adding a client secret to those of a connection: from the admin's form and from a file.

A placeholder is refused where a file is read (``transfer/placeholders.py``): tools write those, and
telling them apart is a guess. Where the guess is wrong, the form takes the secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import router
from django.views.decorators.debug import sensitive_variables

from ..models import ClientSecret, Connection
from ..models.secret import HINT_LENGTH
from ..models.validators import validate_client_secret


@dataclass(frozen=True)
class SecretAddition:
    """What adding a value changes.

    ``secret``: the new one, or the newest of those stored that have this value. ``redated``: the
    stored ones that get another date; they have their former one until ``save``.
    """

    secret: ClientSecret
    is_new: bool
    expires_at: datetime | None
    redated: tuple[ClientSecret, ...] = ()

    def save(self, connection: Connection, using: str | None = None) -> None:
        """Store it. Raises ``ImproperlyConfigured`` without a usable encryption key."""
        using = using or router.db_for_write(ClientSecret, instance=connection)
        if self.is_new:
            self.secret.connection = connection
            # Not by create(): Django's own frames would show the value in a report of an error.
            self.secret.save(using=using)
        for secret in self.redated:
            secret.expires_at = self.expires_at
            # The date alone: a sign-in may be writing the other columns at this moment.
            secret.save(using=using, update_fields=["expires_at"])


@sensitive_variables("value")
def plan_addition(
    stored: Iterable[ClientSecret], value: str, expires_at: datetime | None
) -> SecretAddition:
    """Compare a value with the secrets of its connection. Writes nothing.

    White space around a value was copied along, and is dropped. A value that differs from those
    stored is added beside them. One that is stored already is not added again, and gets the date
    where one is given. Raises ``ValidationError`` for what cannot be a client secret.
    """
    value = value.strip()
    validate_client_secret(value)
    # One that no key opens holds nothing: it is of no use, so the same value may be stored again.
    same = sorted(
        (secret for secret in stored if secret.value.holds(value)),
        key=lambda secret: (secret.created_at, secret.pk),
        reverse=True,
    )
    if not same:
        new = ClientSecret(value=value, hint=value[:HINT_LENGTH], expires_at=expires_at)
        return SecretAddition(new, is_new=True, expires_at=expires_at)
    redated = [each for each in same if expires_at is not None and each.expires_at != expires_at]
    return SecretAddition(same[0], is_new=False, expires_at=expires_at, redated=tuple(redated))


@sensitive_variables("value")
def add_secret(
    connection: Connection, value: str, expires_at: datetime | None = None
) -> SecretAddition:
    """Add a value to the secrets of a stored connection. Raises what its two steps raise."""
    using = router.db_for_write(ClientSecret, instance=connection)
    # From where it will be written: a replica may lack a secret that was just added.
    stored = ClientSecret._default_manager.using(using).filter(connection=connection)
    addition = plan_addition(stored, value, expires_at)
    addition.save(connection, using)
    return addition
