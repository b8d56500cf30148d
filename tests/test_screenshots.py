"""Of project/screenshots.py, without a browser: tests/browser/test_pictures.py goes through it."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from project.screenshots import FOLDER, PICTURES, ROOT, shrink

#: ``![what it shows](where it is)``, and no address.
PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)([^)\s]+\.png)\)")

TAKEN = {FOLDER / name for names in PICTURES.values() for name in names}


def test_the_command_takes_every_picture_of_the_docs() -> None:
    pages = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    shown = {
        (page.parent / name).resolve()
        for page in pages
        for name in PICTURE.findall(page.read_text(encoding="utf-8"))
    }
    assert shown == TAKEN


def test_no_picture_is_left_that_the_command_does_not_take() -> None:
    assert set(FOLDER.rglob("*.png")) == TAKEN


def test_a_picture_keeps_its_size_and_loses_colours(tmp_path: Path) -> None:
    source = tmp_path / "source.png"
    Image.radial_gradient("L").convert("RGB").save(source)
    shrink(source, tmp_path / "setup" / "small.png")
    with Image.open(tmp_path / "setup" / "small.png") as small:
        assert small.size == (256, 256)
        assert len(small.convert("RGB").getcolors() or []) <= 64
