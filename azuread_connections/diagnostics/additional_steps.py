"""Steps of the checklist that optional sub-apps add.

A sub-app adds its step in ``AppConfig.ready``, so that the core need not know of it. The box on the
connection's page has a registry of its own: ``admin/connection/boxes.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from ..models import Connection
from .checklist_item import Item

#: ``step(connection)`` returns the step, or None where the connection has none.
Step = Callable[[Connection], Item | None]

_steps: dict[str, Step] = {}


def add_step(name: str, step: Step) -> None:
    """Add a step to the end of every connection's checklist. A name that is known is replaced."""
    _steps[name] = step


def additional_steps(connection: Connection) -> list[Item]:
    """Return the steps of the sub-apps for a connection, in the order in which they were added."""
    return [item for step in _steps.values() if (item := step(connection)) is not None]
