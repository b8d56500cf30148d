"""Child processes that are asked by JSON lines: one question in, one answer out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent


def environment_with(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a measured process, which may write bytecode, as an installed
    package has it."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return ours | dict(more)


class ChildFailed(Exception):
    """The child process failed to answer; the text is its traceback."""


class Child:
    """A running child process: `child.ask("counts")`."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment_with(environment),
            cwd=ROOT,
            text=True,
            # Only we get Ctrl-C, and then stop the child.
            start_new_session=True,
        )
        self.greeting = self._read()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def ask(self, question: str, **arguments: Any) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"ask": question, "with": arguments}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise ChildFailed(f"{self._process.args!r} ended with {self._process.wait()}.")
        answer = json.loads(line)
        if "error" in answer:
            raise ChildFailed(answer["error"])
        return answer["answer"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        if exc_type:
            self._process.kill()  # it may be busy for minutes
        self._process.stdin.close()
        self._process.wait(timeout=30)


def serve(questions: Mapping[str, Callable[..., Any]], greeting: Any = None) -> None:
    """Answer questions from standard input until it ends."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # Other output must not be mixed with the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def write(answer: dict[str, Any]) -> None:
        out.write(json.dumps(answer) + "\n")
        out.flush()

    write({"answer": greeting})
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            write({"answer": questions[asked["ask"]](**asked["with"])})
        except Exception:
            write({"error": traceback.format_exc()})
