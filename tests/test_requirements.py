"""The package's version ranges match what is installed and tested."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def pins(name: str) -> dict[str, str]:
    """Return the version of each package that a file of requirements pins."""
    lines = (ROOT / name).read_text().splitlines()
    pinned = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {canonicalize_name(package): version for package, version in pinned}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-newest.txt"])
def test_the_versions_that_are_tested_lie_in_the_packages_ranges(name: str) -> None:
    ranges = [Requirement(each) for each in project()["dependencies"]]
    allowed = {canonicalize_name(each.name): each.specifier for each in ranges}
    tested = {name: version for name, version in pins(name).items() if name in allowed}
    assert tested
    outside = {name: version for name, version in tested.items() if version not in allowed[name]}
    assert not outside


def test_the_newest_django_in_the_range_is_the_newest_that_is_tested() -> None:
    (django,) = [each for each in project()["dependencies"] if each.startswith("Django")]
    newest = Version(pins("requirements-newest.txt")["django"])
    assert f"{newest.major}.{newest.minor}" in Requirement(django).specifier
    assert f"{newest.major}.{newest.minor + 1}" not in Requirement(django).specifier


def test_the_classifiers_name_the_versions_of_django_that_are_tested() -> None:
    prefix = "Framework :: Django :: "
    named = [each.removeprefix(prefix) for each in project()["classifiers"] if prefix in each]
    files = ["requirements.txt", "requirements-newest.txt"]
    tested = [Version(pins(name)["django"]) for name in files]
    assert named == [f"{version.major}.{version.minor}" for version in tested]
