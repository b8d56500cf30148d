"""Do what docs/tutorial.md says, in an empty folder: every command, file and field of it.

Run from the top of the checkout: `python ci/tutorial.py`, with Chromium. Code blocks that follow a
comment such as `<!-- tutorial: run -->` are used in the order of the page, unchanged but for the
ports, which can be in use on this machine.

| Mark | What is done |
| --- | --- |
| `run` | the commands, in one shell session; each has to succeed |
| `exits 1` | the same, and the last command has to exit with 1 |
| `file NAME` | the block is written to the file |
| `append NAME` | the block is added at the end of the file |
| `serve PORT` | the command runs until the end; something listens on the port |
| `form` | the table of fields is filled in, in the admin |
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from distributions import checkout_files
from playwright.sync_api import Browser, Page, expect, sync_playwright
from wheel_acceptance import ROOT, append, free_ports, require, step, wait_for

PAGE = ROOT / "docs" / "tutorial.md"
CLONE = "azuread_connections"
PORTS = ("8000", "8001")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: What the tutorial has the reader type into the admin.
ADMIN = ("admin", "tutorial")

_MARK = re.compile(
    r"<!-- tutorial: (\w+)(?: ([^>]+?))? -->\n(```\w+\n(.*?)```|(?:\|[^\n]*\n)+)", re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A marked part of the page."""

    kind: str
    argument: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the marked parts of a page, in order. Every block of commands has to have a mark."""
    found = [
        Block(kind, argument, code or table) for kind, argument, table, code in _MARK.findall(page)
    ]
    shells = re.findall(r"```(?:sh|console)\n(.*?)```", page, re.DOTALL)
    untried = [code for code in shells if code not in {block.text for block in found}]
    require(not untried, f"commands of the tutorial without a mark: {untried}")
    return found


class Shell:
    """A shell session: each script begins where the one before it ended."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self._state = state
        state.write_text("")

    def run(self, script: str, expected: int = 0) -> None:
        saving = f'trap \'{{ export -p; echo "cd \\"$PWD\\""; }} > "{self._state}"\' EXIT'
        done = subprocess.run(
            ["bash", "-ec", f'. "{self._state}"\n{saving}\n{script}'],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            check=False,
        )
        require(done.returncode == expected, f"exit status {done.returncode}: {script}")

    def path(self, name: str) -> Path:
        command = ["bash", "-ec", f'. "{self._state}"\npwd']
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return Path(done.stdout.strip()) / name

    @contextlib.contextmanager
    def serving(self, command: str, log: Path) -> Iterator[None]:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-ec", f'. "{self._state}"\nexec {command}'],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield
        except BaseException:
            print(f"--- {command}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
            raise
        finally:
            # The group: Django's autoreloader runs the site in a process of its own.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _environment() -> dict[str, str]:
    """This process's, without what makes Django or pip use the checkout's own environment."""
    misleading = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in misleading}


def main() -> None:
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    page = PAGE.read_text(encoding="utf-8")
    for theirs, ours in ports.items():
        page = page.replace(f"localhost:{theirs}", f"localhost:{ours}")
    todo = blocks(page)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        ) as chromium,
        contextlib.ExitStack() as servers,
    ):
        temporary = Path(folder)
        copy_checkout(temporary / CLONE)
        shell = Shell(temporary, temporary / "state.sh")
        reader = Reader(shell, chromium, servers, ports)
        for block in todo:
            step(f"{block.kind} {block.argument}".strip())
            reader.follow(block)
    step("The tutorial works as it is written.")


@dataclass(frozen=True)
class Reader:
    """Does what a block says. ``ports``: those of the page, each with the one used here."""

    shell: Shell
    chromium: Browser
    servers: contextlib.ExitStack
    ports: dict[str, str]

    def follow(self, block: Block) -> None:
        match block.kind:
            case "run":
                self.shell.run(block.text)
            case "exits":
                self.shell.run(block.text, expected=int(block.argument))
            case "file":
                self.shell.path(block.argument).write_text(block.text)
            case "append":
                append(self.shell.path(block.argument), block.text)
            case "serve":
                self._serve(block.text.strip(), self.ports[block.argument])
            case "form":
                site = f"http://localhost:{self.ports[PORTS[0]]}"
                add_connection(self.chromium.new_context().new_page(), site, block.text)
                sign_in(self.chromium.new_context().new_page(), site)
            case other:
                require(False, f"unknown mark: {other}")

    def _serve(self, command: str, port: str) -> None:
        whole = f"{command} {port if 'runserver' in command else f'--port {port}'}"
        self.servers.enter_context(self.shell.serving(whole, self.shell.folder / f"{port}.log"))
        wait_for(f"http://localhost:{port}/")


def copy_checkout(target: Path) -> None:
    for name in checkout_files():
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, file)


def add_connection(page: Page, site: str, table: str) -> None:
    """Fill in the form of *Add connection* as the table says."""
    page.goto(f"{site}/admin/azuread_connections/connection/add/")
    page.get_by_label("Username").fill(ADMIN[0])
    page.get_by_label("Password").fill(ADMIN[1])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text(f"{site}/login/callback").first).to_be_visible()
    for row in table.strip().splitlines()[2:]:
        label, value = (cell.strip().strip("`") for cell in row.strip("|").split("|"))
        page.get_by_label(label, exact=True).or_(page.get_by_label(f"{label}:")).first.fill(value)
    page.get_by_label("Default App").check()
    page.get_by_role("button", name="Save and continue editing").click()
    page.wait_for_url("**/change/**")


def sign_in(page: Page, site: str) -> None:
    """Sign in as the page says, and fail as it says."""
    page.goto(f"{site}/")
    page.get_by_role("link", name="Continue with Contoso").click()
    page.get_by_role("button", name="Adele Vance").click()
    expect(page.get_by_role("heading", name="Hello, Adele Vance")).to_be_visible()
    page.goto(f"{site}/login/callback")
    expect(page.locator("[data-error-code=transaction_missing]")).to_be_visible()


if __name__ == "__main__":
    main()
