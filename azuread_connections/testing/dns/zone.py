"""The records that the stand-in's DNS server knows, and how it fails."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal, get_args

#: How an answer can fail: the name does not exist, the server cannot answer or refuses, no answer.
Failure = Literal["nxdomain", "servfail", "refused", "silent"]
FAILURES: tuple[str, ...] = get_args(Failure)

#: A string of a TXT record has at most 255 bytes (RFC 1035, section 3.3.14).
_STRING = 255
#: Bytes of the records of one name that an answer has room for. Each has a head of 12 bytes.
_MOST_BYTES = 60_000
_HEAD = 12
#: The memory of a stand-in that runs for days must stay limited.
_REMEMBERED_QUERIES = 10_000
_MOST_NAMES = 1_000

#: A TXT record: its strings.
Strings = tuple[bytes, ...]


@dataclass
class Records:
    """The records of one name."""

    txt: list[Strings] = field(default_factory=list)
    cname: str = ""


class Zone:
    """Records by name. Names are compared without case and without a dot at the end.

    A name can begin with `*.`: it then answers for every name below that has no own records, like
    a wildcard (RFC 4592).
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.address = ""
        self.reset()

    def reset(self) -> None:
        """Forget everything except the address."""
        with self.lock:
            self._records: dict[str, Records] = {}
            self._failures: dict[str, Failure] = {}
            self._queries: deque[str] = deque(maxlen=_REMEMBERED_QUERIES)
            self._counts: Counter[str] = Counter()

    def set_txt(self, name: str, *values: str | bytes | list[str]) -> None:
        """Replace the TXT records of a name; without values, remove them.

        A list is one record of several strings. A text over 255 bytes is split into strings.
        """
        records = [_strings(value) for value in values]
        with self.lock:
            if not records:
                self._records.pop(_key(name), None)
                return
            self._replace(name, Records(txt=records))

    def add_txt(self, name: str, value: str | bytes | list[str]) -> None:
        """Add a TXT record to those that a name has. It has no CNAME then."""
        with self.lock:
            known = self._records.get(_key(name), Records())
            self._replace(name, Records(txt=[*known.txt, _strings(value)]))

    def set_cname(self, name: str, target: str) -> None:
        with self.lock:
            self._replace(name, Records(cname=_key(target)))

    def fail(self, how: Failure, name: str = "") -> None:
        """Fail every query for a name, or every query, until `recover`."""
        if how not in FAILURES:
            raise ValueError(f"{how!r} is not one of {', '.join(FAILURES)}")
        with self.lock:
            self._failures[_key(name)] = how

    def recover(self) -> None:
        with self.lock:
            self._failures.clear()

    def names(self) -> list[str]:
        with self.lock:
            return sorted(self._records)

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each as one text."""
        with self.lock:
            found = self._records.get(_key(name), Records())
            return [b"".join(each).decode("utf-8", "replace") for each in found.txt]

    @property
    def queries(self) -> list[str]:
        """The names that were asked for since the last reset, oldest first."""
        with self.lock:
            return list(self._queries)

    def count(self, name: str | None = None) -> int:
        """The number of queries since the last reset, for a name or for all."""
        with self.lock:
            return self._counts.total() if name is None else self._counts[_key(name)]

    def ask(self, name: str) -> tuple[Failure | None, list[tuple[str, Records]]]:
        """Record a query; return how it fails, or the records of the name and of its CNAMEs."""
        key = _key(name)
        with self.lock:
            self._queries.append(key)
            self._counts[key] += 1
            failure = self._failures.get(key) or self._failures.get("")
            if failure:
                return failure, []
            return None, self._chain(key)

    def _replace(self, name: str, records: Records) -> None:
        if len(self._records) >= _MOST_NAMES and _key(name) not in self._records:
            raise ValueError(f"{_MOST_NAMES} names have records: remove some")
        sizes = (_HEAD + sum(len(each) + 1 for each in strings) for strings in records.txt)
        if sum(sizes) > _MOST_BYTES:
            raise ValueError("The records are longer than a DNS answer can be")
        self._records[_key(name)] = records

    def _chain(self, key: str) -> list[tuple[str, Records]]:
        chain: list[tuple[str, Records]] = []
        while (found := self._find(key)) is not None and key not in dict(chain):
            chain.append((key, found))
            if not found.cname:
                break
            key = found.cname
        return chain

    def _find(self, key: str) -> Records | None:
        if key in self._records:
            return self._records[key]
        labels = key.split(".")
        parents = (".".join(labels[start:]) for start in range(1, len(labels)))
        return next(
            (self._records[f"*.{each}"] for each in parents if f"*.{each}" in self._records), None
        )


def _key(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _strings(value: str | bytes | list[str]) -> Strings:
    if isinstance(value, list):
        return tuple(each.encode() for each in value)
    raw = value.encode() if isinstance(value, str) else value
    return tuple(raw[at : at + _STRING] for at in range(0, len(raw), _STRING)) or (b"",)
