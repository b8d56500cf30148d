"""What the stored data say about the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from ..credentials.reencryption import unreadable_secrets
from ..models import ClientSecret
from .finding import Finding

#: So many are named; one is enough to know that a key is missing.
NAMED = 5


def findings(databases: Iterable[str]) -> Iterator[Finding]:
    """Yield what is wrong in these databases. Before the first ``migrate``, nothing is."""
    alias = router.db_for_read(ClientSecret)
    if alias not in databases:
        return
    if ClientSecret._meta.db_table not in connections[alias].introspection.table_names():
        return
    try:
        unreadable = list(islice(unreadable_secrets(), NAMED + 1))
    except ImproperlyConfigured:
        return  # said by the check of the settings
    if unreadable:
        names = ", ".join(map(str, unreadable[:NAMED]))
        more = " and others" if len(unreadable) > NAMED else ""
        yield Finding(
            11,
            f"None of the encryption keys opens the client secret of {names}{more}, so nobody can "
            "sign in with it.",
            "Put the key that encrypted it back into AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'], "
            "behind the others, or enter the secret again in the admin and remove the unreadable "
            "one.",
        )
