"""Run the demo: `make demo`, or `python -m project.demo.run`.

Prepares the database, starts the stand-in for Microsoft, the site and its clients, prints what to
try, and stops all of them on Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from .clients import registered
from .data import ADATUM, CONTOSO, NORTHWIND, STAFF_GROUP
from .prepare import ADMIN_USERNAME, write_private

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ENV_FILE = BASE_DIR / ".env"
DATABASE_FILE = BASE_DIR / "db.sqlite3"
DEMO_DIR = BASE_DIR / ".demo"

#: First line of a .env that the demo has written; any other is not changed.
ENV_HEADING = "# Written by make demo."
#: Variables of the caller's shell that would make the demo use another project's data.
NOT_INHERITED = ("SECRET_KEY", "AZUREAD_ENCRYPTION_KEYS", "DATABASE_URL", "CACHE_URL", "ENV_FILE")

#: What the provider, its clients and provisioning need besides (requirements-demo.txt). Without it,
#: the demo runs as the site does that has no clients.
CLIENT_PACKAGES = ("oauth2_provider", "authlib", "scim2_models")

START_SECONDS = 60
STOP_SECONDS = 5
POLL_SECONDS = 0.2


class DemoError(Exception):
    """Why the demo cannot run, in words for the person who started it."""


class Stopped(Exception):
    """Somebody asked the demo to stop."""


@dataclass(frozen=True)
class Ports:
    site: int
    standin: int
    clients: int

    @property
    def clients_url(self) -> str:
        return f"http://localhost:{self.clients}"

    @property
    def site_url(self) -> str:
        return f"http://localhost:{self.site}"

    @property
    def standin_url(self) -> str:
        return f"http://localhost:{self.standin}"

    @property
    def portal_url(self) -> str:
        return f"{self.standin_url}/_standin/portal"


@dataclass(frozen=True)
class Child:
    """A program that the demo started, in its own session, so that Ctrl-C does not reach it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, name: str, arguments: Sequence[str], environment: dict[str, str]) -> Child:
        log = DEMO_DIR / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(name, process, log)

    def require_alive(self) -> None:
        if self.process.poll() is not None:
            raise DemoError(
                f"The {self.name} stopped by itself (exit code {self.process.returncode}). "
                f"Its last words, from {shown(self.log)}:\n{last_lines(self.log)}"
            )

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Demo:
    """The running demo: its children, and whether somebody asked it to stop."""

    def __init__(self, ports: Ports, *, has_clients: bool) -> None:
        self.ports = ports
        self.has_clients = has_clients
        self.children: list[Child] = []
        # A plain flag: an Event's lock would wait for itself if a second signal came while the
        # first one sets it, and `make` passes on a signal that its whole group has already got.
        self.stop_asked = False

    def run(self) -> None:
        """Run until asked to stop (``Stopped``) or until an error (``DemoError``)."""
        check_ports(self.ports, has_clients=self.has_clients)
        write_env_once(self.ports)
        DEMO_DIR.mkdir(mode=0o700, exist_ok=True)
        try:
            self.prepare()
            self.start_servers()
            announce(self.ports, has_clients=self.has_clients)
            while True:
                self.pause()
        finally:
            for child in self.children:
                child.stop()

    def prepare(self) -> None:
        say("Preparing the database and the demo data ...")
        child = Child.start("preparation", ["-m", "project.demo.prepare"], self.environment())
        self.children.append(child)
        while child.process.poll() is None:
            self.sleep()
        if child.process.returncode != 0:
            child.require_alive()
        self.children.remove(child)

    def start_servers(self) -> None:
        say("Starting the stand-in for Microsoft and the site ...")
        environment = self.environment()
        standin = ["manage.py", "azuread_standin", "--host", "localhost"]
        standin += ["--port", str(self.ports.standin)]
        standin += ["--data", str(DEMO_DIR / "standin.json"), "--single-sign-on"]
        site = ["manage.py", "runserver", "--noreload", f"127.0.0.1:{self.ports.site}"]
        self.children.append(Child.start("stand-in", standin, environment))
        self.children.append(Child.start("site", site, environment))
        self.wait_for(self.ports.standin_url)
        self.wait_for(f"{self.ports.site_url}/login/")
        if self.has_clients:
            self.start_clients()

    def start_clients(self) -> None:
        say("Starting the clients ...")
        clients = ["manage.py", "runserver", "--noreload", f"127.0.0.1:{self.ports.clients}"]
        environment = self.environment() | {
            "DJANGO_SETTINGS_MODULE": "project.demo.clients.settings",
            # Authlib refuses to do this without TLS anywhere else than on a developer's machine.
            "AUTHLIB_INSECURE_TRANSPORT": "1",
            "NO_PROXY": "localhost,127.0.0.1",
            "no_proxy": "localhost,127.0.0.1",
        }
        self.children.append(Child.start("clients", clients, environment))
        self.wait_for(self.ports.clients_url)

    def wait_for(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(url):
            if time.monotonic() > deadline:
                raise DemoError(f"{url} does not answer. See the logs in {shown(DEMO_DIR)}/.")
            self.pause()

    def sleep(self) -> None:
        time.sleep(POLL_SECONDS)
        if self.stop_asked:
            raise Stopped

    def pause(self) -> None:
        self.sleep()
        for child in self.children:
            child.require_alive()

    def environment(self) -> dict[str, str]:
        """The children's environment: the lasting values of .env, and the addresses of this run."""
        inherited = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": f"project.{'demo.' if self.has_clients else ''}settings",
            "DJANGO_RUNSERVER_HIDE_WARNING": "true",
            "PYTHONUNBUFFERED": "1",
            **addresses(self.ports),
        }


