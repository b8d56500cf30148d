"""The pages of docs/reference/ say what the code says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from azuread_connections.defaults import DEFAULTS
from azuread_connections.login.log.failures import FAILURES
from azuread_connections.models import Event
from project.reference import checks_page, settings_page
from project.reference.__main__ import outdated
from project.reference.markdown import table
from project.reference.source import Module, module

ROOT = Path(__file__).resolve().parents[1]


def test_the_pages_are_those_of_the_code() -> None:
    assert list(outdated(sub_apps=False)) == [], "python -m project.reference"


def test_a_changed_page_is_found(tmp_path: Path) -> None:
    (tmp_path / "signals.md").write_text("# Signals\n", encoding="utf-8")
    assert "signals.md" in outdated(sub_apps=False, folder=tmp_path)


def test_every_setting_kind_and_code_has_its_text() -> None:
    pages = outdated(sub_apps=False, folder=Path("/nonexistent"))
    assert all(f"## `{key}`\n\n" in pages["settings.md"] for key in DEFAULTS)
    assert all(f"| `{kind}` |" in pages["events.md"] for kind in Event.Kind.values)
    assert all(f"## `{code}`\n" in pages["failures.md"] for code in FAILURES)


def test_the_support_desk_finds_every_failure_by_what_its_page_says() -> None:
    page = (ROOT / "docs/support.md").read_text(encoding="utf-8")
    rows = [f"| {failure.title} | `{code}` |" for code, failure in FAILURES.items()]
    assert [row for row in rows if row not in page] == []


def test_the_support_desk_reads_what_the_log_says_about_a_refused_person() -> None:
    page = (ROOT / "docs/support.md").read_text(encoding="utf-8")
    _before, _heading, section = page.partition("### “This account cannot sign in here”")
    rows = [line for line in section.partition("\n###")[0].splitlines() if line.startswith("| ")]
    quoted = [row.split(" | ")[0].removeprefix("| ").removesuffix(" …") for row in rows[2:]]
    package = ROOT / "azuread_connections"
    code = "".join(
        # A text that is split in two lines of the code, as one.
        re.sub(r'"\s+f?"', "", path.read_text(encoding="utf-8"))
        for folder in ("login", "scim")
        for path in (package / folder).rglob("*.py")
    )
    assert quoted
    assert [text for text in quoted if text not in code] == []


def refusals() -> Iterator[str]:
    """Yield how each text begins that the log can have for ``user_refused``."""
    for folder in ("login", "scim"):
        for path in (ROOT / "azuread_connections" / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and ast.unparse(call).startswith(
                    "SignInFailed('user_refused'"
                ):
                    yield from (
                        _beginning(word.value) for word in call.keywords if word.arg == "detail"
                    )


def _beginning(text: ast.expr) -> str:
    if isinstance(text, ast.JoinedStr):
        text = text.values[0]
    return str(text.value) if isinstance(text, ast.Constant) else ""


def test_the_support_desk_finds_every_reason_for_which_a_person_is_refused() -> None:
    page = (ROOT / "docs/support.md").read_text(encoding="utf-8")
    section = page.partition("### “This account cannot sign in here”")[2].partition("\n###")[0]
    texts = [text for text in refusals() if text]
    assert len(texts) > 10
    # The last is not of a sign-in, but of a report of provisioning.
    elsewhere = ("create_user returned", "update_user returned", "An existing user has the same")
    assert [
        text
        for text in texts
        if not text.startswith(elsewhere)
        and not any(
            text.startswith(row.split(" | ")[0].removeprefix("| ").removesuffix("…").strip())
            for row in section.splitlines()
            if row.startswith("| ") and not row.startswith(("| ---", "| The event"))
        )
    ] == []


def test_only_settings_that_exist_have_a_link() -> None:
    assert set(settings_page._MORE) <= set(DEFAULTS)


@pytest.mark.parametrize(
    ("ids", "when"),
    [
        ("`W001`, `E001`", ""),
        ("`E007`", "(only with `--deploy`)"),
        ("`W008`, `E008`", ""),
        ("`E008`", "(only with `--deploy`)"),
        ("`W011`", "(only with `--database`)"),
        ("`W013`", "(only with `--deploy`)"),
        ("`W016`", "(as advice)"),
        ("`azuread_metrics.W001`", ""),
        ("`azuread_provider.W003`", ""),
    ],
)
def test_the_page_of_the_checks_says_when_each_runs(ids: str, when: str) -> None:
    section = checks_page.write().partition(f"\n### {ids}\n")[2].partition("\n#")[0]
    assert "\n- What to do: " in section
    assert when in section


def parsed(tmp_path: Path, text: str) -> Module:
    file = tmp_path / "module.py"
    file.write_text(text, encoding="utf-8")
    return module(file)


def test_a_comment_of_several_lines_is_one_text(tmp_path: Path) -> None:
    source = parsed(tmp_path, "a = 1\n#: First\n# second.\nb = 2  # beside\n")
    assert source.comment_above(4) == "First second."
    assert source.comment_beside(4) == "beside"
    assert source.comment_above(2) == source.comment_beside(1) == ""


def test_a_text_is_read_from_literals_and_constants(tmp_path: Path) -> None:
    source = parsed(
        tmp_path,
        'LIMIT = 32\nNAME = "n" f"{LIMIT}"\n'
        'say("one")\nsay(f"{NAME} {unknown()}{other!r}")\nsay("a" + NAME if x else NAME)\n',
    )
    found = [source.words(call.args[0]) for _function, call in source.calls("say")]
    assert found == ["one", "n32 …", "an32 Or: n32"]


def test_a_cell_of_a_table_breaks_no_table() -> None:
    assert table(("A",), [("x | y\n z",)]) == "| A |\n| --- |\n| x \\| y z |"
