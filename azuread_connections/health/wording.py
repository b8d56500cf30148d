"""What went wrong at Microsoft, in our words where there are some."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise

from ..entra.aadsts import explain
from ..entra.errors import EntraError, MicrosoftError

Text = str | Promise


@dataclass(frozen=True)
class Trouble:
    """``found``: what went wrong; ``remedy``: what to do, "" if that is not known."""

    found: Text
    remedy: Text = ""

    def __str__(self) -> str:
        return f"{self.found} {self.remedy}".rstrip()


def in_words(error: EntraError) -> Trouble:
    """Return what an error means. Microsoft's own text only where its number says nothing."""
    if isinstance(error, MicrosoftError) and error.aadsts_code:
        explained = explain(error.aadsts_code)
        return Trouble(f"AADSTS{error.aadsts_code}: {explained.meaning}", explained.remedy)
    return Trouble(_on_one_line(str(error)))


def _on_one_line(text: str) -> str:
    """Return a text that moves no cursor: what answers in Microsoft's place could be anybody."""
    words = " ".join(text.split())
    return "".join(each if each.isprintable() else "�" for each in words)
