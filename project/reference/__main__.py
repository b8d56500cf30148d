from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import django
from django.core.management.base import handle_default_options
from django.utils import translation

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
_SUB_APPS = "--sub-apps"


def pages(*, sub_apps: bool) -> dict[str, Callable[[], str]]:
    """Return the function that writes each page. Django must be set up."""
    from . import commands_page

    if sub_apps:
        return {"commands-sub-apps.md": commands_page.write_sub_apps}

    from . import (
        checks_page,
        events_page,
        failures_page,
        metrics_page,
        settings_page,
        signals_page,
    )

    return {
        "settings.md": settings_page.write,
        "commands.md": commands_page.write,
        "signals.md": signals_page.write,
        "checks.md": checks_page.write,
        "failures.md": failures_page.write,
        "events.md": events_page.write,
        "metrics.md": metrics_page.write,
    }


def outdated(*, sub_apps: bool, folder: Path = FOLDER) -> dict[str, str]:
    """Return each page that is not what the code says, with what it should be."""
    with translation.override("en"):
        written = {name: write() for name, write in pages(sub_apps=sub_apps).items()}
    return {name: text for name, text in written.items() if _read(folder / name) != text}


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.is_file() else ""


def main(*arguments: str) -> int:
    sub_apps = _SUB_APPS in arguments
    module = "tests.scim.with_provider.settings" if sub_apps else "tests.settings"
    handle_default_options(Namespace(settings=module, pythonpath=None))
    django.setup()
    found = outdated(sub_apps=sub_apps)
    if "--check" in arguments:
        for name in found:
            print(f"docs/reference/{name} is out of date", file=sys.stderr)
        return int(bool(found))
    FOLDER.mkdir(exist_ok=True)
    for name, text in found.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
