"""Withholds codes and cookies from error reports when Django starts to handle a request."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from ..state.withheld import withhold_from_environ, withhold_from_scope
from .sentry_events import scrub_this_request


def withhold_from_reports(
    environ: MutableMapping[str, Any] | None = None,
    scope: MutableMapping[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """A receiver of ``request_started``, which Django sends before it builds the request."""
    if environ is not None:
        has_changed = withhold_from_environ(environ)
    else:
        has_changed = scope is not None and withhold_from_scope(scope)
    if has_changed:
        scrub_this_request()
