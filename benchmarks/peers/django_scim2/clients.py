"""The directory that reports its people, a user with a token, and many whom it has reported."""

from __future__ import annotations

import secrets
import uuid

from django.contrib.auth import get_user_model

from benchmarks.peers import DOMAIN
from benchmarks.peers.django_scim2.middleware import digest_of
from benchmarks.peers.django_scim2.models import Token

_BATCH = 1000


def create() -> str:
    """Return the directory's token."""
    token = secrets.token_urlsafe(32)
    Token._default_manager.create(user=_store(["directory"])[0], digest=digest_of(token))
    return token


def fill(people: int) -> str:
    """Store so many people. Return "": they are in no group."""
    for begin in range(0, people, _BATCH):
        numbers = range(begin, min(begin + _BATCH, people))
        _store([f"person{number}@{DOMAIN}" for number in numbers])
    return ""


def _store(names: list[str]) -> list[object]:
    model = get_user_model()
    rows = [model(username=name, email=name, password="!", scim_username=name) for name in names]
    for row in rows:
        row.scim_id = row.scim_external_id = str(uuid.uuid4())
    return list(model._default_manager.bulk_create(rows))
