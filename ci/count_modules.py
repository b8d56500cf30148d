"""Count the modules that the callback of a returning person enters, and the switches between them.

    python ci/count_modules.py

A reader who follows a sign-in has to open as many files, and switch between them as often.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

PACKAGE = ROOT / "azuread_connections"


class Tracer:
    """Follows the calls of this thread from one module of the package to another."""

    def __init__(self) -> None:
        self.modules: list[str] = []
        self.changes = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "call":
            return
        module = _module(frame.f_code.co_filename)
        caller = _calling_module(frame)
        if not module or module == caller:
            return
        self.changes += 1
        if module not in self.modules:
            self.modules.append(module)


def _module(filename: str) -> str:
    """Return the package's module of a file, or "": the stand-in is Microsoft's side."""
    path = Path(filename)
    if not path.is_relative_to(PACKAGE) or path.is_relative_to(PACKAGE / "testing"):
        return ""
    return str(path.relative_to(PACKAGE))


def _calling_module(frame: FrameType) -> str:
    caller = frame.f_back
    while caller is not None and not (module := _module(caller.f_code.co_filename)):
        caller = caller.f_back
    return module if caller is not None else ""


def trace_callback() -> Tracer:
    """Sign a person in twice, and follow the second callback."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0)
    from django.test import Client

    from azuread_connections.models import Application
    from azuread_connections.testing import StandIn
    from tests.company import Company

    with StandIn() as entra:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
            "LOGIN_URL": entra.url,
            "GRAPH_URL": f"{entra.url}/graph",
        }
        company = Company.create(entra, Application.objects.get(slug="default"))
        for _ in range(2):
            client = Client()
            start = client.get(f"/login/{company.connection.name}/")
            back = entra.sign_in(start["Location"], company.person)
            tracer = Tracer()
            sys.setprofile(tracer)
            try:
                response = client.get(back)
            finally:
                sys.setprofile(None)
            assert response.status_code == 302, response.content
    return tracer


def main() -> None:
    tracer = trace_callback()
    print(f"{len(tracer.modules)} modules entered, {tracer.changes} changes between them")
    print("\n".join(tracer.modules))


if __name__ == "__main__":
    main()
