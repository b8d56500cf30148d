"""How a protection is named and removed: by its function and by what is done to it there.

A protection is one place in a function, found in the syntax tree. Formatting, line breaks,
comments, and whatever else the function does play no part. An ``Edit`` says which place, and what
is done to it:

========================  =========================================================================
``never(mention)``        the condition of an ``if``, ``while``, ``case`` or comprehension fails
``always(mention)``       the same condition holds
``skip(mention)``         the statement is left out
``drop_operand(mention)`` an operand of ``and``, ``or``, ``&``, ``|`` or ``+`` is left out
``drop_argument(mention)`` an argument of a call is left out
``drop_item(mention)``    an entry of a tuple, list, set or dict is left out
``drop_decorator(mention)`` a decorator is left out
``replace(code, by)``     an expression, or an argument with its name, becomes another one
``instead(mention, code)`` a statement becomes other statements
========================  =========================================================================

A ``mention`` is some text of the place, as short as tells it from the others of its kind in the
function: a name or a constant. It is compared with ``ast.unparse``, so with Python's own spacing
and quotes. It is left out where the function has one place of the kind. Where one mention fits two
places, the innermost counts; where none is inside the other, ``which=1`` takes the second.
For a compound statement only its header is compared, and for the condition of ``a if b else c``
the whole of it.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

APP = Path(__file__).resolve().parents[2] / "azuread_connections"
LIST = "tests/attacks/protections.py"

#: A node, and where it hangs: the node that holds it, the field there, the index in a list.
Place = tuple[ast.AST, ast.AST, str, int | None]


class NotFound(Exception):
    """A key fits no place, or several. The message says how to repair it."""


@dataclass(frozen=True)
class Edit:
    """One place of a function and what is done to it. See the module's docstring."""

    operation: str
    mention: str = ""
    by: str = ""
    which: int | None = None

    def __str__(self) -> str:
        """The edit in words, for docs/security.md and the names of tests."""
        what = f"`{self.mention}`"
        nth = "" if self.which is None else f" (number {self.which + 1})"
        place = f" that mentions {what}" if self.mention else ""
        words = {
            "never": f"the condition{place} never holds",
            "always": f"the condition{place} always holds",
            "skip": f"the statement{place} is left out",
            "drop_operand": f"the operand{place} is left out",
            "drop_argument": f"the argument{place} is left out",
            "drop_item": f"the entry{place} is left out",
            "drop_decorator": f"the decorator{place} is left out",
            "replace": f"{what} becomes `{self.by}`",
            "instead": f"the statement{place} becomes `{'; '.join(self.by.splitlines())}`",
        }
        return words[self.operation] + nth


