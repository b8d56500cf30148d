"""Ends sign-ins to clients that are no longer valid, as sessions end: the person was deactivated,
the connection disabled, everybody signed out.

Where one person is concerned, at once. A change for many would keep the administrator waiting, so
``send_logout_notices`` ends theirs. Nobody gains from the time between: each refresh and each
look-up of a token judges the person anew.
"""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import router, transaction
from django.db.models import (
    CharField,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    Value,
)
from django.db.models.functions import Cast, Concat

from ..conf import conf
from ..models import Connection, Directory, EnabledConnection, Identity, Revocation
from . import endings, judge
from .models import Authorization
from .tokens import authorizations

_BATCH = 200
#: Sign-ins of one person that are ended within the request.
_AT_ONCE = 50


def end_invalid(only: Q | None = None, *, at_most: int | None = None) -> int:
    """End sign-ins that are no longer valid, a batch at a time; return how many."""
    rows = _suspects().filter(only or Q())
    ended, last = 0, 0
    while at_most is None or ended < at_most:
        size = _BATCH if at_most is None else min(_BATCH, at_most - ended)
        batch = list(rows.filter(pk__gt=last).order_by("pk")[:size])
        if not batch:
            break
        last = batch[-1].pk
        invalid = [each for each in batch if not judge.is_valid(each, recheck=True)]
        endings.end(invalid)
        ended += len(invalid)
    return ended


def _suspects() -> Any:
    """Return the live sign-ins that may be invalid; ``judge`` decides on each."""
    return authorizations().filter(
        Q(signed_in_at__lt=time.time() - timedelta(days=conf.max_sign_in_days).total_seconds())
        | _inactive()
        | ~Exists(_enabled())
        | ~Exists(Identity._default_manager.filter(pk=OuterRef("identity"), user=OuterRef("user")))
        | Exists(_revocations()),
        revoked_at__isnull=True,
    )


def _inactive() -> Q:
    try:
        get_user_model()._meta.get_field("is_active")
    except FieldDoesNotExist:  # a user model without the field: everybody is active
        return Q(pk__in=[])
    return Q(user__is_active=False)


def _enabled() -> Any:
    """Return what enables a sign-in: the pair, with the directory trusted. As in
    ``login.state.session``."""
    directories: Any = Directory._default_manager
    welcome = directories.welcome().filter(
        connection=OuterRef("connection"), tenant_id=OuterRef(OuterRef("tenant_id"))
    )
    return EnabledConnection._default_manager.filter(
        Q(connection__use_common_endpoint=False, connection__tenant_id=OuterRef("tenant_id"))
        | Q(Exists(welcome), connection__use_common_endpoint=True),
        application=OuterRef("client__application"),
        connection=OuterRef("connection"),
    )


def _revocations() -> Any:
    """Return what may have revoked a sign-in: a session is looked at again within
    SESSION_CHECK_SECONDS, so no code was given much later than a revocation."""
    since = OuterRef("created_at") - Value(
        timedelta(seconds=conf.session_check_seconds + 60), output_field=DurationField()
    )
    return Revocation._default_manager.filter(
        Q(subject="*")
        | Q(subject=Concat(Value("directory:"), OuterRef("tenant_id")))
        | Q(subject=Concat(Value("identity:"), Cast(OuterRef("identity_id"), CharField())))
        | Q(subject=Concat(Value("sid:"), OuterRef("microsoft_session_id"))),
        connection=OuterRef("connection"),
        since__gte=ExpressionWrapper(since, output_field=DateTimeField()),
    )


# --- What ends the sign-ins of one person ---------------------------------------------------------


def end_revoked(instance: Revocation, **kwargs: Any) -> None:
    """A receiver of ``post_save``: a person or a session at Microsoft was signed out."""
    kind, _separator, key = instance.subject.partition(":")
    if kind == "identity" and key.isdecimal():
        _end_after_commit(Q(connection=instance.connection_id, identity=int(key)))
    elif kind == "sid":
        _end_after_commit(Q(connection=instance.connection_id, microsoft_session_id=key))


def end_deactivated(instance: Any, created: bool, **kwargs: Any) -> None:
    """A receiver of the user model's ``post_save``. No query for who is active."""
    if not created and not getattr(instance, "is_active", True):
        _end_after_commit(Q(user=instance.pk))


def announce_deletion(instance: Identity | Connection, **kwargs: Any) -> None:
    """A receiver of ``pre_delete``: the sign-ins are deleted with it, and with them their tokens'
    validity, so that nobody could be told later."""
    mine = Q(identity=instance) if isinstance(instance, Identity) else Q(connection=instance)
    rows = authorizations().filter(mine, revoked_at__isnull=True, code_used_at__isnull=False)
    endings.announce(rows.exclude(client__backchannel_logout_uri="").iterator(_BATCH))


def _end_after_commit(only: Q) -> None:
    transaction.on_commit(
        partial(end_invalid, only, at_most=_AT_ONCE),
        using=router.db_for_write(Authorization),
        robust=True,
    )
