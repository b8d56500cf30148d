"""Build the distributions, install the wheel into a new project as the README says, and sign
somebody in. Then add the extras, and check the types of a site that uses the package.

Run from the top of the checkout: `python ci/wheel_acceptance.py`. Everything it writes is in a
temporary folder. The README's code blocks that follow a comment such as
`<!-- acceptance: settings -->` are used unchanged, so that the README stays true.
"""

from __future__ import annotations

import contextlib
import html.parser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import distributions
import requests
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
CONSUMER = ROOT / "ci" / "consumer"
SITE = "newsite"

TENANT_ID = "7d1f2c9b-1111-4a3e-8f00-00000000c001"
CLIENT_ID = "7d1f2c9b-2222-4a3e-8f00-00000000c001"
OBJECT_ID = "7d1f2c9b-3333-4a3e-8f00-00000000c001"
CLIENT_SECRET = "Acc8Q~only-for-the-acceptance-of-the-wheel"
ENCRYPTION_KEY = Fernet.generate_key().decode()
PERSON = "Adele Vance"
EMAIL = "adele.vance@contoso.com"

START_SECONDS = 60

#: A user model as bare as Django allows: an email, and nothing of staff, groups or names.
PEOPLE_MODELS = """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Person(AbstractBaseUser):
    email = models.EmailField(unique=True)
    USERNAME_FIELD = EMAIL_FIELD = "email"
    objects = BaseUserManager()
"""

#: What differs in this project from the README: its addresses, its users, and that
#: every view asks for a sign-in unless it says otherwise.
SITE_SETTINGS = """
INSTALLED_APPS += ["people"]
AUTH_USER_MODEL = "people.Person"
MIDDLEWARE += ["django.contrib.auth.middleware.LoginRequiredMiddleware"]
AZUREAD_CONNECTIONS |= {{
    "PUBLIC_URL": "{site_url}",
    "LOGIN_URL": "{standin_url}",
    "GRAPH_URL": "{standin_url}",
}}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder)
        step("Building the source distribution, and from it the wheel")
        wheel = distributions.build(temporary)
        python = install(wheel, temporary / "venv")
        site_url, standin_url = (f"http://localhost:{port}" for port in free_ports(2))
        project = start_project(python, temporary, site_url, standin_url)
        check_project(project)
        with servers(project, site_url, standin_url):
            sign_in(site_url)
        check_types(python, wheel, temporary)
    step("A person signed in to a new project with the installed wheel.")


# --- The wheel ------------------------------------------------------------------------------------


def install(wheel: Path, venv: Path) -> Path:
    step("Installing it into a new environment")
    run([sys.executable, "-m", "venv", venv])
    python = venv / "bin" / "python"
    run([python, "-m", "pip", "install", "-q", wheel])
    return python


def check_types(python: Path, wheel: Path, temporary: Path) -> None:
    """mypy, strictly, on a site that uses each extra and every public name."""
    step("Adding the extras, and checking the types of a site")
    extras = f"{wheel}[provider,scim,rest,metrics]"
    run([python, "-m", "pip", "install", "-q", extras, "-r", CONSUMER / "requirements.txt"])
    # Away from the checkout, whose package would be found first.
    shutil.copytree(CONSUMER, temporary / "types" / "consumer")
    command = [python, "-m", "mypy", "--config-file", "consumer/mypy.toml"]
    run(command, cwd=temporary / "types", env=clean_environment())


# --- The project ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Project:
    """A project as `startproject` makes it, with the README's additions."""

    python: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [str(self.python), "manage.py", *arguments]

    def manage(self, *arguments: str) -> None:
        run(self.command(*arguments), cwd=self.folder, env=clean_environment())


def start_project(python: Path, temporary: Path, site_url: str, standin_url: str) -> Project:
    step("Starting a project and adding what the README says")
    run([python.parent / "django-admin", "startproject", SITE], cwd=temporary)
    folder = temporary / SITE
    (folder / "people" / "migrations").mkdir(parents=True)
    (folder / "people" / "__init__.py").touch()
    (folder / "people" / "migrations" / "__init__.py").touch()
    (folder / "people" / "models.py").write_text(PEOPLE_MODELS)
    ours = SITE_SETTINGS.format(site_url=site_url, standin_url=standin_url)
    append(folder / SITE / "settings.py", readme_block("settings"), ours)
    append(folder / SITE / "urls.py", readme_block("urls"))
    return Project(python, folder)


