"""The example of docs/testing.md, in a folder of its own, as a user of the package has it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.samples import page, run


def block(name: str) -> str:
    pattern = rf"<!-- offline client: {name} -->\s*```python\n(.*?)```"
    (found,) = re.findall(pattern, page("testing.md"), re.DOTALL)
    return str(found)


def test_the_documented_example_passes(tmp_path: Path) -> None:
    files = {
        "conftest.py": f"{block('first conftest')}\n{block('conftest')}",
        "test_portal.py": block("test"),
    }
    assert run(tmp_path, files, settings="tests.provider.settings") == 2
