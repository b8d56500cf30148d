"""The README's promise: clone, `make demo`, press the button, pick a person, arrive."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Demo:
    site: str
    printed: Path
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    checkout = folder / "checkout"
    subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True)
    # The packages are installed already; a clone that installs them again is CI's business.
    (checkout / ".venv").symlink_to(Path(sys.prefix))
    site, standin, clients = free_port(), free_port(), free_port()
    printed = folder / "printed"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "DATABASE"))}
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [
                *("make", "demo", f"SITE_PORT={site}", f"STANDIN_PORT={standin}"),
                f"CLIENTS_PORT={clients}",
            ],
            cwd=checkout,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_it_answers(f"http://localhost:{site}/login/", process, printed)
        yield Demo(f"http://localhost:{site}", printed, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def test_press_the_button_pick_a_person_arrive(demo: Demo, page: Page, screenshots: object) -> None:
    page.goto(demo.site)
    page.get_by_role("link", name="Continue with Contoso").first.click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url(f"{demo.site}/")
    expect(page.get_by_text("adele.vance@contoso.com").first).to_be_visible()
    screenshots(page, "demo-home")  # type: ignore[operator]


def test_an_expired_secret_says_that_it_is_not_the_persons_fault(demo: Demo, page: Page) -> None:
    page.goto(f"{demo.site}/login/")
    page.get_by_role("link", name="Continue with Northwind").click()
    page.locator("button[name=person]").first.click()
    expect(page.locator("[data-error-code=secret_rejected]")).to_be_visible()
    expect(page.get_by_text("This is not your fault")).to_be_visible()


def test_the_printed_password_opens_the_admin(demo: Demo, page: Page) -> None:
    text = demo.printed.read_text()
    found = re.search(r"admin\W+(?:password\W+)?(\S{8,})\s*$", text, re.IGNORECASE | re.MULTILINE)
    assert found, text
    page.goto(f"{demo.site}/admin/login/?next=/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(found[1])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Connections", exact=True).first.click()
    expect(page.get_by_text("expires in 12 days")).to_be_visible()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], printed: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, printed.read_text()
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(printed.read_text())
