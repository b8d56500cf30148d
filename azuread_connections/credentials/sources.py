"""Secrets with an end that are not a connection's: the optional sub-apps report theirs.

A sub-app adds its source in ``AppConfig.ready``, so that the core need not know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.utils import timezone

from . import report as of_connections
from .report import CredentialLine

#: ``source(now, days, include_superseded)`` yields a line for each secret that is expired or
#: expires within ``days``, by date. Reads in pages, as ``report`` does.
SecretSource = Callable[[datetime, int, bool], Iterator[CredentialLine]]

_sources: dict[str, SecretSource] = {}


def add_source(name: str, source: SecretSource) -> None:
    """Add a source to ``report``. A name that is known is replaced."""
    _sources[name] = source


def report(days: int, *, include_superseded: bool = False) -> Iterator[CredentialLine]:
    """Yield the lines of the connections' secrets, then those of each source."""
    now = timezone.now()
    yield from of_connections.report(days, include_superseded=include_superseded, now=now)
    for source in _sources.values():
        yield from source(now, days, include_superseded)
