"""Write the pictures in docs/images/setup/, and those of pages in use in docs/images/:
`python -m project.screenshots`.

They show each step of a set-up, in light, in dark, and as wide as a phone; *Invite a customer* in
the admin; the page of a connection in use; and the sign-in page, an error page and the log. Browser
tests go through all of it (``tests/browser/setup_pictures.py``), with the packages of
requirements-dev.txt. Names, addresses and dates are always the same, so a picture changes only with
its page.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images" / "setup"
#: In the folder above.
IN_USE = ("overview.png", "ready.png", "sign-in.png", "error.png", "log.png")
WALK = "tests/browser/setup_pictures.py"
#: Enough for text, its edges, and a few colours: a picture is then a quarter as large.
_COLORS = 24


class _PictureFolder:
    """A pytest plugin: the fixture that says where the pictures go."""

    @pytest.fixture
    def picture_folder(self) -> Path:
        return FOLDER


def shrink(picture: Path) -> None:
    """Write a picture again with few colours."""
    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    arguments = ["-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", str(ROOT / WALK)]
    status = pytest.main(arguments, plugins=[_PictureFolder()])
    for picture in (
        *sorted(FOLDER.glob("*.png")),
        *(FOLDER.parent / each for each in IN_USE),
    ):
        shrink(picture)
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1024} KB")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
