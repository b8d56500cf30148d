"""Entries of an import file, and the results of their import."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from azuread_connections.transfer.importer import (
    EntryResult,
    ImportRefused,
    ImportResult,
    import_connections,
)

CLIENT_ID = "11112222-bbbb-3333-cccc-4444dddd5555"
TENANT_ID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
OTHER_TENANT_ID = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
GROUP_ID = "ccccdddd-2222-eeee-3333-ffff4444aaaa"
OTHER_GROUP_ID = "ddddeeee-3333-ffff-4444-aaaa5555bbbb"
OWN = "options.azuread_connections"


def entry(name: str = "contoso", /, **changes: Any) -> dict[str, Any]:
    """An entry of a file; keyword arguments are its options, or its own keys."""
    top = {"strategy", "display_name", "show_as_button", "enabled_clients"}
    result: dict[str, Any] = {"name": name, "strategy": "waad"}
    options: dict[str, Any] = {"tenant_domain": "contoso.com", "client_id": CLIENT_ID}
    for key, value in changes.items():
        (result if key in top else options)[key] = value
    return result | {"options": options}


def quiet(name: str = "contoso", /, **changes: Any) -> dict[str, Any]:
    """An entry that causes no note."""
    complete: dict[str, Any] = {
        "client_secret": "s3c~value-of-a-secret",
        "client_secret_expires_at": (timezone.now() + timedelta(days=300)).date().isoformat(),
        "enabled_clients": ["default"],
    }
    return entry(name, **(complete | changes))


def own(**changes: Any) -> dict[str, Any]:
    """A quiet entry; keyword arguments are our own options, or Auth0's if they have their
    prefixes."""
    theirs = {key: changes.pop(key) for key in list(changes) if key.startswith(("ext_", "domain_"))}
    return quiet(azuread_connections=changes, **theirs)


def run(*entries: Any, **options: Any) -> ImportResult:
    return import_connections(json.dumps(list(entries)).encode(), **options)


def mistakes(*entries: Any, **options: Any) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        run(*entries, **options)
    return [str(mistake) for mistake in caught.value.mistakes]


def only(result: ImportResult) -> EntryResult:
    (outcome,) = result.outcomes
    return outcome


def differences(result: ImportResult) -> list[str]:
    return [str(difference) for difference in only(result).differences]
