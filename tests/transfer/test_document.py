from __future__ import annotations

import json
from contextlib import suppress
from time import perf_counter

import pytest

from azuread_connections.transfer.document import UnreadableDocument
from azuread_connections.transfer.importer import ImportRefused, import_connections
from tests.transfer.entries import quiet

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'[\n  {"name": "contoso" }}\n]', "line 2, column 23"),
        (b"", "line 1, column 1"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "a number is too long"),
    ],
)
def test_what_is_not_json_is_refused_with_the_place(data, words):
    with pytest.raises(UnreadableDocument, match=words):
        import_connections(data)


@pytest.mark.parametrize("data", [b"5", b'"x"', b"null", b'{"connections": 5}'])
def test_json_of_another_shape_is_a_mistake(data):
    with pytest.raises(ImportRefused, match="list of connections"):
        import_connections(data)


@pytest.mark.parametrize("key", ["zzz", "authentication"])
@pytest.mark.parametrize("depth", [500, 700, 900])
def test_deep_nesting_is_refused_or_ignored(key, depth):
    nested = '{"a":' * depth + "1" + "}" * depth
    text = json.dumps([quiet()]).replace('"options"', f'"{key}": {nested}, "options"')
    # Python's limit depends on the call stack; the parsed document is checked in any case.
    with suppress(UnreadableDocument):
        result = import_connections(text.encode(), dry_run=True)
        assert [note for note in result.notes if key in note]


def test_a_key_given_twice_among_very_many_is_found_at_once():
    keys = ",".join(f'"k{number}":0' for number in range(20_000))
    text = json.dumps([quiet()]).replace('"options"', f'{keys}, "k0": 0, "options"')
    began = perf_counter()
    with pytest.raises(ImportRefused) as caught:
        import_connections(text.encode())
    assert [str(mistake) for mistake in caught.value.mistakes] == [
        "Entry 1 (contoso), k0: This key is given twice."
    ]
    assert perf_counter() - began < 2
