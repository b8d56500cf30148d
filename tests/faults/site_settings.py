"""The test suite's settings for a worker in a separate process."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import AZUREAD_CONNECTIONS

AZUREAD_CONNECTIONS = AZUREAD_CONNECTIONS | {
    "LOGIN_URL": os.environ["AZUREAD_LOGIN_URL"],
    "GRAPH_URL": os.environ["AZUREAD_GRAPH_URL"],
}
