"""Arbitrary input: texts with every character, and JSON of every shape."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

#: The same cases every time, so that only a change can make them fail. No time limit for one.
fuzz = settings(
    deadline=None,
    derandomize=True,
    max_examples=100,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
#: For cases that each cost a request or a transaction.
fuzz_less = settings(fuzz, max_examples=30)

#: Lone surrogates and NUL included: JSON can carry them, databases cannot.
TEXT = st.text(st.characters())
#: Characters of a request: a browser's address and headers are UTF-8.
WEB_TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