def addresses(ports: Ports) -> dict[str, str]:
    return {
        "DEBUG": "1",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "PUBLIC_URL": ports.site_url,
        "CLIENTS_URL": ports.clients_url,
        "AZUREAD_LOGIN_URL": ports.standin_url,
        "AZUREAD_GRAPH_URL": f"{ports.standin_url}/graph",
        # The stand-in's DNS server has the number of its HTTP port, by UDP.
        "AZUREAD_DNS_SERVERS": f"127.0.0.1:{ports.standin}",
    }


def write_env_once(ports: Ports) -> None:
    """Write .env at the first run; later runs need its key to read the stored secrets."""
    if ENV_FILE.exists():
        if not ENV_FILE.read_text().startswith(ENV_HEADING):
            raise DemoError(
                ".env was not written by the demo, so it may belong to a site with real data. "
                "Move it away, then run make demo again."
            )
        return
    if DATABASE_FILE.exists():
        raise DemoError(
            "db.sqlite3 is here, but .env with the key to the secrets in it is gone. "
            "Move db.sqlite3 away, then run make demo again."
        )
    values = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "AZUREAD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        **addresses(ports),
    }
    lines = [f"{ENV_HEADING} Safe to delete together with db.sqlite3: `make clean`."]
    lines += [f"{name}={value}" for name, value in values.items()]
    write_private(ENV_FILE, "\n".join(lines) + "\n")


def check_ports(ports: Ports, *, has_clients: bool) -> None:
    wanted = {"SITE_PORT": ports.site, "STANDIN_PORT": ports.standin}
    if has_clients:
        wanted["CLIENTS_PORT"] = ports.clients
    if len(set(wanted.values())) < len(wanted):
        raise DemoError(f"{', '.join(wanted)}: each needs a port of its own.")
    taken = [f"{port} ({name})" for name, port in wanted.items() if not port_is_free(port)]
    if taken:
        raise DemoError(
            f"Already in use: port {' and port '.join(taken)}. Stop what uses it, or choose "
            "others:\n\n    make demo SITE_PORT=8010 STANDIN_PORT=8011 CLIENTS_PORT=8012"
        )


