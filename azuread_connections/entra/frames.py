"""Clears the frames of an unforeseen error, so that no report of it shows a local variable.

Only Django's own reports respect its ``sensitive_variables``; Sentry and other tools read the
variables of every frame themselves.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def without_frame_variables(function: Callable[P, R]) -> Callable[P, R]:
    """Clear the variables of the function's frame, and of those below it, if it raises.

    The exception keeps its class, message and line numbers.
    """

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            clear_variables(error)
            raise

    return guarded


def clear_variables(error: BaseException) -> None:
    """Clear all frames of an exception, its causes and its contexts."""
    for each in _chain(error):
        traceback.clear_frames(each.__traceback__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions
