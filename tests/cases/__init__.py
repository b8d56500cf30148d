"""Inputs from the field, one file each: what arrives, and what is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DIRECTORY = Path(__file__).parent


def text(name: str) -> str:
    """Return the file whose name begins so, such as "F08"; there has to be one only."""
    [path] = _DIRECTORY.glob(f"{name}-*")
    return path.read_text(encoding="utf-8")


def load(name: str) -> Any:
    """Return the JSON of a file."""
    return json.loads(text(name))
