"""What the import commands print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azuread_connections.transfer.changes import Action
from azuread_connections.transfer.importer import EntryResult, ImportRefused, ImportResult


def refusal(error: ImportRefused) -> CommandError:
    """Return the error of a command whose file has mistakes, with all of them."""
    count = len(error.mistakes)
    heading = ngettext("%(count)d mistake.", "%(count)d mistakes.", count)
    lines = [heading % {"count": count}, *map(str, error.mistakes)]
    return CommandError("\n".join([*lines, _("Nothing was changed.")]))


def failure(error: Exception) -> CommandError:
    return CommandError(f"{error}\n{_('Nothing was changed.')}")


def result_lines(
    result: ImportResult, *, dry_run: bool, remarks: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the lines of a finished import. ``remarks``: notes of what follows the import."""
    if dry_run:
        yield _("Dry run: this is what would happen. Nothing was changed.")
    yield from map(_line, result.outcomes)
    for note in result.notes:
        yield _("Note: %(note)s") % {"note": note}
    for remark in remarks:
        yield _("Note: %(note)s") % {"note": remark}
    counts = Counter(outcome.action for outcome in result.outcomes)
    parts = [f"{counts[action]} {action.label}" for action in Action]
    if result.skipped:
        parts.append(_("%(count)d skipped") % {"count": result.skipped})
    yield ", ".join(parts) + "."


def _line(outcome: EntryResult) -> str:
    line = f"{outcome.name}: {outcome.action.label}"
    differences = "; ".join(map(str, outcome.differences))
    return f"{line} ({differences})" if differences else line
