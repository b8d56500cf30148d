"""The keys that sign tokens for clients: which one signs, which are published, when they change."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.core.exceptions import ImproperlyConfigured
from django.db import router, transaction
from django.utils import timezone
from jwt.algorithms import RSAAlgorithm

from ..conf import CACHE_PREFIX, conf
from ..models.fields import Sealed, UndecryptableError
from ..models.validators import is_plain
from . import lifetimes
from .models import SigningKey

ALGORITHM = "RS256"
TYP_JWT = "JWT"
#: RFC 9068 section 2.1: so that nobody takes the one for the other.
TYP_AT_JWT = "at+jwt"
#: OpenID Connect Back-Channel Logout 1.0 section 2.4.
TYP_LOGOUT_JWT = "logout+jwt"
_BITS = 2048
_CACHE_KEY = f"{CACHE_PREFIX}:provider:signing_keys"
#: Seconds for which the keys are not read again. Far less than a next one waits.
_CACHE_TTL = 60.0


_SIGNATURE_ONLY: Any = dict.fromkeys(
    ("verify_aud", "verify_exp", "verify_nbf", "verify_iat"), False
)


class NoSigningKey(Exception):
    """No key signs now."""


@dataclass(frozen=True)
class PublishedKey:
    """A published key. ``sealed``: the private part, encrypted as in the database."""

    kid: str
    jwk: dict[str, Any]
    sealed: str
    activates_at: datetime


def published_keys() -> list[PublishedKey]:
    """Return the keys that clients have to know, those that sign first in front. No query while
    they are cached."""
    known: list[PublishedKey] | None = conf.cache.get(_CACHE_KEY)
    if known is None:
        rows = SigningKey.objects.published(timezone.now()).order_by("activates_at", "pk")
        known = [
            PublishedKey(row.kid, row.public_key, row.private_key.ciphertext, row.activates_at)
            for row in rows
        ]
        conf.cache.set(_CACHE_KEY, known, _CACHE_TTL)
    return known


def sign(claims: dict[str, Any], *, typ: str = TYP_JWT) -> str:
    """Return a signed token of these claims, with ``typ`` in its header.

    Raises ``NoSigningKey`` and ``UndecryptableError``.
    """
    try:
        key, private_key = _signing_key()
    except UndecryptableError:
        # Re-encrypted since it was cached, and the former encryption key is gone.
        forget()
        key, private_key = _signing_key()
    headers = {"kid": key.kid, "typ": typ}
    return jwt.encode(claims, private_key, algorithm=ALGORITHM, headers=headers)


def _signing_key() -> tuple[PublishedKey, RSAPrivateKey]:
    now = timezone.now()
    active = [key for key in published_keys() if key.activates_at <= now]
    if not active:
        raise NoSigningKey("No key signs now. Run: manage.py rotate_signing_keys")
    return active[-1], _load(active[-1].sealed)


def verify(token: str) -> dict[str, Any] | None:
    """Return the claims of an ID token that one of the published keys has signed, or None.

    Neither its times nor its audience are checked.
    """
    return _verify(token, lambda kid: next(_published(kid), None))


def verify_hint(token: str) -> dict[str, Any] | None:
    """The same, also for a key that has retired (``id_token_hint``): a client keeps its ID token
    for as long as its own session. Not for a key that was withdrawn as compromised."""
    return _verify(token, lambda kid: next(_published(kid), None) or _find_retired(kid))


def _verify(token: str, find_key: Callable[[str], dict[str, Any] | None]) -> dict[str, Any] | None:
    try:
        header = jwt.get_unverified_header(token)
        jwk = find_key(str(header.get("kid", ""))) if header.get("typ") == TYP_JWT else None
        if jwk is None:
            return None
        public_key: Any = RSAAlgorithm.from_jwk(jwk)
        found: dict[str, Any] = jwt.decode(
            token, public_key, algorithms=[ALGORITHM], options=_SIGNATURE_ONLY
        )
    except (jwt.InvalidTokenError, ValueError):
        return None
    return found


def _published(kid: str) -> Iterator[dict[str, Any]]:
    return (key.jwk for key in published_keys() if key.kid == kid)


def _find_retired(kid: str) -> dict[str, Any] | None:
    if not is_plain(kid):
        return None
    row = SigningKey.objects.filter(kid=kid).first()
    return row.public_key if row else None


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


def forget() -> None:
    """Read the keys again at the next request."""
    conf.cache.set(_CACHE_KEY, None, 1)


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
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=8)
def _load(sealed: str) -> RSAPrivateKey:
    """Parsing takes longer than signing."""
    key = load_pem_private_key(Sealed(sealed).reveal().encode(), password=None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101  (the only kind that is stored)
    return key
