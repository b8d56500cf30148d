"""One peer's site in a separate process that signs people in: `python -m benchmarks.worker`.

Runs in the peer's environment. The name of a question is that of a function in benchmarks/inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from benchmarks import lines


class Inside(Mapping[str, Callable[..., Any]]):
    def __getitem__(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = import_string(f"benchmarks.inside.{name}")
        return found

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def main() -> None:
    get_wsgi_application()
    lines.serve(Inside())


if __name__ == "__main__":
    main()
