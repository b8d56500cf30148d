"""What the source says in comments and literals, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "azuread_connections"
#: Stands for what is known only when the code runs.
UNKNOWN = "…"


@dataclass(frozen=True)
class Module:
    """A parsed module. ``path`` is absolute."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def comment_above(self, line: int) -> str:
        """Return the comment that ends above this line (from 1), as one text, or ""."""
        lines = self.text.splitlines()
        found: list[str] = []
        for each in reversed(lines[: line - 1]):
            words = each.strip()
            if not words.startswith("#"):
                break
            found.append(words.lstrip("#: "))
        return " ".join(reversed(found))

    def comment_beside(self, line: int) -> str:
        """Return the comment at the end of this line (from 1), or ""."""
        _code, found, words = self.text.splitlines()[line - 1].partition("  # ")
        return words if found else ""

    def assigned(self, name: str) -> ast.expr | None:
        """Return what the module assigns to a name."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                targets: list[ast.expr] = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            else:
                continue
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return node.value
        return None

    def class_named(self, *names: str) -> ast.ClassDef:
        """Return a class by the names of the classes around it and its own."""
        found: ast.Module | ast.ClassDef = self.tree
        for name in names:
            inside = (node for node in found.body if isinstance(node, ast.ClassDef))
            found = next(node for node in inside if node.name == name)
        if isinstance(found, ast.Module):
            raise TypeError("a class has a name")
        return found

    def calls(self, *names: str) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call of a function or class by one of these names, with the name of the
        function that it is in, in the order of the source."""
        for scope in ast.walk(self.tree):
            if isinstance(scope, ast.FunctionDef | ast.Module):
                for node in _own_nodes(scope):
                    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                        yield getattr(scope, "name", ""), node

    def words(self, node: ast.expr | None) -> str:
        """Return the text that an expression is, with ``UNKNOWN`` for what only running shows."""
        match node:
            case ast.Constant(value=str() | int() as value):
                text = str(value)
            case ast.JoinedStr(values=values):
                text = "".join(map(self.words, values))
            case ast.FormattedValue(value=ast.Name() as value):
                text = self.words(value)
            case ast.Name(id=name):
                text = self._constant(name)
            case ast.IfExp(body=body, orelse=orelse):
                text = f"{self.words(body)} Or: {self.words(orelse)}"
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                text = self.words(left) + self.words(right)
            case _:
                text = UNKNOWN
        return text.replace(UNKNOWN * 2, UNKNOWN)

    def _constant(self, name: str) -> str:
        match self.assigned(name):
            case ast.Constant(value=str() | int() as value):
                return str(value)
            case ast.JoinedStr() | ast.BinOp() as text:
                return self.words(text)
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and any(a.name == name for a in node.names):
                origin = self._imported(node)
                return origin._constant(name) if origin else UNKNOWN
        return UNKNOWN

    def _imported(self, node: ast.ImportFrom) -> Module | None:
        folder = self.path.parents[node.level - 1] if node.level else ROOT
        path = folder.joinpath(*(node.module or "").split(".")).with_suffix(".py")
        return module(path) if path.is_file() else None


@cache
def module(path: Path) -> Module:
    """Parse a module of the repository."""
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text))


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a module or function, in order, but not in the functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own_nodes(child)
