"""Examples of docs/ as tests in a folder of their own, as a user of the package has them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Variables that would make the tests others than those of a plain folder.
_WITHOUT = ("PYTEST_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "REQUESTS_CA_BUNDLE")


def python_of(page: str) -> list[str]:
    """Return the Python code of a page, or of a part of one."""
    return re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def first_conftest() -> str:
    """Return docs/testing.md's own `conftest.py`, with the fixture `contoso`."""
    return next(code for code in python_of(page("testing.md")) if "def contoso(" in code)


def as_test(name: str, lines: str, *, fixtures: str) -> str:
    """Return lines that are no test of their own as one."""
    return f"def test_{name}({fixtures}):\n{textwrap.indent(lines, '    ')}"


def run(folder: Path, files: dict[str, str], *, settings: str) -> int:
    """Run these files as tests. Return how many have passed; fail if one has not."""
    for name, code in files.items():
        (folder / name).write_text(code, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--ds", settings, "."],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(_WITHOUT)},
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (passed,) = re.findall(r"^(\d+) passed", ended.stdout, re.MULTILINE)
    return int(passed)
