"""The demo, run from a copy of the checkout as a separate program."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests

from azuread_connections.testing.browser.client import next_address, press
from project.demo import data
from project.demo.run import CLIENT_PACKAGES

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("azuread_connections", "project", "templates")
NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
WAIT_SECONDS = 60


#: The demo's clients need packages that are not installed where the core is tested without them.
HAS_CLIENTS = all(find_spec(name) for name in CLIENT_PACKAGES)


class Known:
    """A company's data in the stand-in."""

    def __init__(self, company: data.Company) -> None:
        self.directory = data.directory(company, "http://localhost:8000/login/callback", NOW)
        self.names = {p["upn"]: p["name"] for p in self.directory["people"]}
        self.groups = {group["name"]: group for group in self.directory["groups"]}

    def all_members(self, group: str) -> set[str]:
        inside = (self.all_members(name) for name in self.groups[group]["groups"])
        own = {self.names[upn] for upn in self.groups[group]["members"]}
        return own.union(*inside)


class TestData:
    def test_two_dozen_people_work_at_three_companies(self) -> None:
        people = Counter(company.name for company in data.COMPANIES for _ in company.people)
        assert people.keys() == {"Contoso", "Fabrikam", "Northwind"}
        assert people.total() == 24

    def test_no_two_things_share_an_id(self) -> None:
        known = data.standin_data(redirect_uri="http://localhost:8000/login/callback", now=NOW)
        ids = Counter(
            identifier
            for directory in known["directories"]
            for identifier in (
                directory["tenant_id"],
                *(person["object_id"] for person in directory["people"]),
                *(group["object_id"] for group in directory["groups"]),
                *(app["client_id"] for app in directory["applications"]),
            )
        )
        assert ids.total() == 28 + 6 + 4 + 3
        assert set(ids.values()) == {1}

    def test_adatum_has_an_administrator_but_no_app_and_no_connection(self) -> None:
        adatum = data.directory(data.ADATUM, "http://localhost:8000/login/callback", NOW)
        assert adatum["applications"] == []
        assert [p["name"] for p in adatum["people"] if p["admin"]] == ["Cameron White"]
        assert data.ADATUM.name not in {each["display_name"] for each in data.connections(now=NOW)}

    def test_contosos_secret_expires_in_twelve_days_at_any_hour_of_today(self) -> None:
        for hour in (0, 12, 23):
            now = NOW.replace(hour=hour)
            contoso = data.connection(data.CONTOSO, now)["options"]
            left = datetime.fromisoformat(contoso["client_secret_expires_at"]) - now
            assert left.days == 12

    def test_northwinds_secret_expired_in_the_site_and_at_microsoft(self) -> None:
        recorded = data.connection(data.NORTHWIND, NOW)["options"]["client_secret_expires_at"]
        registered = data.directory(data.NORTHWIND, "", NOW)["applications"][0]["secrets"]
        assert recorded == registered[0]["expires_at"]
        assert datetime.fromisoformat(recorded) < NOW - timedelta(days=8)
        assert datetime.fromisoformat(registered[1]["expires_at"]) > NOW

    def test_all_of_contosos_staff_is_reached_through_groups_within_groups(self) -> None:
        contoso = Known(data.CONTOSO)
        agency = {"Alex Wilber"}
        assert contoso.all_members("All staff") == set(data.CONTOSO.people) - agency
        assert contoso.groups["All staff"]["members"] == []
        (mapping,) = data.connection(data.CONTOSO, NOW)["options"]["azuread_connections"][
            "group_mappings"
        ]
        assert mapping["directory_group_id"] == contoso.groups["All staff"]["object_id"]

    def test_only_the_secrets_date_of_a_known_connection_is_imported_again(self) -> None:
        contoso, fabrikam, _northwind = data.connections(now=NOW, known={"contoso"})
        assert contoso["options"].keys() == {"client_secret", "client_secret_expires_at"}
        assert "display_name" not in contoso
        assert "enabled_clients" not in contoso
        assert fabrikam == data.connection(data.FABRIKAM, NOW)

    def test_fabrikam_has_no_recorded_expiry(self) -> None:
        options = data.connection(data.FABRIKAM, NOW)["options"]
        assert "client_secret_expires_at" not in options
        assert options["identity_api"] == "azure-active-directory-v1.0"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's files, where the demo writes its own."""
    folder = tmp_path_factory.mktemp("a clone")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    return folder


Ports = tuple[int, int, int]


@pytest.fixture
def ports() -> Ports:
    return free_ports()


