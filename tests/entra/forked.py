"""A request by a forked process, as gunicorn's workers are."""

from __future__ import annotations

import os

from azuread_connections.entra.transport import Transport


def get_in_child(transport: Transport, url: str) -> bool:
    """Return whether a child process gets an answer."""
    child = os.fork()
    if not child:
        status = 1
        try:
            transport.get(url)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0
