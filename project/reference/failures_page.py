"""Reference of the failures of a sign-in: codes, statuses, and the texts of their pages."""

from __future__ import annotations

import ast

from azuread_connections.login.log.failures import FAILURES, Failure, Stage

from .markdown import code, page, table
from .source import PACKAGE, module

_INTRODUCTION = """Every sign-in that fails has one of these codes: on the page in the attribute
`data-error-code`, in the log, in the metrics and in the signal `sign_in_failed`. The list is
closed. A new code, or another status for one, is a change that the
[changelog](../../CHANGELOG.md) announces.
[Troubleshooting](../troubleshooting.md) explains Microsoft's own numbers (AADSTS)."""

_STAGES = """## Stages

How far the sign-in came before it failed: in the metrics, and in `sign_in_failed`."""


def write() -> str:
    rows = [(f"[`{each.code}`](#{each.code})", str(each.status)) for each in FAILURES.values()]
    stages = [(code(stage.value), text) for stage, text in zip(Stage, _stages(), strict=True)]
    return page(
        "Failure codes",
        "azuread_connections/login/log/failures.py",
        _INTRODUCTION,
        table(("Code", "Status"), rows),
        *map(_section, FAILURES.values()),
        _STAGES,
        table(("Stage", "The sign-in ended at"), stages),
    )


def _section(failure: Failure) -> str:
    facts = [
        f"- Status: {failure.status}",
        f"- Meaning, for the administrator: {failure.meaning}.",
        f"- Title of the page: “{failure.title}”",
        f"- Advice on the page: “{failure.advice}”",
        f"- The page offers to try again: {_yes(failure.can_retry)}",
        f"- Another account of the person can help: {_yes(failure.other_account_helps)}",
        f"- Counts as a failed log-in (`user_login_failed`): {_yes(failure.is_about_person)}",
    ]
    return f"## `{failure.code}`\n\n" + "\n".join(facts)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _stages() -> list[str]:
    source = module(PACKAGE / "login" / "log" / "failures.py")
    members = [n for n in source.class_named("Stage").body if isinstance(n, ast.Assign)]
    return [source.comment_beside(member.lineno) for member in members]
