"""Re-encrypts secrets and private keys with the newest key, so that an old key can be removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..models import Credential, UndecryptableError


@dataclass(frozen=True)
class Unreadable:
    """A stored secret or private key that no encryption key can decrypt."""

    connection: str
    hint: str

    def __str__(self) -> str:
        return f"{self.connection} ({self.hint}…)"


@dataclass
class ReencryptionCounts:
    """How many secrets had each result. ``changed``: by somebody else during the run."""

    renewed: int = 0
    current: int = 0
    changed: int = 0
    unreadable: int = 0

    @property
    def seen(self) -> int:
        return self.renewed + self.current + self.changed + self.unreadable


def reencrypt(
    outcome: ReencryptionCounts, *, batch_size: int = 500, dry_run: bool = False
) -> Iterator[Unreadable]:
    """Encrypt every secret and private key with the first of ENCRYPTION_KEYS, unless it already is.

    Yields those that no key can decrypt, which are not changed, and counts in ``outcome``. Each row
    is written separately, and only if it still has the value that was read: a secret that an
    administrator replaces meanwhile stays replaced, and a stopped run can be started again.
    """
    for secret in _in_pages(batch_size):
        try:
            renewed = secret.value.reencrypted()
        except UndecryptableError:
            outcome.unreadable += 1
            yield Unreadable(secret.connection.name, secret.hint)
            continue
        if renewed is secret.value:
            outcome.current += 1
        elif dry_run or _replace(secret, renewed):
            outcome.renewed += 1
        else:
            outcome.changed += 1


def unreadable_secrets() -> Iterator[Unreadable]:
    """Yield the stored secrets and private keys that no encryption key can decrypt."""
    return reencrypt(ReencryptionCounts(), dry_run=True)


def _replace(secret: Credential, renewed: object) -> bool:
    unchanged = Credential._default_manager.filter(pk=secret.pk, value=secret.value)
    return bool(unchanged.update(value=renewed))


def _in_pages(size: int) -> Iterator[Credential]:
    # Keyset pages: MariaDB's driver cannot stream, and a server-side cursor would hold a
    # transaction open for the whole run.
    secrets = Credential._default_manager.order_by("pk").select_related("connection")
    secrets = secrets.filter(value__isnull=False).only("value", "hint", "connection__name")
    page = list(secrets[:size])
    while page:
        yield from page
        page = list(secrets.filter(pk__gt=page[-1].pk)[:size])
