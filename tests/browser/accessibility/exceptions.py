"""What axe-core finds in the parts of the admin's pages that Django writes.

Each is a rule, a selector and the reason. A finding is excepted where the element, or one around
it, matches the selector. An exception that no page needs fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    rule: str
    selector: str
    reason: str


KNOWN: tuple[Known, ...] = (
    Known(
        "label-title-only",
        "#searchbar",
        "The label of the search field above Django's lists is a picture with a text; axe-core "
        "wants text that can be seen.",
    ),
)
