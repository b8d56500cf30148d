"""Django alone: the minimum of every app that signs people in."""

from __future__ import annotations

from benchmarks.peers.base import *

ROOT_URLCONF = "benchmarks.peers.django_alone.urls"
