"""Keeps a link and its connection from changing while something is decided about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import router, transaction

from ..models import Connection, SetupLink


@contextmanager
def locked(link: SetupLink) -> Iterator[None]:
    """Read the link and its connection again, and keep both from changing until the end.

    Other links of the connection wait as well, so that one can change what they have reached.
    Raises ``SetupLink.DoesNotExist`` if it was deleted.
    """
    alias = router.db_for_write(SetupLink, instance=link)
    with transaction.atomic(using=alias):
        # The connection first, as its deletion does: two links of one connection would otherwise
        # each lock their own row, and wait for the other's.
        rows = Connection._default_manager.using(alias).select_for_update()
        connection = rows.filter(pk=link.connection_id or 0).first()
        fresh = SetupLink._default_manager.using(alias).select_for_update().get(pk=link.pk)
        for name in (each.attname for each in SetupLink._meta.concrete_fields):
            setattr(link, name, getattr(fresh, name))
        link.connection = connection
        yield
