"""A program made of a recipe: ``python -m tests.provider.clients.program``.

Runs its code, then calls the functions that the test names. What it would open in a browser is
opened by the test.
"""

from __future__ import annotations

import io
import webbrowser
from contextlib import redirect_stdout
from typing import Any

from tests.provider.clients.session import read, say


def main() -> None:
    given = read()
    webbrowser.open = lambda url: say({"open": url})  # type: ignore[assignment,func-returns-value]
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(given["code"], names)
        results = [_call(names, *call) for call in given["calls"]]
    say({"printed": printed.getvalue(), "results": results})


def _call(names: dict[str, Any], function: str, *arguments: Any) -> Any:
    try:
        return names[function](*arguments)
    except Exception as error:  # the test asks which
        return type(error).__name__


if __name__ == "__main__":
    main()