def never(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("never", mention, which=which)


def always(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("always", mention, which=which)


def skip(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("skip", mention, which=which)


def drop_operand(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("drop_operand", mention, which=which)


def drop_argument(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("drop_argument", mention, which=which)


def drop_item(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("drop_item", mention, which=which)


def drop_decorator(mention: str = "", *, which: int | None = None) -> Edit:
    return Edit("drop_decorator", mention, which=which)


def replace(code: str, by: str, *, which: int | None = None) -> Edit:
    return Edit("replace", code, by, which)


def instead(mention: str, code: str, *, which: int | None = None) -> Edit:
    return Edit("instead", mention, code, which)


@dataclass(frozen=True)
class Protection:
    """With ``edit`` made in the function that ``place`` names, ``test`` fails.

    ``also`` is a function of the same file and an edit there, where a protection has two ends.
    """

    place: str
    edit: Edit
    test: str
    also: tuple[str, Edit] | None = None

    @property
    def file(self) -> str:
        return self.place.partition("::")[0]

    @property
    def edits(self) -> tuple[tuple[str, Edit], ...]:
        """Each edit with its place."""
        if self.also is None:
            return ((self.place, self.edit),)
        function, edit = self.also
        return ((self.place, self.edit), (f"{self.file}::{function}", edit))

    def __str__(self) -> str:
        return "; ".join(f"{place}: {edit}" for place, edit in self.edits)


# --- Functions ------------------------------------------------------------------------------------

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@cache
def module_of(file: str) -> ast.Module:
    """The syntax tree of a module of the app. Not to be changed: every caller gets the same."""
    if not (APP / file).is_file():
        raise NotFound(f"There is no {file}. If it was moved, write its new path in {LIST}.")
    return ast.parse((APP / file).read_text(encoding="utf-8"), file)


def scopes(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every function and class with its qualified name; the module itself has an empty one."""
    if not prefix:
        yield "", tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, _SCOPES):
            name = f"{prefix}{child.name}"
            yield name, child
            yield from scopes(child, f"{name}.")
        else:
            # A function under an `if` or a `try` is named as if it stood outside.
            yield from ((name, node) for name, node in scopes(child, prefix or "\0") if name)


def scope_called(tree: ast.Module, key: str) -> ast.AST:
    file, _, name = key.partition("::")
    known = {found.removeprefix("\0"): node for found, node in scopes(tree)}
    if name not in known:
        similar = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        defined = re.compile(rf"^\s*(?:async def|def|class) {name.rpartition('.')[2]}\b", re.M)
        elsewhere = [
            path.relative_to(APP).as_posix()
            for path in sorted(APP.rglob("*.py"))
            if defined.search(path.read_text(encoding="utf-8"))
        ]
        raise NotFound(
            f"{file} has no function {name!r}. If it was renamed or moved, write the new name in "
            f"{LIST}. Similar names there: {', '.join(similar) or 'none'}. "
            f"Files that define one so called: {', '.join(elsewhere) or 'none'}."
        )
    return known[name]


def places(scope: ast.AST) -> Iterator[Place]:
    """Every node of a function or class, without those of functions and classes inside it."""
    for field, value in ast.iter_fields(scope):
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST):
                continue
            yield child, scope, field, index if isinstance(value, list) else None
            if isinstance(child, _SCOPES):
                # Its decorators, defaults and bases belong to what holds it.
                outer = [*child.decorator_list, *getattr(child, "bases", [])]
                for position, decorator in enumerate(child.decorator_list):
                    yield decorator, child, "decorator_list", position
                for node in outer:
                    yield from places(node)
            else:
                yield from places(child)


# --- Finding a place ------------------------------------------------------------------------------

_CONDITIONS = (ast.If, ast.While, ast.IfExp)
_LOAD = ast.Load()
_ITEMS = (ast.Tuple, ast.List, ast.Set, ast.Dict)


def _is_candidate(operation: str, place: Place) -> bool:
    node, parent, field, _index = place
    is_read = isinstance(getattr(node, "ctx", _LOAD), ast.Load)
    is_test = field == "test" and isinstance(parent, _CONDITIONS)
    return {
        "never": is_test or field in ("guard", "ifs"),
        "always": is_test or field in ("guard", "ifs"),
        "skip": isinstance(node, ast.stmt),
        "drop_operand": isinstance(parent, ast.BoolOp | ast.BinOp) and isinstance(node, ast.expr),
        "drop_argument": isinstance(parent, ast.Call) and field in ("args", "keywords"),
        "drop_item": isinstance(parent, _ITEMS) and field in ("elts", "keys"),
        "drop_decorator": field == "decorator_list",
        "replace": isinstance(node, ast.keyword) or (isinstance(node, ast.expr) and is_read),
        "instead": isinstance(node, ast.stmt),
    }[operation]


def _text(place: Place, operation: str) -> str:
    """What a mention is looked for in."""
    node, parent, field, index = place
    if operation == "drop_item" and field == "keys":
        assert isinstance(parent, ast.Dict)
        assert index is not None
        return f"{ast.unparse(node)}: {ast.unparse(parent.values[index])}"
    if isinstance(node, ast.stmt) and hasattr(node, "body"):
        return _header(node)
    if operation in ("never", "always") and isinstance(parent, ast.IfExp):
        return ast.unparse(parent)
    return ast.unparse(node)


def _header(node: ast.stmt) -> str:
    """A compound statement up to its body."""
    bare = deepcopy(node)
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        if getattr(bare, field, None):
            setattr(bare, field, [] if field != "body" else [ast.Pass()])
    if isinstance(bare, ast.Try):
        return "try:"
    return ast.unparse(bare).removesuffix("pass").rstrip()


def _expression(code: str) -> ast.expr | ast.keyword:
    """An expression, or an argument with its name: ``redirect=False``."""
    try:
        return ast.parse(code, mode="eval").body
    except SyntaxError:
        call = ast.parse(f"f({code})", mode="eval").body
        assert isinstance(call, ast.Call)
        [argument] = call.keywords
        return argument


def find(tree: ast.Module, key: str, edit: Edit) -> Place:
    """The one place that an edit means. Raises ``NotFound`` with what to do about it."""
    scope = scope_called(tree, key)
    candidates = [place for place in places(scope) if _is_candidate(edit.operation, place)]
    if edit.operation == "replace":
        code = ast.unparse(_expression(edit.mention))
        found = [place for place in candidates if ast.unparse(place[0]) == code]
    else:
        found = [place for place in candidates if edit.mention in _text(place, edit.operation)]
        found = _innermost(found)
    if edit.which is not None and edit.which < len(found):
        return found[edit.which]
    if edit.which is not None or len(found) != 1:
        seen = sorted({_text(place, edit.operation) for place in found or candidates})
        listed = "\n".join(f"    {text}" for text in seen if len(text) < 200)
        raise NotFound(
            f"{key}: {edit.operation}({edit.mention!r}) fits {len(found)} places, not one. "
            "If the code was changed on purpose, mention what tells its new form from the others "
            "of the kind in this function. If the protection is gone on purpose, remove its entry "
            f"from {LIST}. {'It fits' if found else 'There are'}:\n{listed}"
        )
    return found[0]


def _innermost(found: list[Place]) -> list[Place]:
    nodes = {id(place[0]) for place in found}
    return [
        place
        for place in found
        if not any(id(node) in nodes for node in ast.walk(place[0]) if node is not place[0])
    ]


# --- Editing --------------------------------------------------------------------------------------


def without(file: str, edits: Iterable[tuple[str, Edit]]) -> str:
    """Return the source of a module of the app without a protection: places with their edits."""
    return ast.unparse(edited(module_of(file), edits))


def edited(tree: ast.Module, edits: Iterable[tuple[str, Edit]]) -> ast.Module:
    """Return a copy of a module in which the edits are made, one after the other."""
    changed = deepcopy(tree)
    for key, edit in edits:
        _apply(edit, find(changed, key, edit))
    return ast.fix_missing_locations(changed)


def _apply(edit: Edit, place: Place) -> None:
    node, parent, field, index = place
    match edit.operation:
        case "never" | "always":
            _put(place, ast.Constant(edit.operation == "always"))
        case "replace":
            _put(place, _expression(edit.by))
        case "skip":
            _put_statements(place, [])
        case "instead":
            _put_statements(place, ast.parse(edit.by).body)
        case "drop_operand" if isinstance(parent, ast.BoolOp):
            parent.values.remove(node)  # type: ignore[arg-type]
        case "drop_operand":
            assert isinstance(parent, ast.BinOp)
            kept = parent.right if field == "left" else parent.left
            # The operation becomes what is left of it, without anybody having to hold it.
            parent.__class__ = kept.__class__  # type: ignore[assignment]
            parent.__dict__.clear()
            parent.__dict__.update(kept.__dict__)
        case "drop_argument" | "drop_item" | "drop_decorator":
            assert index is not None
            del getattr(parent, field)[index]
            if isinstance(parent, ast.Dict):
                del parent.values[index]


def _put(place: Place, node: ast.AST) -> None:
    _node, parent, field, index = place
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _put_statements(place: Place, statements: list[ast.stmt]) -> None:
    _node, parent, field, index = place
    block = getattr(parent, field)
    block[index : index + 1] = statements  # type: ignore[operator]
    if not block:
        block.append(ast.Pass())
