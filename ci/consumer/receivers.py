"""A site's receivers of every signal."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.dispatch import receiver

from azuread_connections.models import Connection, Credential, Directory, Identity
from azuread_connections.signals import (
    deprovisioned,
    directory_waiting,
    domain_withdrawn,
    profile_synced,
    provisioned,
    secret_expiring,
    sign_in_failed,
    signed_in,
    user_created,
)


@receiver(signed_in)
def note(sender: object, *, identity: Identity, created: bool, **others: Any) -> None:
    print(identity.object_id, created)


@receiver(sign_in_failed)
def warn(sender: object, *, code: str, reference: str, stage: str, **others: Any) -> None:
    print(code, reference, stage)


@receiver(user_created)
def welcome(sender: object, *, user: User, connection: Connection, **others: Any) -> None:
    print(user.get_username(), connection.name)


@receiver(profile_synced)
def reindex(sender: object, *, user: User, changed: list[str], **others: Any) -> None:
    print(user.pk, changed)


@receiver(directory_waiting)
def ask(sender: object, *, connection: Connection, directory: Directory, **others: Any) -> None:
    print(connection.name, directory.tenant_id)


@receiver(secret_expiring)
def remind(sender: object, *, secret: Credential, days_left: int, **others: Any) -> None:
    print(secret.hint, days_left)


@receiver(domain_withdrawn)
def alarm(sender: object, *, domain: str, found: str, **others: Any) -> None:
    print(domain, found)


@receiver([provisioned, deprovisioned])
def sync(sender: object, *, user: User | None, reason: str, **others: Any) -> None:
    print(user, reason)
