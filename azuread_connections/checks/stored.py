"""Checks of the stored data against the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from ..credentials.reencryption import unreadable_secrets
from ..models import Credential
from .finding import Finding

#: How many secrets to name; one is enough to know that a key is missing.
NAMED = 5


def findings(databases: Iterable[str]) -> Iterator[Finding]:
    """Yield problems in these databases; none before the first ``migrate``."""
    alias = router.db_for_write(Credential)
    if alias not in databases:
        return
    if Credential._meta.db_table not in connections[alias].introspection.table_names():
        return
    try:
        unreadable = list(islice(unreadable_secrets(), NAMED + 1))
    except ImproperlyConfigured:
        return  # the check of the settings reports it
    if unreadable:
        names = ", ".join(map(str, unreadable[:NAMED]))
        more = " and others" if len(unreadable) > NAMED else ""
        yield Finding(
            11,
            f"No encryption key can decrypt a credential of {names}{more}, so nobody can sign in "
            "with it.",
            "Put the key that encrypted it back into AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'], "
            "after the others, or add the credential again in the admin and remove the "
            "unreadable one.",
        )
