from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A problem and how to fix it. ``is_advice``: a warning also under ``--deploy``."""

    number: int
    message: str
    hint: str
    is_advice: bool = False
