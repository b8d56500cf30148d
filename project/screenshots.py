"""Write the pictures in docs/images/: `python -m project.screenshots`.

They show each step of a set-up, in light, in dark, and as wide as a phone; *Invite a customer* in
the admin; the page of a connection in use; *Try*, as it fails and as it works; and the sign-in
page, an error page and the log. Browser tests go through all of it (``tests/browser/
test_pictures.py``), with the packages of requirements-dev.txt: they run with every other browser
test, too, and throw their pictures away. Names, addresses and dates are always the same, so a
picture changes only with its page.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images"
WALK = "tests/browser/test_pictures.py"
#: Of pytest: the folder that the walk writes to.
OPTION = "--pictures"
#: Of a set-up, in the order of the walk.
STEPS = (
    *("welcome", "register", "credentials", "domains", "domains-record"),
    *("permissions", "try-error", "try", "done"),
)
#: How each of them is shown: the colour scheme, and the width of the window.
LOOKS = {"light": ("light", 900), "dark": ("dark", 900), "phone": ("light", 390)}
#: The pictures below FOLDER, by the test of the walk that takes them.
PICTURES: dict[str, tuple[str, ...]] = {
    "test_each_step": tuple(f"setup/{step}-{look}.png" for step in STEPS for look in LOOKS),
    "test_the_admin": tuple(
        f"setup/admin-{name}-light.png" for name in ("invite", "address", "list")
    ),
    "test_a_connection_in_use": ("overview.png", "ready.png"),
    "test_a_trial": ("try-failed.png", "it-works.png"),
    "test_a_sign_in": ("sign-in.png", "error.png", "log.png"),
}
#: Enough for text, its edges, and the colours of a page: a picture is then a third as large.
_COLORS = 64


class _Option:
    """A pytest plugin that knows the option."""

    def pytest_addoption(self, parser: pytest.Parser) -> None:
        parser.addoption(OPTION)


def shrink(picture: Path, target: Path) -> None:
    """Write a picture to ``target``, with few colours."""
    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    target.parent.mkdir(parents=True, exist_ok=True)
    small.save(target, optimize=True)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", f"{OPTION}={folder}"]
        status = int(pytest.main([*arguments, str(ROOT / WALK)], plugins=[_Option()]))
        if status:
            return status
        for names in PICTURES.values():
            for name in names:
                shrink(Path(folder) / name, FOLDER / name)
                print(f"{name}: {(FOLDER / name).stat().st_size // 1024} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
