"""Files that commands read and write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from django.core.management.base import CommandError, OutputWrapper
from django.db import DatabaseError
from django.utils.translation import gettext as _

STDIN = "-"


def read_file(file: str) -> bytes:
    """Return the content of a file, or of standard input for "-"."""
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s.") % {"file": file, "reason": error.strerror}
        ) from error


def write_pieces(stdout: OutputWrapper, output: str | None, pieces: Iterable[str]) -> None:
    """Write to a file, or to a command's standard output without one.

    ``pieces`` may query the database: its failure is the command's.
    """
    try:
        if output:
            write_file(Path(output), pieces)
        else:
            for piece in pieces:
                stdout.write(piece, ending="")
    except DatabaseError as error:
        raise CommandError(str(error)) from error


def write_file(file: Path, pieces: Iterable[str]) -> None:
    """Write the whole file or nothing: a partial file could be taken for all of the data."""
    target = file.resolve()
    # A pipe or /dev/stdout cannot be replaced.
    is_stream = target.exists() and not target.is_file()
    draft = target if is_stream else target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.writelines(pieces)
        if not is_stream:
            draft.replace(target)
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be written: %(reason)s.") % {"file": file, "reason": error.strerror}
        ) from error
    finally:
        if not is_stream:
            draft.unlink(missing_ok=True)
