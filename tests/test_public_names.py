"""What the documentation imports is public, and docs/reference/api.md lists what is public."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.dispatch import Signal

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "azuread_connections"
API = ROOT / "docs" / "reference" / "api.md"
#: They name modules for contributors.
NOT_FOR_SITES = ("docs/decisions/", "docs/how-it-works.md", "docs/security.md")
#: Where a name in code is no module: a key of a file, or a permission of the admin.
_NO_MODULE = re.compile(r"options\.$")
_PERMISSION = re.compile(r"(add|change|delete|view)_\w+|[EW]\d{3}")


@cache
def sections() -> dict[str, str]:
    """Return the text below each heading of the page that is a module."""
    parts = re.split(r"^## (.+)$", API.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = zip(parts[1::2], parts[2::2], strict=True)
    return {name.strip("`"): text for name, text in found if name.startswith("`")}


@cache
def public_modules() -> frozenset[str]:
    further = API.read_text(encoding="utf-8").partition("\n## Further modules\n")[2]
    return frozenset({*sections(), *re.findall(rf"`({PACKAGE}[\w.]*)`", further)})


def generated(module: str) -> list[str]:
    """Return the names that ``:::`` takes from the code into the section of a module."""
    names = []
    for target in re.findall(r"^::: (\S+)$", sections()[module], re.MULTILINE):
        if (ROOT / f"{target.replace('.', '/')}.py").is_file():
            own = vars(import_module(target)).items()
            defined = {name for name, value in own if getattr(value, "__module__", "") == target}
            names += [name for name in defined if not name.startswith("_")]
        else:
            names.append(target.rpartition(".")[2])
    return names


def public_names(module: str) -> set[str]:
    """Return the names of a module that a site can import."""
    loaded = import_module(module)
    if module == f"{PACKAGE}.signals":
        return {name for name, value in vars(loaded).items() if isinstance(value, Signal)}
    return {*generated(module), *getattr(loaded, "__all__", ())}


@pytest.mark.parametrize("module", sections())
def test_each_name_of_the_page_can_be_imported_from_the_module(module: str) -> None:
    loaded = import_module(module)
    assert public_names(module)
    assert [name for name in public_names(module) if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("module", sections())
def test_the_page_names_whatever_a_public_module_exports(module: str) -> None:
    documented = {*generated(module), *re.findall(r"`(\w+)`", sections()[module])}
    assert set(getattr(import_module(module), "__all__", ())) - documented == set()


def test_each_public_module_exists() -> None:
    files = {name: ROOT / name.replace(".", "/") for name in public_modules()}
    lost = [
        name
        for name, file in files.items()
        if not (file.with_suffix(".py").is_file() or (file / "__init__.py").is_file())
    ]
    assert lost == []


# --- The other pages ------------------------------------------------------------------------------


def pages() -> list[Path]:
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if not _name(page).startswith(NOT_FOR_SITES)]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def code_of(text: str) -> str:
    """Return what is code on a page, fenced or in a line."""
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", prose)])


def imported(code: str) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of each import of ours, and of each dotted path in code."""
    pattern = rf"from ({PACKAGE}[\w.]*) import (?:\(([^)]*)\)|(.*))"
    for module, several, line in re.findall(pattern, code):
        listed = [each.split()[0] for each in (several or line).split(",") if each.strip()]
        for name in listed:
            is_module = f"{module}.{name}" in public_modules()
            yield (f"{module}.{name}", "") if is_module else (module, name)
    for found in re.finditer(rf"(?<![\w/]){PACKAGE}(\.\w+)+", re.sub(pattern, "", code)):
        path, last = found[0], found[0].rpartition(".")[2]
        if _PERMISSION.fullmatch(last) or _NO_MODULE.search(code[: found.start()]):
            continue
        yield (path, "") if path in public_modules() else (path.rpartition(".")[0], last)


def not_public(code: str) -> list[str]:
    """Return what code imports that is not public."""
    wrong = []
    for module, name in imported(code):
        if module not in public_modules() or (name and name not in _exported(module)):
            wrong.append(f"{module}.{name}")
    return wrong


def _exported(module: str) -> set[str]:
    if module in sections():
        return public_names(module)
    # By its source: a sub-app's packages need not be installed.
    folder = ROOT / module.replace(".", "/")
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_a_page_imports_only_what_is_public(page: Path) -> None:
    assert not_public(code_of(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("```python\nfrom azuread_connections.entra.graph import GraphError\n```", True),
        ("```python\nfrom azuread_connections.exceptions import MicrosoftError\n```", True),
        ("```python\nfrom azuread_connections.exceptions import (\n    GraphError,\n)\n```", False),
        ("1. one\n\n   ```python\n   from azuread_connections import conf\n   ```", True),
        ("```python\nfrom azuread_connections import admin as ours, models\n```", False),
        ("```python\nMIDDLEWARE += ['azuread_connections.login.web.Other']\n```", True),
        ("```python\ninclude('azuread_connections.urls')\n```", False),
        ("call `azuread_connections.entra.managed_identity.forget_tokens()` then", True),
        ("call `azuread_connections.credentials_api.forget_tokens()` then", False),
        ("`azuread_connections.W023`, `azuread_connections.change_application`", False),
        ("`azuread_connections/conf.py`", False),
    ],
)
def test_an_import_of_something_internal_is_found(text: str, wrong: bool) -> None:
    assert bool(not_public(code_of(text))) is wrong


def test_the_pages_have_imports() -> None:
    found = [pair for page in pages() for pair in imported(code_of(page.read_text("utf-8")))]
    assert len(found) > 60


# --- The site that is typed from outside ----------------------------------------------------------


def used_by_consumer() -> set[tuple[str, str]]:
    found = set()
    for file in (ROOT / "ci" / "consumer").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {(node.module, alias.name) for alias in node.names}
    return found


@pytest.mark.parametrize("module", sections())
def test_the_type_check_from_outside_uses_every_public_name(module: str) -> None:
    """`ci/consumer` is checked against the wheel by `ci/wheel_acceptance.py`."""
    wanted = {(module, name) for name in public_names(module)}
    assert wanted - used_by_consumer() == set()
