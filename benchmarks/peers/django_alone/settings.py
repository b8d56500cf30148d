"""Nothing but Django: what no app that signs people in can do without."""

from __future__ import annotations

from benchmarks.peers.base import *

ROOT_URLCONF = "benchmarks.peers.django_alone.urls"
