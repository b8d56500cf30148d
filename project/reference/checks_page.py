"""Reference of the system checks: what they say, from the source of each."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .markdown import code, page
from .source import PACKAGE, UNKNOWN, Module, module

_INTRODUCTION = """`manage.py check` warns (`W`). With `--deploy` there are more checks, and
findings are errors (`E`), except those that are only advice: their ID still begins with `W`. `…`
stands for what the site's settings or data fill in.

Silence one with its whole ID, such as `SILENCED_SYSTEM_CHECKS = ["azuread_connections.W013"]`."""

_DEPLOYMENT = "deployment_findings"
_UNFORESEEN = "The message says which setting is refused, and why."
_SUB_APPS = ("provider", "metrics", "scim", "rest_framework")


@dataclass(frozen=True)
class _Check:
    """One way in which a check can fail."""

    number: int
    ids: tuple[str, ...]
    when: str
    message: str
    hint: str


def write() -> str:
    return page(
        "System checks",
        "azuread_connections/checks/ and the `checks.py` of each sub-app",
        _INTRODUCTION,
        "## The app",
        *_sections(sorted(_core(), key=lambda check: check.number)),
        "## Optional sub-apps",
        *_sections(_of_sub_apps()),
    )


def _sections(checks: Iterable[_Check]) -> Iterator[str]:
    """Yield a section for each ID, with all that it can say."""
    for ids, same in itertools.groupby(checks, key=lambda check: check.ids):
        yield f"### {', '.join(map(code, ids))}"
        yield from map(_paragraph, same)


def _paragraph(check: _Check) -> str:
    message = _UNFORESEEN if check.message == UNKNOWN else check.message
    when = f" ({check.when})" if check.when else ""
    return f"{message}{when}\n\n- What to do: {check.hint}"


def _core() -> Iterator[_Check]:
    for path in sorted((PACKAGE / "checks").glob("*.py")):
        source = module(path)
        is_stored = path.stem == "stored"
        for function, call in source.calls("Finding"):
            number = ast.literal_eval(call.args[0])
            is_advice = any(word.arg == "is_advice" for word in call.keywords)
            kinds, when = "WE", ""
            if is_stored:
                kinds, when = "W", "only with `--database`"
            elif function == _DEPLOYMENT:
                kinds, when = "W" if is_advice else "E", "only with `--deploy`"
            elif is_advice:
                kinds, when = "W", "as advice"
            ids = tuple(f"{kind}{number:03}" for kind in kinds)
            yield _Check(number, ids, when, source.words(call.args[1]), source.words(call.args[2]))


def _of_sub_apps() -> Iterator[_Check]:
    for name in _SUB_APPS:
        path = PACKAGE / name / "checks.py"
        if not path.is_file():
            continue
        source: Module = module(path)
        for _function, call in source.calls("Warning", "Error"):
            words = {word.arg: word.value for word in call.keywords}
            yield _Check(
                0,
                (source.words(words["id"]),),
                "",
                source.words(call.args[0]),
                source.words(words["hint"]),
            )
