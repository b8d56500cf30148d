"""A Django site with nothing of any peer, and the admin, as the others have it installed."""

from __future__ import annotations

from benchmarks.peers.base import *

ROOT_URLCONF = __name__
urlpatterns: list[object] = []
