"""The example of docs/provisioning.md runs as it is written there."""

from __future__ import annotations

from pathlib import Path

from tests.samples import first_conftest, page, python_of, run


def test_the_example_of_a_leaver_works(tmp_path: Path) -> None:
    (example,) = [code for code in python_of(page("provisioning.md")) if "def test_" in code]
    files = {"conftest.py": first_conftest(), "test_page.py": example}
    assert run(tmp_path, files, settings="tests.scim.settings") == 1
