from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing found, and how to mend it. ``is_advice``: it stops no deployment."""

    number: int
    message: str
    hint: str
    is_advice: bool = False
