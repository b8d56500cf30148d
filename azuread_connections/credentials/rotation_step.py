"""What a rotation reports, and the time that it takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ..models import Connection

#: Within this time Microsoft's servers know a new credential. One that they refuse for longer is
#: removed again.
PROPAGATION = timedelta(minutes=2)


class RotationOutcome(models.TextChoices):
    """``WAITING``: nothing is wrong, and a later run goes on."""

    DONE = "passed", gettext_lazy("done")
    WAITING = "unknown", gettext_lazy("not yet")
    FAILED = "failed", gettext_lazy("failed")


@dataclass(frozen=True)
class RotationStep:
    """One step of a rotation. ``is_incomplete``: Microsoft did not answer, so try again."""

    connection: str
    outcome: RotationOutcome
    text: str
    is_incomplete: bool = False


class Clock(Protocol):
    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return timezone.now()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Pace:
    """``patience``: how long a run waits for Microsoft to accept a new credential. ``longer_than``:
    a new one lasts longer than this, or each run would rotate it."""

    patience: timedelta = PROPAGATION
    longer_than: timedelta = timedelta(0)
    clock: Clock = field(default_factory=SystemClock)


def waiting_step(connection: Connection, text: str) -> RotationStep:
    return RotationStep(connection.name, RotationOutcome.WAITING, text)


def failed_step(connection: Connection, text: str) -> RotationStep:
    return RotationStep(connection.name, RotationOutcome.FAILED, text)
