"""Ports of loopback: a free one, and waiting until somebody listens on one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port of loopback."""

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    wait_until(listens, f"listening on port {port}")


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Wait half a minute at most. Raises ``RuntimeError`` with what was waited for."""
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise RuntimeError(f"Waited in vain for {what}.")
