"""Channels' ``WebsocketCommunicator``, without Daphne.

``channels.testing`` imports that server for its live-server test case, which nothing here uses.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import channels

_package = ModuleType("channels.testing")
_package.__path__ = [str(Path(channels.__file__).parent / "testing")]
sys.modules.setdefault("channels.testing", _package)

from channels.testing.websocket import WebsocketCommunicator  # noqa: E402

__all__ = ["WebsocketCommunicator"]
