"""The example of docs/testing.md, in a folder of its own, as a user of the package has it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.provider.clients.process import ROOT

PAGE = ROOT / "docs" / "testing.md"


def block(name: str) -> str:
    pattern = rf"<!-- offline client: {name} -->\s*```python\n(.*?)```"
    (found,) = re.findall(pattern, PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def test_the_documented_example_passes(tmp_path: Path) -> None:
    conftest = f"{block('first conftest')}\n{block('conftest')}"
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    (tmp_path / "test_portal.py").write_text(block("test"), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")

    without = ("PYTEST_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "REQUESTS_CA_BUNDLE")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--ds", "tests.provider.settings", "."),
        ],
        cwd=tmp_path,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(without)},
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout
