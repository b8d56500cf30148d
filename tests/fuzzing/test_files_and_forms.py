"""Any content of a file or a form is imported, or refused with a message."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from azuread_connections.login.lookup.realm import domain_of
from azuread_connections.login.state.sealing import BrokenSeal
from azuread_connections.login.state.transaction import unseal
from azuread_connections.models import Application, Connection
from azuread_connections.models.validators import (
    clean_alias,
    clean_client_id,
    clean_domain,
    validate_client_secret,
    validate_connection_name,
    validate_logo_url,
)
from azuread_connections.transfer.document import UnreadableDocument
from azuread_connections.transfer.importer import ImportRefused, import_connections
from azuread_connections.transfer.options import OPTIONS
from tests.fuzzing.values import JSON, TEXT, fuzz, fuzz_less


def nested(pairs: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted paths into objects within objects."""
    result: dict[str, Any] = {}
    for path, value in pairs.items():
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            inner = place.setdefault(parent, {})
            place = inner if isinstance(inner, dict) else {}
        place[last] = value
    return result


PATHS = [
    *("name", "strategy", "enabled_clients", "options", "options.azuread_connections"),
    *("options.client_secret", "options.client_secret_expires_at", "options.domain_aliases"),
    *("options.azuread_connections.directories", "options.azuread_connections.group_mappings"),
    *(option.key for option in OPTIONS),
]
ENTRY = st.builds(
    lambda pairs, whole: nested({"strategy": "waad", "name": "contoso"} | pairs) | whole,
    st.dictionaries(st.sampled_from(PATHS), JSON | st.sampled_from([True, "contoso.com", "1"])),
    st.dictionaries(TEXT, JSON, max_size=1),
)
FILE = (JSON | ENTRY | st.lists(ENTRY | JSON, max_size=3)).map(lambda v: json.dumps(v).encode())


@pytest.mark.django_db
@fuzz_less
@given(FILE | st.binary())
def test_an_import_is_taken_over_or_refused(application: Application, data: bytes) -> None:
    before = Connection.objects.count()
    try:
        result = import_connections(data)
    except (UnreadableDocument, ImportRefused):
        assert Connection.objects.count() == before
    else:
        again = import_connections(data)
        assert [o.action for o in again.outcomes] == ["unchanged"] * len(result.outcomes)


DOMAINISH = st.lists(
    st.sampled_from([".", "@", "xn--", "contoso", "com", "http://", "*", " ", "\u3002", "-", "1"])
    | TEXT,
    max_size=6,
).map("".join)


@fuzz
@given(DOMAINISH)
@pytest.mark.parametrize("clean", [clean_domain, clean_alias])
def test_a_domain_is_one_or_refused(clean: Callable[[str], str], value: str) -> None:
    try:
        domain = clean(value)
    except ValidationError:
        return
    assert domain.isascii()
    assert domain == domain.lower() == clean(domain)
    assert domain_of(f"adele@{domain}") == domain


@fuzz
@given(TEXT)
@pytest.mark.parametrize(
    "check",
    [clean_client_id, validate_client_secret, validate_connection_name, validate_logo_url],
)
def test_a_value_is_accepted_or_refused(check: Callable[[str], Any], value: str) -> None:
    with suppress(ValidationError):
        check(value)


@fuzz
@given(TEXT, TEXT)
def test_nobody_else_seals_a_transaction(state: str, value: str) -> None:
    with pytest.raises(BrokenSeal):
        unseal(state.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode())