def port_is_free(port: int) -> bool:
    """Whether this port of "localhost" is free, for IPv4 and for IPv6, which browsers also try."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                if probe.connect_ex((host, port)) == 0:
                    return False
        except OSError:
            continue  # no IPv6 on this machine
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(url: str) -> bool:
    """Whether a server answers there, with any status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def announce(ports: Ports, *, has_clients: bool) -> None:
    password = (DEMO_DIR / "admin-password").read_text().strip()
    python = shown(Path(sys.executable))
    say(f"""
The demo runs.

  Site            {ports.site_url}/
  Administration  {ports.site_url}/admin/  as {ADMIN_USERNAME}, password {password}
  Stand-in        {ports.standin_url}/  (plays Microsoft's part)
  Portal          {ports.portal_url}/  (plays the Microsoft Entra admin center)
{list_of_clients(ports) if has_clients else WITHOUT_CLIENTS}

What to try:

  1. Open the site, press "Continue with Contoso" and pick a person: you arrive signed in.
  2. "Continue with Northwind" shows what an expired client secret does. To repair it, open
     Northwind in the administration and paste a new Client Secret, with an expiry date such
     as {new_secret_date():%Y-%m-%d}:
     {NORTHWIND.secrets[1].value}
  3. "Continue with Fabrikam" signs in through the older identity API (v1.0).
  4. On the sign-in page, type an address at {CONTOSO.aliases[0]}: the domain leads to Contoso.
  5. Look at the people of Contoso in the administration: their job titles and groups came with
     them, and the group "{CONTOSO.staff}" put them into the Django group "{STAFF_GROUP}".
  6. In another terminal, list the secrets that need care:
     {python} manage.py check_secrets
  7. {ADATUM.name} ({ADATUM.domain}) has no connection yet, and no app. Let its administrator do it
     all: press "Invite a customer" under Connections in the administration, or run
     {python} manage.py create_setup_link --name {ADATUM.name} --application default
     Open the link in another browser. Its pages lead to {ADATUM.name}'s part of the portal, at
     {ports.portal_url}/{ADATUM.domain}/
     You approve the connection under Set-up links in the administration.
{clients_to_try(ports) if has_clients else ""}
Logs are in {shown(DEMO_DIR)}/. Press Ctrl-C to stop.""")


def clients_to_try(ports: Ports) -> str:
    return f"""\
  8. Sign in to the web application: the site asks nothing again if you are signed in there.
     Then remove Contoso from "{registered.WEB.name}" under Applications in the administration,
     and press Refresh in the web application: it is refused.
  9. Let Contoso report who joins and who leaves (SCIM). Open
     {ports.standin_url}/_standin/provisioning
     and press "Run a cycle": its people and groups are in the administration, under Provisioning.
     Sign in as one of them in another browser, disable that person there, run another cycle, and
     load the page again: the person is signed out.
"""


WITHOUT_CLIENTS = """
Its clients are left out: pip install -r requirements-demo.txt brings what they need."""


def list_of_clients(ports: Ports) -> str:
    return f"""
Applications elsewhere that sign in at the site:

  Web application {ports.clients_url}/web/  (Authlib; for all three companies)
  Single page     {ports.clients_url}/spa/  (oidc-client-ts; for Contoso only)
  Machine         {ports.clients_url}/machine/  (calls an API by its client ID and secret)"""


def new_secret_date() -> date:
    """When Northwind's second secret expires."""
    return datetime.now(UTC).date() + timedelta(days=NORTHWIND.secrets[1].days)


def last_lines(log: Path, count: int = 20) -> str:
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines)


def shown(path: Path) -> str:
    """A path relative to the top of the checkout."""
    try:
        return str(path.relative_to(BASE_DIR))
    except ValueError:
        return str(path)


def say(text: str) -> None:
    print(text, flush=True)


def port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (1 to 65535)")
    return number


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m project.demo.run", description=__doc__)
    parser.add_argument("--site-port", type=port, default=8000)
    parser.add_argument("--standin-port", type=port, default=8001)
    parser.add_argument("--clients-port", type=port, default=8002)
    options = parser.parse_args()
    ports = Ports(options.site_port, options.standin_port, options.clients_port)
    demo = Demo(ports, has_clients=all(find_spec(name) for name in CLIENT_PACKAGES))

    def ask_to_stop(*_: Any) -> None:
        demo.stop_asked = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    try:
        demo.run()
    except Stopped:
        say("\nStopped.")
        return 0
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
