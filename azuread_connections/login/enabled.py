"""Which connections an application lets people sign in with."""

from __future__ import annotations

from django.db.models import QuerySet

from ..models import Connection, EnabledConnection


def find_enabled(application_slug: str, connection_name: str) -> EnabledConnection | None:
    """Return the enabled pair with both its ends, in one query."""
    return (
        _pairs()
        .filter(application__slug=application_slug, connection__name_key=connection_name.lower())
        .first()
    )


def still_enabled(application_id: int, connection_id: int) -> EnabledConnection | None:
    """Return the pair that a transaction began with, unless it is gone. One query."""
    return _pairs().filter(application=application_id, connection=connection_id).first()


def connections_shown(application_slug: str) -> QuerySet[Connection]:
    """Return the connections to show as buttons, by the words on them."""
    return Connection._default_manager.filter(
        enabledconnection__application__slug=application_slug, show_as_button=True
    ).order_by("display_name", "name_key")


def _pairs() -> QuerySet[EnabledConnection]:
    # Without an order: there is one row at most, and sorting it would cost the index.
    return EnabledConnection._default_manager.select_related("application", "connection").order_by()
