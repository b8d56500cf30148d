"""How a client in Python talks with the test that runs it: see process.py, and session.mjs.

It runs in a process of its own, with none of this site's settings.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def read() -> Any:
    return json.loads(sys.stdin.readline())


def say(value: dict[str, Any]) -> None:
    print(json.dumps(value), file=sys.__stdout__, flush=True)


def open_in_browser(url: str) -> str:
    """Send the person's browser somewhere; return the address that it comes back to."""
    say({"open": url})
    found: str = read()
    return found
