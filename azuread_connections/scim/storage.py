"""One request is one transaction: all of it is stored, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, router, transaction

from .errors import ScimError
from .models import ProvisionedPerson

Stored = TypeVar("Stored")

#: The same person can be reported, or sign in, at the same moment. A second attempt finds them.
_ATTEMPTS = 4


def _is_being_changed() -> str:
    return "Another request is changing the same resource. Try again."


def store(
    write: Callable[[bool], Stored], describe_clash: Callable[[], str] = _is_being_changed
) -> Stored:
    """Run ``write`` in a transaction and return its result; after a lost race, run it again.

    Its argument says whether this is the last attempt. Raises ``ScimError``: of ``write``,
    ``uniqueness`` for what still cannot be stored, 503 if the database cannot be written.
    ``describe_clash`` is called after the last attempt, and names the attribute.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with transaction.atomic(using=router.db_for_write(ProvisionedPerson)):
                return write(attempts_left == 0)
        except IntegrityError as error:
            if not attempts_left:
                raise ScimError(409, "uniqueness", describe_clash()) from error
        except OperationalError as error:
            if not attempts_left:
                raise ScimError(
                    503, "", "The database is busy. Try again.", headers={"Retry-After": "5"}
                ) from error
            time.sleep(0.05)
    raise AssertionError("The last attempt returns or raises.")
