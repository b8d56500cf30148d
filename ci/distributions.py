"""Build the distributions as for a release, and check what is in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "azuread_connections"


class Incomplete(Exception):
    """A distribution lacks a file, or has one too many."""


def build(temporary: Path) -> Path:
    """Build the source distribution, from it the wheel, and return the wheel's path.

    From a copy of the files that git knows, so that no other file is included. Raises
    ``Incomplete``, and ``CalledProcessError`` if a tool complains.
    """
    source, built, tools = temporary / "source", temporary / "dist", temporary / "tools"
    for name in checkout_files():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    subprocess.run([sys.executable, "-m", "venv", tools], check=True)
    python = tools / "bin" / "python"
    wanted = ["-r", ROOT / "requirements-release.txt"]
    subprocess.run([python, "-m", "pip", "install", "-q", *wanted], check=True)
    # Without --sdist or --wheel, the wheel is built from the unpacked source distribution.
    subprocess.run(
        [python, "-m", "build", "--outdir", built, source], check=True, stdout=subprocess.DEVNULL
    )
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    subprocess.run([python, "-m", "twine", "check", "--strict", wheel, sdist], check=True)
    _check_wheel(wheel)
    _check_sdist(sdist)
    return wheel


def checkout_files() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _check_wheel(wheel: Path) -> None:
    """It has every file of the package, and no file of the demo or the tests."""
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {name for name in checkout_files() if name.startswith(f"{PACKAGE}/")}
    _require_equal("the wheel", shipped, wanted)


def _check_sdist(sdist: Path) -> None:
    """It has every file of the repository: what ships the package elsewhere runs its tests."""
    with tarfile.open(sdist) as archive:
        names = [member.name for member in archive.getmembers() if member.isfile()]
    added = ("PKG-INFO", "setup.cfg", f"{PACKAGE}.egg-info/")
    shipped = {name.partition("/")[2] for name in names}
    shipped = {name for name in shipped if not name.startswith(added)}
    _require_equal("the source distribution", shipped, set(checkout_files()))


def _require_equal(what: str, shipped: set[str], wanted: set[str]) -> None:
    if shipped != wanted:
        raise Incomplete(
            f"{what} lacks {sorted(wanted - shipped)} and has {sorted(shipped - wanted)} too many"
        )
