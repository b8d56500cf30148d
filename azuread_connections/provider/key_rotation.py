"""When the keys that sign tokens for clients change: created, published, retired and deleted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.core.exceptions import ImproperlyConfigured
from django.db import router, transaction
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from ..login.state.sealing import base64url
from ..models.fields import Sealed, UndecryptableError
from . import lifetimes
from .keys import ALGORITHM, forget
from .models import SigningKey

_BITS = 2048


@dataclass(frozen=True)
class Rotation:
    """What a rotation did. ``next``: the key that waits to sign, or None if one signs at once."""

    current: SigningKey
    next: SigningKey | None
    is_new: bool
    deleted: int


def rotate(*, is_compromised: bool = False, now: datetime | None = None) -> Rotation:
    """Publish the next key, unless one waits already, and delete those that are over: the private
    part when no token of the key can be valid, all of it when no client can have one any more.

    The others are encrypted with the first of ENCRYPTION_KEYS.

    ``is_compromised``: a new key signs at once and all others are withdrawn, with every token that
    they have signed.
    """
    now = now or timezone.now()
    using = router.db_for_write(SigningKey)
    with transaction.atomic(using=using):
        # Locked, so that two at once do not both add a key.
        rows = SigningKey.objects.using(using).select_for_update().order_by("activates_at", "pk")
        list(rows)
        # Again: who has waited for the lock does not see the rows that were added meanwhile.
        keys = list(rows.all())
        retired = [key for key in keys if key.retires_at is not None and key.retires_at <= now]
        over = [key for key in retired if _retired_before(key, now - lifetimes.KEY_KNOWN_AFTER)]
        if is_compromised:
            over = keys
        SigningKey.objects.using(using).filter(pk__in=[key.pk for key in over]).delete()
        _delete_private_parts([key for key in retired if key not in over], using)
        keys = [key for key in keys if key not in (*over, *retired)]
        # One that no encryption key opens can sign nothing; its tokens are still verified.
        usable = [key for key in keys if _reencrypt(key, using)]
        active = [key for key in usable if key.activates_at <= now]
        waiting = [key for key in usable if key.activates_at > now]
        if not active:
            rotation = Rotation(_create(using, now), None, True, len(over))
            starts_at = now
        elif waiting:
            forget()
            return Rotation(active[-1], waiting[0], False, len(over))
        else:
            starts_at = now + lifetimes.KEY_PUBLISHED_BEFORE
            rotation = Rotation(active[-1], _create(using, starts_at), True, len(over))
        retires_at = _end_of_tokens_until(starts_at)
        for key in keys:
            if key.retires_at is None:
                key.retires_at = retires_at
                key.save(using=using, update_fields=["retires_at"])
    forget()
    return rotation


def keep_published(**kwargs: Any) -> None:
    """Publish the key that signs now for longer, if tokens are given a longer lifetime while the
    next one waits. A receiver of ``post_save`` of clients and APIs."""
    now = timezone.now()
    keys = SigningKey.objects.using(router.db_for_write(SigningKey))
    waiting = keys.filter(activates_at__gt=now, retires_at__isnull=True).first()
    if waiting is not None:
        retires_at = _end_of_tokens_until(waiting.activates_at)
        keys.filter(activates_at__lte=now, retires_at__gt=now, retires_at__lt=retires_at).update(
            retires_at=retires_at
        )


def _end_of_tokens_until(moment: datetime) -> datetime:
    return moment + lifetimes.longest_signed_token() + lifetimes.CLOCK_SKEW


def create_first_key(using: str, apps: Apps = global_apps, **kwargs: Any) -> None:
    """Create a key where there is none (``post_migrate``: nothing has to be set up)."""
    try:
        model: Any = apps.get_model("azuread_provider", "SigningKey")
    except LookupError:
        return
    if not router.allow_migrate_model(using, model):
        return
    if model._default_manager.using(using).exists():
        return
    try:
        Sealed.seal("")
    except ImproperlyConfigured:
        return  # the system checks say which key is missing; the next migrate tries again
    model._default_manager.using(using).create(**_new_key(timezone.now()))
    forget()


def _retired_before(key: SigningKey, moment: datetime) -> bool:
    return key.retires_at is not None and key.retires_at <= moment


def _delete_private_parts(retired: list[SigningKey], using: str) -> None:
    empty = Sealed.seal("")
    SigningKey.objects.using(using).filter(pk__in=[key.pk for key in retired]).update(
        private_key=empty
    )


def _reencrypt(key: SigningKey, using: str) -> bool:
    """Encrypt a key with the first of ENCRYPTION_KEYS; return whether any of them opens it."""
    try:
        renewed = key.private_key.reencrypted()
    except UndecryptableError:
        return False
    if renewed is not key.private_key:
        key.private_key = renewed
        key.save(using=using, update_fields=["private_key"])
    return True


def _create(using: str, activates_at: datetime) -> SigningKey:
    return SigningKey.objects.using(using).create(**_new_key(activates_at))


def _new_key(activates_at: datetime) -> dict[str, Any]:
    key = generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jwk: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    public = {"kty": jwk["kty"], "n": jwk["n"], "e": jwk["e"]}
    kid = _thumbprint(public)
    return {
        "kid": kid,
        "algorithm": ALGORITHM,
        "private_key": pem,
        "public_key": {**public, "kid": kid, "use": "sig", "alg": ALGORITHM},
        "activates_at": activates_at,
    }


def _thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638 section 3."""
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return base64url(hashlib.sha256(canonical).digest())
