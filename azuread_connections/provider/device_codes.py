"""The device authorization grant (RFC 8628): codes given out, asked about, and answered."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, router, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from ..login.state.session import SignIn
from ..models.batches import delete_in_batches
from . import judge, lifetimes, user_codes
from .models import API, Authorization, DeviceAuthorization, OAuthClient
from .models.client_secret import digest_of
from .models.device import INTERVAL_STEP

#: Devices of one client that can wait at the same time: their codes could otherwise fill the table,
#: and make user codes easy to guess.
MAX_WAITING = 1_000
#: By how much a poll may be early: the network is faster at times.
_LEEWAY = timedelta(seconds=1)
#: A used code is known so long, to notice when it is used again.
_KEPT_FOR = timedelta(days=1)
#: Two user codes are the same once in billions of times.
_ATTEMPTS = 5


class TooManyWaiting(Exception):
    """Too many devices of the client wait already."""


class SignInGone(Exception):
    """What the person's sign-in rests on was deleted."""


@dataclass(frozen=True)
class Codes:
    """What a device is given: one code to ask with, and one to show."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)


def issue(
    client: OAuthClient,
    scopes: Collection[str],
    api: API | None,
    *,
    address: str | None,
    program: str,
) -> Codes:
    """Let a device wait for its person. Two statements. Raises ``TooManyWaiting``."""
    now = timezone.now()
    waiting = _rows().waiting(now).filter(client=client)
    if waiting[:MAX_WAITING].count() >= MAX_WAITING:
        raise TooManyWaiting
    for attempt in range(1, _ATTEMPTS + 1):
        codes = Codes(secrets.token_urlsafe(32), user_codes.new_code())
        try:
            with transaction.atomic(using=_alias()):
                _rows().create(
                    client=client,
                    device_code_digest=digest_of(codes.device_code),
                    user_code_digest=user_codes.digest(codes.user_code),
                    scope=" ".join(scopes),
                    api=api,
                    address=address,
                    program=program,
                    expires_at=now + lifetimes.DEVICE_CODE,
                )
        except IntegrityError:
            if attempt == _ATTEMPTS:
                raise
        else:
            break
    return codes


# --- The device asks ------------------------------------------------------------------------------


@sensitive_variables("device_code")
def find(client: OAuthClient, device_code: str) -> DeviceAuthorization | None:
    """Return a client's device by its code, answered or not, with what it is judged by."""
    found: DeviceAuthorization | None = (
        _rows()
        .select_related(
            *("authorization__user", "authorization__identity", "authorization__connection"),
            *("authorization__client__application", "authorization__api"),
        )
        .filter(device_code_digest=digest_of(device_code), client=client)
        .first()
    )
    return found


def poll(device: DeviceAuthorization, now: datetime) -> str:
    """Return how far a device is, as one of oauthlib's words. One statement while it waits."""
    authorization = device.authorization
    if authorization is not None and authorization.code_used_at is not None:
        return DeviceCodeGrant.DEVICE_CODE_AUTHORIZED  # the validator refuses it, late or not
    if now >= device.expires_at:
        return DeviceCodeGrant.DEVICE_CODE_EXPIRED
    if authorization is not None:
        return DeviceCodeGrant.DEVICE_CODE_AUTHORIZED
    if device.answered_at is not None:
        return DeviceCodeGrant.DEVICE_CODE_DENIED
    earliest = timedelta(seconds=device.interval) - _LEEWAY
    is_early = device.polled_at is not None and now - device.polled_at < earliest
    interval = device.interval + (INTERVAL_STEP if is_early else 0)
    _rows().filter(pk=device.pk).update(polled_at=now, interval=interval)
    return (
        DeviceCodeGrant.DEVICE_CODE_SLOW_DOWN if is_early else DeviceCodeGrant.DEVICE_CODE_PENDING
    )


# --- The person answers ---------------------------------------------------------------------------


@sensitive_variables("user_code")
def find_waiting(user_code: str) -> DeviceAuthorization | None:
    """Return the device that shows a code, if it can still be answered."""
    found: DeviceAuthorization | None = (
        _waiting().filter(user_code_digest__in=user_codes.digests(user_code)).first()
    )
    return found


def find_waiting_by_key(key: int) -> DeviceAuthorization | None:
    """Return a device, if it can still be answered."""
    found: DeviceAuthorization | None = _waiting().filter(pk=key).first()
    return found


def allow(device: DeviceAuthorization, user: Any, proof: SignIn) -> bool:
    """Sign a person in on a device; return False if it has been answered meanwhile.

    The sign-in is the device's own: it outlives the browser's session, and a sign-out there. Raises
    ``SignInGone`` if the identity or the connection was deleted since the session was looked at.
    """
    try:
        # Some databases look at foreign keys when the transaction ends.
        with transaction.atomic(using=_alias()):
            return _allow(device, user, proof)
    except IntegrityError:
        raise SignInGone from None


def _allow(device: DeviceAuthorization, user: Any, proof: SignIn) -> bool:
    if not _answer(device):
        return False
    authorizations: Any = Authorization.objects.using(_alias())
    authorization = authorizations.create(
        client=device.client,
        user_id=user.pk,
        **judge.sign_in_columns(proof),
        # Nobody has this code: the device's own must not pass for an authorization code.
        code_digest=digest_of(secrets.token_urlsafe(32)),
        code_expires_at=device.expires_at,
        redirect_uri="",
        scope=device.scope,
        api=device.api,
    )
    _rows().filter(pk=device.pk).update(authorization=authorization)
    return True


def deny(device: DeviceAuthorization) -> bool:
    """Send a device away; return False if it has been answered meanwhile."""
    return _answer(device)


def _answer(device: DeviceAuthorization) -> bool:
    """Take one answer, the first. Of two at the same time, the second waits here for the first."""
    now = timezone.now()
    return bool(_rows().waiting(now).filter(pk=device.pk).update(answered_at=now))


# --- Ending ---------------------------------------------------------------------------------------


def delete_expired(batch_size: int = 1_000) -> int:
    """Delete the devices whose codes are over for a day, a batch at a time; return how many."""
    over = _rows().filter(expires_at__lte=timezone.now() - _KEPT_FOR)
    return delete_in_batches(over.order_by("expires_at"), batch_size)


def _waiting() -> Any:
    return (
        _rows()
        .waiting(timezone.now())
        .select_related("client__application", "client__oauth_application", "api")
    )


def _rows() -> Any:
    # Not of a replica, which may not have heard of a code that was given a moment ago.
    return DeviceAuthorization.objects.using(_alias())


def _alias() -> str:
    return router.db_for_write(DeviceAuthorization)
