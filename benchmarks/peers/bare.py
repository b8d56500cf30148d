"""A Django site without any peer, but with the admin, which the others have, too."""

from __future__ import annotations

from benchmarks.peers.base import *

ROOT_URLCONF = __name__
urlpatterns: list[object] = []