def readme_block(name: str) -> str:
    """The fenced code that follows `<!-- acceptance: name -->` in the README."""
    pattern = rf"<!-- acceptance: {name} -->\s*```\w*\n(.*?)```"
    found = re.findall(pattern, (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    require(len(found) == 1, f"README.md needs one block marked acceptance: {name}")
    return textwrap.dedent(found[0])


def append(file: Path, *texts: str) -> None:
    file.write_text("\n\n".join([file.read_text(), *texts]))


def check_project(project: Project) -> None:
    step("Migrating, checking and importing a connection")
    project.manage("makemigrations", "--verbosity=0", "people")
    project.manage("makemigrations", "--check", "--dry-run", "--verbosity=0")
    project.manage("migrate", "--verbosity=0")
    project.manage("check", "--fail-level=WARNING")
    write_json(project.folder / "connections.json", connections())
    project.manage("import_connections", "connections.json")
    project.manage("check_secrets", "--fail-on=expired")


def connections() -> list[dict[str, object]]:
    return [
        {
            "name": "contoso",
            "strategy": "waad",
            "display_name": "Contoso",
            "show_as_button": True,
            "options": {
                "tenant_domain": "contoso.com",
                "identity_api": "microsoft-identity-platform-v2.0",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
            },
            "enabled_clients": ["default"],
        }
    ]


def standin_data(redirect_uri: str) -> dict[str, object]:
    person = {"object_id": OBJECT_ID, "name": PERSON, "upn": EMAIL, "mail": EMAIL}
    application = {
        "client_id": CLIENT_ID,
        "name": "New site",
        "redirect_uris": [redirect_uri],
        "secrets": [{"value": CLIENT_SECRET}],
    }
    directory = {
        "domain": "contoso.com",
        "name": "Contoso",
        "tenant_id": TENANT_ID,
        "people": [person],
        "applications": [application],
    }
    return {"directories": [directory]}


# --- The sign-in


@contextlib.contextmanager
def servers(project: Project, site_url: str, standin_url: str) -> Iterator[None]:
    """The new project's site and the stand-in that came with the wheel, both on real sockets."""
    data = project.folder / "standin.json"
    write_json(data, standin_data(f"{site_url}/login/callback"))
    with (
        server(project, "azuread_standin", "--port", port_of(standin_url), "--data", str(data)),
        server(project, "runserver", "--noreload", f"127.0.0.1:{port_of(site_url)}"),
    ):
        wait_for(standin_url)
        wait_for(f"{site_url}/login/")
        yield


@contextlib.contextmanager
def server(project: Project, *arguments: str) -> Iterator[None]:
    log = project.folder / f"{arguments[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            project.command(*arguments),
            cwd=project.folder,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    except BaseException:
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait()


def sign_in(site_url: str) -> None:
    step("Signing in")
    browser = requests.Session()
    browser.trust_env = False
    profile_url = f"{site_url}/login/profile"
    before = browser.get(profile_url)
    require(before.status_code == 401, f"without a sign-in the profile answers {before}")
    page = browser.get(f"{site_url}/login/contoso/", params={"next": "/login/profile"})
    require(page.ok, f"the stand-in answers {page}: {page.text[-2000:]}")
    arrived = choose(browser, page, OBJECT_ID)
    require(arrived.url == profile_url, f"the sign-in ended at {arrived.url}: {arrived.text}")
    profile = arrived.json()
    require(profile["user"]["email"] == EMAIL, f"another user: {profile}")
    got = (profile["connection"], profile["directory"], profile["object_id"])
    require(got == ("contoso", TENANT_ID, OBJECT_ID), f"another identity: {profile}")


class Picker(html.parser.HTMLParser):
    """The stand-in's account picker: its form's address and hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("data-standin") == "picker":
            self.action = values["action"]
        elif self.action and tag == "input" and values.get("type") == "hidden":
            self.fields[values["name"]] = values["value"]


def choose(browser: requests.Session, page: requests.Response, person: str) -> requests.Response:
    """Press somebody's button on the account picker, and follow the redirects."""
    picker = Picker(page.text)
    require(bool(picker.action), f"no account picker at {page.url}: {page.text[-2000:]}")
    return browser.post(urljoin(page.url, picker.action), data=picker.fields | {"person": person})


# --- Small things ---------------------------------------------------------------------------------


def run(command: list[object], cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    subprocess.run([str(part) for part in command], cwd=cwd, env=env, check=True)


def clean_environment() -> dict[str, str]:
    """This process's environment without the variables that make Django use the checkout, and with
    the key that the README's settings read."""
    misleading = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")
    inherited = {name: value for name, value in os.environ.items() if name not in misleading}
    return inherited | {"AZUREAD_ENCRYPTION_KEY": ENCRYPTION_KEY}


def free_ports(count: int) -> list[str]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [str(one.getsockname()[1]) for one in sockets]


def port_of(url: str) -> str:
    return url.rpartition(":")[2]


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(url, timeout=5)
            return
        except requests.RequestException:
            require(time.monotonic() < deadline, f"{url} does not answer")
            time.sleep(0.2)


def write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2))


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(f"wheel acceptance: {otherwise}")


def step(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
