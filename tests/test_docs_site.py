"""The pages on their way to the documentation site: links, Markdown, diagrams."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from project.docs import staging
from project.docs.dialect import for_builder
from project.docs.sequence import UnknownLine, as_svg, with_diagrams
from project.docs.staging import NotInRepository, foreign_loads, stage, staged_path


def staged(tmp_path: Path, files: dict[str, str]) -> Path:
    """Stage these files of a repository; return where."""
    root, target = tmp_path / "root", tmp_path / "staged"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    stage(root, target, list(files))
    return target


# --- Links ----------------------------------------------------------------------------------------


def test_this_repository_can_be_staged(tmp_path: Path) -> None:
    done = stage(staging.ROOT, tmp_path / "staged", staging.repository_files(staging.ROOT))
    assert {"docs/index.md", "docs/tutorial.md", "README.md", "benchmarks/results.md"} <= set(done)
    assert not [name for name in done if name.startswith("azuread_connections/locale/")]


def test_a_linked_page_outside_of_docs_comes_along(tmp_path: Path) -> None:
    target = staged(
        tmp_path,
        {
            "docs/a.md": "[b](sub/b.md#part) [results](../bench/results.md), [web](https://x.test)",
            "docs/sub/b.md": "[a](../a.md)",
            "bench/results.md": "![chart](chart.svg) [a](../docs/a.md) [how](../README.md#how)",
            "bench/chart.svg": "<svg/>",
            "README.md": "# How",
            "OTHER.md": "nobody links here",
        },
    )
    page = (target / "a.md").read_text(encoding="utf-8")
    assert page.split() == [
        *("[b](sub/b.md#part)", "[results](repository/bench/results.md),", "[web](https://x.test)")
    ]
    results = (target / "repository/bench/results.md").read_text(encoding="utf-8")
    assert results == "![chart](chart.svg) [a](../../a.md) [how](../readme.md#how)"
    assert (target / "repository/bench/chart.svg").is_file()
    assert (target / "repository/readme.md").is_file()
    assert not (target / "repository/OTHER.md").exists()


def test_a_linked_source_file_or_folder_becomes_a_page(tmp_path: Path) -> None:
    target = staged(
        tmp_path,
        {
            "docs/a.md": "[code](../app/code.py) [peers](../app/peers/)",
            "app/code.py": "x = 1\n",
            "app/peers/one.py": "y = 2\n",
        },
    )
    page = (target / "a.md").read_text(encoding="utf-8")
    assert page == "[code](repository/app/code.py.md) [peers](repository/app/peers/index.md)"
    shown = (target / "repository/app/code.py.md").read_text(encoding="utf-8")
    assert "````python\nx = 1\n````" in shown
    listed = (target / "repository/app/peers/index.md").read_text(encoding="utf-8")
    assert "- [one.py](one.py.md)" in listed
    assert (target / "repository/app/peers/one.py.md").is_file()


def test_a_link_to_a_file_that_git_does_not_know_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotInRepository, match=r"docs/a\.md links to \.\./gone\.md"):
        staged(tmp_path, {"docs/a.md": "[gone](../gone.md)"})


def test_code_has_no_links(tmp_path: Path) -> None:
    page = "```md\n[gone](../gone.md)\n```\n"
    assert (staged(tmp_path, {"docs/a.md": page}) / "a.md").read_text(encoding="utf-8") == page


def test_only_files_of_docs_keep_their_paths() -> None:
    assert staged_path("docs/images/a.png") == "images/a.png"
    assert staged_path("SECURITY.md") == "repository/SECURITY.md"


def test_files_that_git_ignores_are_left_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "a.log").touch()
    (tmp_path / "b.md").touch()
    assert staging.repository_files(tmp_path) == [".gitignore", "b.md"]


# --- Markdown -------------------------------------------------------------------------------------

INDENTATION = [
    ("text\n- one\n- two", "text\n\n- one\n- two"),
    ("1. one\n\n   more\n2. two", "1. one\n\n    more\n\n2. two"),
    ("- one\n  - two\n    - three\n- four", "- one\n    - two\n        - three\n- four"),
    ("- one\n  more\n\n  more", "- one\n    more\n\n    more"),
    (
        "1. one\n\n   ```sh\n   a\n     b\n\n   ```",
        "1. one\n\n    ```sh\n    a\n      b\n\n    ```",
    ),
    ("```\n- no list\n  here\n```", "```\n- no list\n  here\n```"),
    ("10. ten\n\n    more", "10. ten\n\n    more"),
    ("1. one\n\n   more\n   text\n2. two", "1. one\n\n    more\n    text\n\n2. two"),
    ("1. one\n\n   ```\n   a\n   ```\n2. two", "1. one\n\n    ```\n    a\n    ```\n\n2. two"),
    ("::: a.b\n    members:\n      - c", "::: a.b\n    members:\n      - c"),
    ("- one\ntext", "- one\n\ntext"),
    ("| a |\n| --- |\n| - b |", "| a |\n| --- |\n| - b |"),
    ("**bold** text\n*soft* text", "**bold** text\n*soft* text"),
]


@pytest.mark.parametrize(("page", "expected"), INDENTATION)
def test_lists_are_indented_as_the_builder_wants_them(page: str, expected: str) -> None:
    assert for_builder(page) == expected


def test_comments_are_left_out_except_in_code() -> None:
    page = "a\n<!-- tutorial:\nrun -->\n```html\n<!-- kept -->\n```"
    assert for_builder(page) == "a\n```html\n<!-- kept -->\n```"
    in_list = "1. a\n\n   <!-- x -->\n   ```\n   b\n   ```"
    assert for_builder(in_list) == "1. a\n\n    ```\n    b\n    ```"


# --- Diagrams -------------------------------------------------------------------------------------

DIAGRAM = """sequenceDiagram
    participant A as One
    participant B as Two
    A->>B: ask <this>
    Note over B: thinks,<br/>long
    opt wanted
        B-->>A: answer
    end
"""


def test_a_diagram_becomes_a_picture_with_its_texts() -> None:
    page = with_diagrams(f"before\n\n```mermaid\n{DIAGRAM}```\n\nafter")
    assert page.startswith("before\n\n<div")
    assert page.endswith("</div>\n\nafter")
    for text in (
        "One",
        "Two",
        "ask &lt;this&gt;",
        "thinks,",
        "long",
        "if needed: wanted",
        "answer",
    ):
        assert f">{text}</text>" in page
    assert "mermaid" not in page


def test_a_line_that_cannot_be_drawn_is_an_error() -> None:
    with pytest.raises(UnknownLine, match="loop"):
        as_svg("sequenceDiagram\nloop forever")


# --- What a built site loads ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.test/a.js"></script>',
        '<link rel="stylesheet" href="https://cdn.test/a.css">',
        '<link href="https://cdn.test/" rel="preconnect" crossorigin>',
        "<img alt=x src=https://cdn.test/a.png>",
        "<style>@import 'https://cdn.test/a.css';</style>",
        "<p style=\"background: url('https://cdn.test/a.png')\">",
    ],
)
def test_a_request_to_another_host_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    ((file, address),) = foreign_loads(tmp_path)
    assert file == "page.html"
    assert address.startswith("https://cdn.test/")


def test_a_link_that_a_reader_follows_is_no_request(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<a href="https://example.com/">x</a><link rel="canonical" href="https://example.com/">'
        '<script src="a.js"></script>',
        encoding="utf-8",
    )
    assert list(foreign_loads(tmp_path)) == []