def free_ports() -> Ports:
    """One for the site, one for the stand-in, one for the clients."""
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        for each in (one, two, three):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1], three.getsockname()[1]


class Run:
    """One `python -m project.demo.run`."""

    def __init__(
        self, checkout: Path, site_port: int, standin_port: int, clients_port: int
    ) -> None:
        self.site_url = f"http://localhost:{site_port}"
        self.standin_url = f"http://localhost:{standin_port}"
        self.clients_url = f"http://localhost:{clients_port}"
        self.folder = checkout
        self.output = ""
        # The suite's own settings and database must not reach the demo.
        ours = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "project.demo.run"),
                *("--site-port", str(site_port), "--standin-port", str(standin_port)),
                *("--clients-port", str(clients_port)),
            ],
            cwd=checkout,
            env={name: value for name, value in os.environ.items() if name not in ours},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return self.output
        pytest.fail(f"The demo ended before it said {text!r}:\n{self.output}")

    def end(self, number: signal.Signals | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        self.output += self.process.communicate(timeout=WAIT_SECONDS)[0]
        return self.process.returncode


@pytest.fixture
def demo(checkout: Path, ports: Ports) -> Iterator[Run]:
    run = Run(checkout, *ports)
    try:
        yield run
    finally:
        run.process.terminate()
        run.end()


@pytest.fixture(scope="module")
def running(checkout: Path) -> Iterator[Run]:
    """One demo that several tests look at."""
    run = Run(checkout, *free_ports())
    try:
        run.read_until("Press Ctrl-C to stop")
        yield run
    finally:
        run.process.terminate()
        run.end()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sign_in(
    site_url: str, connection: str, address: str, session: requests.Session | None = None
) -> requests.Response:
    """Press the connection's button and pick the person, as a browser would."""
    with nullcontext(session) if session else requests.Session() as browser:
        start = browser.get(f"{site_url}/login/{connection}/?next=/", allow_redirects=False)
        person = {"person": data.stable_guid(address)}
        return browser.get(press(start.headers["Location"], person, browser))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_runs_twice_and_stops_cleanly(
    demo: Run, checkout: Path, ports: Ports, number: signal.Signals
) -> None:
    said = demo.read_until("Press Ctrl-C to stop")
    assert re.search(r"as admin, password \S{12,}", said)

    front = requests.get(f"{demo.site_url}/")
    assert all(f"Continue with {c.name}" in front.text for c in data.COMPANIES)
    assert requests.get(f"{demo.site_url}/static/project/site.css").ok
    home = sign_in(demo.site_url, "contoso", "adele.vance@contoso.com")
    assert home.url == f"{demo.site_url}/"
    assert "Adele Vance" in home.text
    log = (checkout / ".demo" / "site.log").read_text()
    assert "GET /login/callback?… " in log
    assert "code=" not in log

    assert demo.end(number) == 0
    assert "Stopped." in demo.output
    assert not any(listens(port) for port in ports)


def test_the_text_says_what_to_paste_with_which_date(running: Run) -> None:
    new_secret = data.NORTHWIND.secrets[1]
    date = (datetime.now(UTC) + timedelta(days=new_secret.days)).date()
    said = " ".join(running.output.split())
    assert f"with an expiry date such as {date}: {new_secret.value}" in said


def test_the_printed_address_of_adatum_opens_its_admin_center(running: Run) -> None:
    (address,) = re.findall(r"http://\S+/_standin/portal/\S+", running.output)
    page = requests.get(address, timeout=10).text
    assert data.ADATUM.tenant_id in page
    assert "Applications: 0" in page


def test_the_clients_are_listed_or_it_says_what_they_need(running: Run) -> None:
    """The rest of the demo does not need them."""
    if HAS_CLIENTS:
        assert f"{running.clients_url}/web/" in running.output
        assert requests.get(running.clients_url).ok
    else:
        assert "pip install -r requirements-demo.txt" in running.output
        assert running.clients_url not in running.output


def test_the_page_names_the_hash_of_the_library_that_it_loads() -> None:
    folder = ROOT / "project" / "demo" / "clients"
    pages = (folder / "pages.py").read_text()
    (library,) = (folder / "static/clients/vendor").glob("*.js")
    digest = base64.b64encode(hashlib.sha256(library.read_bytes()).digest()).decode()
    assert f'LIBRARY = "clients/vendor/{library.name}"' in pages
    assert f'LIBRARY_HASH = "sha256-{digest}"' in pages


def test_the_stand_in_says_its_address_as_people_type_it(running: Run, checkout: Path) -> None:
    log = (checkout / ".demo" / "stand-in.log").read_text()
    assert "runs at http://localhost:" in log
    assert "127.0.0.1" not in log.splitlines()[0]


@pytest.mark.parametrize(
    ("address", "groups", "is_staff"),
    [
        ("johanna.lorenz@contoso.com", {"Sales Europe", "Sales", "All staff"}, True),
        ("alex.wilber@contoso.com", set(), False),
    ],
)
def test_contosos_people_bring_job_title_and_groups(
    running: Run, checkout: Path, address: str, groups: set[str], is_staff: bool
) -> None:
    with requests.Session() as browser:
        sign_in(running.site_url, "contoso", address, browser)
        profile = browser.get(f"{running.site_url}/login/profile").json()
    assert profile["profile"]["job_title"]
    assert profile["profile"]["company"] == "Contoso"
    assert groups <= {group["name"] for group in profile["groups"]}
    assert bool({"All staff"} & {group["name"] for group in profile["groups"]}) is is_staff
    with closing(sqlite3.connect(checkout / "db.sqlite3")) as database:
        rows = database.execute(
            "SELECT g.name FROM auth_group g JOIN auth_user_groups m ON m.group_id = g.id "
            "JOIN auth_user u ON u.id = m.user_id WHERE u.username = ?",
            [profile["user"]["username"]],
        ).fetchall()
    assert rows == ([("Staff",)] if is_staff else [])


def test_an_alias_selects_contoso(running: Run) -> None:
    with requests.Session() as browser:
        page = browser.get(f"{running.site_url}/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        answer = browser.post(
            page.url,
            data={"email": "lee.gu@contoso.net", "csrfmiddlewaretoken": token[1]},
            allow_redirects=False,
        )
    assert next_address(answer).startswith(running.standin_url)
    assert data.CONTOSO.client_id in next_address(answer)


def test_fabrikams_people_sign_in_by_the_older_api(running: Run) -> None:
    assert (
        "Lynne Robbins" in sign_in(running.site_url, "fabrikam", "lynne.robbins@fabrikam.com").text
    )


def test_northwind_shows_what_an_expired_secret_does(running: Run) -> None:
    page = sign_in(running.site_url, "northwind", "miriam.graham@northwindtraders.com")
    assert page.status_code == 502
    assert 'data-error-code="secret_rejected"' in page.text


def test_the_printed_password_opens_the_administration(running: Run) -> None:
    password = re.search(r"password (\S+)", running.output)
    assert password
    with requests.Session() as browser:
        page = browser.get(f"{running.site_url}/password/?next=/admin/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"username": "admin", "password": password[1], "next": "/admin/"}
        arrived = browser.post(page.url, data=form | {"csrfmiddlewaretoken": token[1]})
    assert arrived.url == f"{running.site_url}/admin/"
    assert arrived.ok


def test_taken_ports_are_named_with_the_variable_that_changes_them(
    checkout: Path, ports: Ports
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        run = Run(checkout, ports[0], taken, ports[2])
        assert run.end() == 1
    assert f"port {taken} (STANDIN_PORT)" in run.output
    assert "make demo SITE_PORT=" in run.output


def test_signals_that_come_in_crowds_stop_it_too(demo: Run, ports: Ports) -> None:
    """Under `make` the runner gets Ctrl-C twice, and an impatient person presses it again."""
    demo.read_until("Press Ctrl-C to stop")
    for number in (signal.SIGTERM, signal.SIGINT) * 100:
        demo.process.send_signal(number)
    assert demo.end() == 0
    assert not any(listens(port) for port in ports)


def test_a_child_that_dies_ends_the_demo(demo: Run, ports: Ports) -> None:
    demo.read_until("Press Ctrl-C to stop")
    children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children")
    if not children.exists():
        pytest.skip("the children of a process are not listed on this system")
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    assert demo.end() == 1
    assert "The stand-in stopped by itself" in demo.output
    assert not any(listens(port) for port in ports)


def test_somebody_elses_env_file_is_left_alone(tmp_path: Path, ports: Ports) -> None:
    shutil.copytree(ROOT / "project", tmp_path / "project")
    env = tmp_path / ".env"
    env.write_text("SECRET_KEY=of-a-real-site\n")
    run = Run(tmp_path, *ports)
    assert run.end() == 1
    assert ".env was not written by the demo" in run.output
    assert env.read_text() == "SECRET_KEY=of-a-real-site\n"
