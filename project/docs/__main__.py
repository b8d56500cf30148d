from __future__ import annotations

import sys
from pathlib import Path

from .staging import ROOT, STAGED, foreign_loads, repository_files, stage


def main(*arguments: str) -> int:
    if arguments[:1] == ("--check-offline",):
        found = list(foreign_loads(Path(arguments[1])))
        for file, address in found:
            print(f"{file} loads {address}", file=sys.stderr)
        return int(bool(found))
    staged = stage(ROOT, STAGED, repository_files(ROOT))
    print(f"{len(staged)} files in {STAGED.relative_to(ROOT)}/")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
