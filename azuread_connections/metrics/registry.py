"""Chooses what one scrape reads: this process, or all processes that share a directory."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector

from .stored import collector


def scraped_registry() -> CollectorRegistry:
    """Return the default registry; with PROMETHEUS_MULTIPROC_DIR one that adds up all processes.

    The latter has to be made for each scrape. It has what the processes have counted, and our
    gauges, which are the same in each process.
    """
    if not _is_multiprocess():
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(collector)
    return registry


def _is_multiprocess() -> bool:
    """Return what prometheus_client itself decided, from the environment, when it was imported."""
    return values.ValueClass is not values.MutexValue
