"""Copy the pages of docs/, and what they link to elsewhere in the repository, for the builder.

A link from docs/ to a file outside of it works in a browser of the repository. On the site the file
has to be there, too: a Markdown file becomes a page, any other text a page that shows it, a folder
a page that lists its files. Links are rewritten; those between pages of docs/ stay as they are.
"""

from __future__ import annotations

import os.path
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .dialect import for_builder, outside_fences
from .sequence import with_diagrams

ROOT = Path(__file__).resolve().parents[2]
STAGED = ROOT / ".docs"
DOCS = "docs/"
#: The folder of the site for what is outside of docs/.
OUTSIDE = "repository/"

_TARGET = re.compile(r"(\]\()(?![a-z]+:|#)([^)#\s]+)")
_PICTURES = {".svg", ".png"}
_LANGUAGES = {".py": "python", ".json": "json", ".toml": "toml", ".yml": "yaml", ".sh": "bash"}


class NotInRepository(LookupError):
    """A page links to a file that git does not know."""


def repository_files(root: Path) -> list[str]:
    """Return the paths of all files that git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)  # noqa: S603
    return sorted({name for name in done.stdout.split("\0") if name and (root / name).is_file()})


def stage(root: Path, target: Path, files: list[str]) -> list[str]:
    """Write the site's source below ``target``, empty before, from those files of ``root``.

    Returns the paths in the repository that were staged, folders with a slash at the end. Raises
    ``NotInRepository`` for a link to anything else.
    """
    shutil.rmtree(target, ignore_errors=True)
    known = set(files)
    todo = [name for name in files if name.startswith(DOCS)]
    done: set[str] = set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        staged = target / staged_path(name)
        staged.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            inside = [each for each in files if each.startswith(name)]
            staged.write_text(_folder_page(name, inside), encoding="utf-8")
            todo += inside
        elif name.endswith(".md"):
            page = (root / name).read_text(encoding="utf-8")
            links = _Links(name, known)
            staged.write_text(for_builder(with_diagrams(links.rewritten(page))), encoding="utf-8")
            todo += links.found
        elif _is_copied(name):
            shutil.copyfile(root / name, staged)
        else:
            staged.write_text(_file_page(root, name), encoding="utf-8")
    return sorted(done)


def staged_path(name: str) -> str:
    """Return where on the site's source a path of the repository goes."""
    if name.startswith(DOCS):
        return name.removeprefix(DOCS)
    if name.endswith("/"):
        return f"{OUTSIDE}{name}index.md"
    path = PurePosixPath(name)
    if path.suffix == ".md":
        # The builder would make README.md the index of its folder.
        return f"{OUTSIDE}{path.with_name(path.name.replace('README', 'readme'))}"
    return f"{OUTSIDE}{name}" if _is_copied(name) else f"{OUTSIDE}{name}.md"


def _is_copied(name: str) -> bool:
    return name.startswith(DOCS) or PurePosixPath(name).suffix in _PICTURES


class _Links:
    """The links of one page: rewritten for the site, and collected."""

    def __init__(self, page: str, known: set[str]) -> None:
        self.found: list[str] = []
        self._page = page
        self._known = known

    def rewritten(self, text: str) -> str:
        return "".join(
            _TARGET.sub(self._rewrite, part) if is_text else part
            for is_text, part in outside_fences(text)
        )

    def _rewrite(self, match: re.Match[str]) -> str:
        folder = PurePosixPath(self._page).parent.as_posix()
        name = os.path.normpath(os.path.join(folder, match[2]))
        if name not in self._known:
            name = f"{name}/"
            if not any(each.startswith(name) for each in self._known):
                raise NotInRepository(f"{self._page} links to {match[2]}")
            readme = f"{name}README.md"
            name = readme if readme in self._known else name
        if not name.startswith(DOCS):
            self.found.append(name)
        here = PurePosixPath(staged_path(self._page)).parent.as_posix()
        return match[1] + os.path.relpath(staged_path(name), here)


def _folder_page(name: str, inside: list[str]) -> str:
    here = PurePosixPath(staged_path(name)).parent.as_posix()
    rows = [
        f"- [{each.removeprefix(name)}]({os.path.relpath(staged_path(each), here)})"
        for each in inside
    ]
    return _page(name, "\n".join(rows))


def _file_page(root: Path, name: str) -> str:
    text = (root / name).read_text(encoding="utf-8")
    language = _LANGUAGES.get(PurePosixPath(name).suffix, "text")
    return _page(name, f"````{language}\n{text.rstrip()}\n````")


def _page(name: str, body: str) -> str:
    """Return a page that shows something of the repository, and that the search leaves out."""
    return f"---\nsearch:\n  exclude: true\n---\n\n# {name}\n\n{body}\n"


# --- What the built site loads --------------------------------------------------------------------

_LOADS = (
    re.compile(r"<(?:script|img|iframe|source|embed)\b[^>]*?\bsrc=[\"']?(https?://[^\"'\s>]+)"),
    re.compile(
        r"<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|icon|preload|prefetch|preconnect|dns-prefetch))"
        r"[^>]*?\bhref=[\"']?(https?://[^\"'\s>]+)"
    ),
    re.compile(r"url\([\"']?(https?://[^\"')\s]+)"),
    re.compile(r"@import\s+[\"'](https?://[^\"']+)"),
)


def foreign_loads(site: Path) -> Iterator[tuple[str, str]]:
    """Yield each file of a built site that makes a browser ask another host, and the address.

    Links that a reader follows are none. It reads HTML and CSS: what a script asks for is seen only
    in a browser.
    """
    for file in sorted(site.rglob("*")):
        if file.suffix in {".html", ".css"}:
            text = file.read_text(encoding="utf-8")
            for pattern in _LOADS:
                for address in pattern.findall(text):
                    yield file.relative_to(site).as_posix(), address
