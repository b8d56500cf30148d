"""Real inputs, one file for each case, in ``tests/cases``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"


def case_path(number: str) -> Path:
    """Return the file of a case by its number, such as "F06a"."""
    (path,) = FOLDER.glob(f"{number}-*")
    return path


def case(number: str) -> Any:
    """Return the content of a case's file, parsed if it is JSON."""
    path = case_path(number)
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else text
