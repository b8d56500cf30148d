"""Re-encrypts stored secrets with the newest key, so that an old key can be removed.

They are the values of every ``EncryptedTextField``, of which the optional sub-apps have some, too,
and what a customer has entered with a set-up link and Microsoft has not accepted yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models, router, transaction

from ..models import Credential, EncryptedTextField, Sealed, SetupLink, UndecryptableError
from ..models.batches import each_row


@dataclass(frozen=True)
class Unreadable:
    """A stored secret that no key can decrypt. ``owner``: what it belongs to."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner} ({self.name})"


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
    """Encrypt every stored secret with the first of ENCRYPTION_KEYS, unless it already is.

    Yields those that no key can decrypt, which are not changed, and counts in ``outcome``. Each row
    is written separately, and only if it still has the value that was read: a secret that an
    administrator replaces meanwhile stays replaced, and a stopped run can be started again.
    """
    for model in _models_with_secrets():
        yield from _reencrypt(model, outcome, batch_size, dry_run)
    yield from _reencrypt_drafts(outcome, batch_size, dry_run)


def unreadable_secrets() -> Iterator[Unreadable]:
    """Yield the connections' credentials that no encryption key can decrypt."""
    return _reencrypt(Credential, ReencryptionCounts(), 500, dry_run=True)


def _models_with_secrets() -> list[type[models.Model]]:
    own = apps.get_app_config(Credential._meta.app_label)
    # The connections' secrets first: they are those that people know.
    others = (model for model in apps.get_models() if model._meta.app_config is not own)
    found = [*own.get_models(), *others]
    return [model for model in found if not model._meta.proxy and _encrypted_fields(model)]


def _encrypted_fields(model: type[models.Model]) -> list[str]:
    fields = model._meta.local_concrete_fields
    return [field.attname for field in fields if isinstance(field, EncryptedTextField)]


def _reencrypt(
    model: type[models.Model], outcome: ReencryptionCounts, batch_size: int, dry_run: bool
) -> Iterator[Unreadable]:
    fields = _encrypted_fields(model)
    for row in _rows(model, batch_size):
        for field in fields:
            value = getattr(row, field)
            if value is None:
                continue
            try:
                renewed = value.reencrypted()
            except UndecryptableError:
                outcome.unreadable += 1
                yield _unreadable(row)
                continue
            if renewed is value:
                outcome.current += 1
            elif dry_run or _replace(row, field, renewed):
                outcome.renewed += 1
            else:
                outcome.changed += 1


def _reencrypt_drafts(
    outcome: ReencryptionCounts, batch_size: int, dry_run: bool
) -> Iterator[Unreadable]:
    for link in _rows(SetupLink, batch_size):
        if any(link.draft.get(name) for name in SetupLink.ENCRYPTED_IN_DRAFT):
            yield from _reencrypt_draft(link.pk, outcome, dry_run)


def _reencrypt_draft(pk: Any, outcome: ReencryptionCounts, dry_run: bool) -> Iterator[Unreadable]:
    # Locked, not compared as in ``_replace``: databases disagree on when two JSON values are equal.
    alias = router.db_for_write(SetupLink)
    with transaction.atomic(using=alias):
        link = SetupLink._base_manager.using(alias).select_for_update().filter(pk=pk).first()
        if link is None:
            return
        draft, found = dict(link.draft), []
        for name in SetupLink.ENCRYPTED_IN_DRAFT:
            if not (stored := draft.get(name)):
                continue
            try:
                draft[name] = Sealed(stored).reencrypted().ciphertext
            except UndecryptableError:
                outcome.unreadable += 1
                found.append(_unreadable(link))
                continue
            if draft[name] == stored:
                outcome.current += 1
            else:
                outcome.renewed += 1
        if draft != link.draft and not dry_run:
            link.draft = draft
            link.save(update_fields=["draft"])
    yield from found


def _unreadable(row: models.Model) -> Unreadable:
    if isinstance(row, Credential):
        return Unreadable(row.connection.name, str(row))
    return Unreadable(str(row._meta.verbose_name), str(row))


def _replace(row: models.Model, field: str, renewed: object) -> bool:
    manager = type(row)._base_manager
    unchanged = manager.filter(**{"pk": row.pk, field: getattr(row, field)})
    return bool(unchanged.update(**{field: renewed}))


def _rows(model: type[models.Model], page_size: int) -> Iterator[Any]:
    rows: Any = model._base_manager.all()
    if model is Credential:
        rows = rows.filter(value__isnull=False).select_related("connection")
        rows = rows.only("value", "kind", "hint", "connection__name")
    return each_row(rows, page_size)
