"""What a run of the provisioning service has done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .wire import Exchange


@dataclass
class Report:
    """The result of one run. ``exchanges``: every request and its response, in order.

    ``created``, ``updated``, ``disabled``, ``deleted`` and ``failed`` name people and groups.
    ``quarantine`` says why no further runs happen; "" if they do.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    quarantine: str = ""

    @property
    def is_good(self) -> bool:
        return not self.failed and not self.quarantine

    @property
    def refusals(self) -> list[Exchange]:
        """The exchanges that failed."""
        return [exchange for exchange in self.exchanges if not exchange.is_good]

    def sent(self, method: str, path: str = "") -> list[Exchange]:
        """The exchanges with this method whose path begins so."""
        return [
            each for each in self.exchanges if each.method == method and each.path.startswith(path)
        ]

    @property
    def summary(self) -> str:
        counts = Counter(
            {
                name: len(getattr(self, name))
                for name in ("created", "updated", "disabled", "deleted", "failed")
            }
        )
        done = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        text = f"{len(self.exchanges)} requests: {done or 'nothing to change'}."
        return f"{text} In quarantine: {self.quarantine}" if self.quarantine else text

    def __str__(self) -> str:
        return "\n".join([self.summary, *map(str, self.exchanges)])
