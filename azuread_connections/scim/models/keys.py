"""Keys by which resources are found: hashes, which every database compares in the same way.

MariaDB's usual collations take "é" for "e" and ignore a space at the end. A filter that returned
somebody else's resource would make the directory change that one.
"""

from __future__ import annotations

import hashlib
from unicodedata import normalize

from ...models.validators import is_guid

#: Characters of a key.
LENGTH = 64


def text_key(text: str) -> str:
    """Return the key of a text in which letter case does not matter; "" for ""."""
    return _hash(normalize("NFC", normalize("NFC", text).lower()))


def external_key(external_id: str) -> str:
    """Return the key of an external ID; "" for "". Letter case matters, except in a GUID."""
    return _hash(normalize_external_id(external_id))


def normalize_external_id(external_id: str) -> str:
    return external_id.lower() if is_guid(external_id) else external_id


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""
