"""Adds a credential to a connection, from the admin's forms and from a file.

Only the import refuses placeholders (``transfer/placeholders.py``): tools write them, and
recognising them is a guess. If the guess is wrong, the form accepts the secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import router
from django.views.decorators.debug import sensitive_variables

from ..entra.certificates import to_der
from ..models import Connection, Credential
from ..models.credential import HINT_LENGTH
from ..models.validators import validate_client_secret
from .certificates import KeyPair

_Kind = Credential.Kind


@dataclass(frozen=True)
class CredentialAddition:
    """What adding a credential changes.

    ``credential``: the new one, or the newest stored one that is the same. ``redated``: the stored
    secrets whose expiry date ``save`` changes.
    """

    credential: Credential
    is_new: bool
    expires_at: datetime | None = None
    redated: tuple[Credential, ...] = ()

    def save(self, connection: Connection, using: str | None = None) -> None:
        """Store it. Raises ``ImproperlyConfigured`` without a usable encryption key."""
        using = using or router.db_for_write(Credential, instance=connection)
        if self.is_new:
            self.credential.connection = connection
            # Not create(): Django's own frames would show the value in an error report.
            self.credential.save(using=using)
        for secret in self.redated:
            secret.expires_at = self.expires_at
            # Only the date: a sign-in may be writing the other columns at this moment.
            secret.save(using=using, update_fields=["expires_at"])


@sensitive_variables("value")
def plan_secret(
    stored: Iterable[Credential], value: str, expires_at: datetime | None
) -> CredentialAddition:
    """Compare a value with the credentials of its connection. Writes nothing.

    White space around the value is removed. A new value is added to those stored. A stored value is
    not added again; it gets the new date if one is given. Raises ``ValidationError`` for a value
    that cannot be a client secret.
    """
    value = value.strip()
    validate_client_secret(value)
    secrets = [each for each in stored if each.kind == _Kind.SECRET]
    # A secret that no key can decrypt matches nothing, so the same value can be stored again.
    same = _newest_first(each for each in secrets if each.value and each.value.holds(value))
    if not same:
        new = Credential(value=value, hint=value[:HINT_LENGTH], expires_at=expires_at)
        return CredentialAddition(new, is_new=True, expires_at=expires_at)
    redated = [each for each in same if expires_at is not None and each.expires_at != expires_at]
    return CredentialAddition(same[0], is_new=False, expires_at=expires_at, redated=tuple(redated))


@sensitive_variables("pair")
def plan_certificate(stored: Iterable[Credential], pair: KeyPair) -> CredentialAddition:
    """Compare a certificate with the credentials of its connection. Writes nothing."""
    certificates = [each for each in stored if each.kind == _Kind.CERTIFICATE and each.is_readable]
    der = to_der(pair.certificate)
    if same := _newest_first(each for each in certificates if to_der(each.certificate) == der):
        return CredentialAddition(same[0], is_new=False)
    new = Credential(kind=_Kind.CERTIFICATE, value=pair.private_key, certificate=pair.certificate)
    new.derive()
    return CredentialAddition(new, is_new=True)


def plan_federated(
    stored: Iterable[Credential], *, token_file: str = "", managed_identity: str = ""
) -> CredentialAddition:
    """Compare a federated credential with those of its connection. Writes nothing.

    Raises ``ValidationError`` for a path that is not absolute, or an identity that is not a GUID.
    """
    new = Credential(kind=_Kind.FEDERATED, token_file=token_file, managed_identity=managed_identity)
    new.clean_fields(exclude=["connection", "value"])
    new.clean()
    federated = (each for each in stored if each.kind == _Kind.FEDERATED)
    source = (token_file, managed_identity)
    same = [each for each in federated if (each.token_file, each.managed_identity) == source]
    if same:
        return CredentialAddition(_newest_first(same)[0], is_new=False)
    new.derive()
    return CredentialAddition(new, is_new=True)


@sensitive_variables("value")
def add_secret(
    connection: Connection, value: str, expires_at: datetime | None = None
) -> CredentialAddition:
    """Add a value to the credentials of a stored connection. Raises what its two steps raise."""
    return _saved(connection, plan_secret(_stored(connection), value, expires_at))


@sensitive_variables("pair")
def add_certificate(connection: Connection, pair: KeyPair) -> CredentialAddition:
    """Add a certificate to the credentials of a stored connection."""
    return _saved(connection, plan_certificate(_stored(connection), pair))


def add_federated(
    connection: Connection, *, token_file: str = "", managed_identity: str = ""
) -> CredentialAddition:
    """Add a federated credential to those of a stored connection."""
    plan = plan_federated(
        _stored(connection), token_file=token_file, managed_identity=managed_identity
    )
    return _saved(connection, plan)


def _stored(connection: Connection) -> Iterable[Credential]:
    # Read from the database that will be written: a replica can lack one just added.
    using = router.db_for_write(Credential, instance=connection)
    return Credential._default_manager.using(using).filter(connection=connection)


def _saved(connection: Connection, addition: CredentialAddition) -> CredentialAddition:
    addition.save(connection, router.db_for_write(Credential, instance=connection))
    return addition


def _newest_first(credentials: Iterable[Credential]) -> list[Credential]:
    return sorted(credentials, key=lambda each: (each.created_at, each.pk), reverse=True)
