"""Write docs/troubleshooting.md from the catalogue: `python -m project.troubleshooting`."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from azuread_connections.entra.aadsts import as_markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "troubleshooting.md"

if __name__ == "__main__":
    # The texts can be translated; the page is in English.
    settings.configure(USE_I18N=False)
    PAGE.write_text(as_markdown(), encoding="utf-8")
