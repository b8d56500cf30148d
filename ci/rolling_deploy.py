"""Run the previous release and this one side by side on one database, as a rolling deploy does.

    python ci/rolling_deploy.py --database postgres://user:password@127.0.0.1:5432/name \\
        --cache redis://127.0.0.1:6379/10

The previous release sets up the database and signs people in, also while this one migrates. Then
each finishes sign-ins that the other began, accepts the other's sessions and ends them, and an
administrator uses the previous one on the migrated database. The database is created again, under
the given name with the suffix `_rolling`.

Each release has the sub-apps that it has and whose packages are installed: with the provider, a
client gets a code, tokens and the person's claims, each from the other release than before. Of
provisioning, which the previous release may not have, only the migrations are tried; of metrics and
Django REST framework nothing, which have no tables.

The previous release comes from git: the newest tag, or, as long as there is none, the last commit
before the migration named in `FIRST_UNRELEASED`. A clone without that history skips the run.
`tests/migrations/test_upgrading.py` compares the migrated tables with what the previous release
needs, and needs no history.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from cryptography.fernet import Fernet
from load import create_database, free_port

if TYPE_CHECKING:
    from azuread_connections.testing import StandIn
    from azuread_connections.testing.directory.directories import Person

ROOT = Path(__file__).resolve().parent.parent
#: While no release has a tag: the first migration of what is not released.
FIRST_UNRELEASED = "azuread_connections/migrations/0016_setup_links.py"
START_SECONDS = 60
ADMINISTRATOR, PASSWORD = "kai", "only-for-the-rolling-deploy"

#: The packages without which a sub-app is left out.
SUB_APPS = {"provider": "oauth2_provider", "scim": "scim2_models"}
CLIENT, SECRET = "portal", "known-to-the-rolling-deploy-alone-0123456789"
CALLBACK = "https://portal.example/callback"

SETTINGS = f"""
from importlib.util import find_spec
from project.settings import *
SUB_APPS = [
    name
    for name, package in {SUB_APPS}.items()
    if find_spec(package) and find_spec(f"azuread_connections.{{name}}")
]
INSTALLED_APPS += [f"azuread_connections.{{name}}" for name in SUB_APPS]
if "provider" in SUB_APPS:
    INSTALLED_APPS += ["oauth2_provider"]
OAUTH2_PROVIDER = {{"PKCE_REQUIRED": True}}
ROOT_URLCONF = "rolling_urls"
STORAGES = STORAGES | {{
    "staticfiles": {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
}}
"""
URLS = """
from django.conf import settings
from django.urls import include, path
from project.urls import urlpatterns
for name in settings.SUB_APPS:
    prefix = "" if name == "provider" else f"{name}/"
    urlpatterns += [path(prefix, include(f"azuread_connections.{name}.urls"))]
"""


class DeployFailed(Exception):
    """One release could not go on with what the other has written."""


def main() -> None:
    options = parse()
    previous = previous_release()
    if previous is None:
        print(
            "Skipped: this clone has no history of a previous release (git fetch --unshallow). "
            "tests/migrations/test_upgrading.py still compares the tables with what it needs."
        )
        return
    print(f"The previous release: {git('log', '-1', '--format=%h %ad', '--date=short', previous)}")
    name = f"{options.database.rpartition('/')[2]}_rolling"
    create_database(options.database, name)
    sys.path.insert(0, str(ROOT))
    from azuread_connections.testing import StandIn

    with tempfile.TemporaryDirectory() as folder, StandIn() as microsoft:
        temporary = Path(folder)
        (temporary / "rolling_settings.py").write_text(SETTINGS)
        (temporary / "rolling_urls.py").write_text(URLS)
        database = f"{options.database}_rolling"
        os.environ |= environment(temporary, microsoft, database, options.cache)
        old = Release("previous", unpack(previous, temporary / "previous"), temporary)
        new = Release("new", ROOT, temporary)
        deploy(old, new, microsoft)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", required=True, help="URL of a PostgreSQL database")
    parser.add_argument("--cache", required=True, help="URL of a Redis database")
    return parser.parse_args()


# --- The two releases -----------------------------------------------------------------------------


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def previous_release() -> str | None:
    """Return the commit of the previous release; None where git does not know it."""
    tagged = git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^")
    if tagged:
        return tagged
    added = git("log", "--diff-filter=A", "--format=%H", "--", FIRST_UNRELEASED).split()
    if not added:
        return None
    return git("rev-parse", "--verify", "--quiet", f"{added[-1]}^") or None


def unpack(commit: str, folder: Path) -> Path:
    archive = subprocess.run(
        ["git", "archive", commit, "azuread_connections", "project", "templates", "manage.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def environment(temporary: Path, microsoft: StandIn, database: str, cache: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(temporary),
        "DJANGO_SETTINGS_MODULE": "rolling_settings",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": Fernet.generate_key().decode(),
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1",
        # The balancer's address. No request goes there: this program is the balancer.
        "PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
        "DATABASE_URL": database,
        "CACHE_URL": cache,
        "AZUREAD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "AZUREAD_ALLOW_STANDIN": "1",
        "AZUREAD_LOGIN_URL": microsoft.url,
        "AZUREAD_GRAPH_URL": f"{microsoft.url}/graph",
    }


@dataclass(frozen=True)
class Release:
    """The code of one release, and how to run it."""

    name: str
    folder: Path
    temporary: Path

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise DeployFailed(f"{self.name}: {arguments[:2]}: {done.stdout}{done.stderr}")

    @property
    def has_provider(self) -> bool:
        has_code = (self.folder / "azuread_connections" / "provider").is_dir()
        return has_code and find_spec(SUB_APPS["provider"]) is not None

    def manage(self, *arguments: str) -> None:
        self.run("manage.py", *arguments)

    def do(self, code: str) -> None:
        """Run Python code with this release's models."""
        self.run("-c", f"import django; django.setup()\n{code}")

    @contextmanager
    def worker(self) -> Iterator[int]:
        """Serve this release; yields the port."""
        port = free_port()
        log = self.temporary / f"{self.name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "project.wsgi", "--bind"),
                    *(f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4"),
                    *("--log-level", "warning"),
                ],
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(port)
            yield port
            if "Traceback" in log.read_text():
                raise DeployFailed(f"The log of the {self.name} release has a traceback.")
        except Exception:
            print(f"--- {log.name}\n{log.read_text()[-6000:]}", file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(30)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            requests.get(f"http://127.0.0.1:{port}/login/", timeout=10)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise DeployFailed("A worker does not answer.")


# --- A browser whose balancer chooses the worker --------------------------------------------------


class Browser:
    """A browser. Each request names the worker that it is sent to."""

    def __init__(self, microsoft: StandIn) -> None:
        self._microsoft = microsoft
        self._session = requests.Session()
        self._session.trust_env = False
        # Workers see the balancer's name. Cookies go to both: a cookie knows no port.
        self._session.headers["Host"] = urlsplit(os.environ["PUBLIC_URL"]).netloc

    def get(self, port: int, path: str) -> requests.Response:
        url = f"http://127.0.0.1:{port}{path}"
        return self._session.get(url, allow_redirects=False, timeout=60)

    def authorize(self, port: int, verifier: str) -> str:
        """Let the client ask for a code, and return it. The person is signed in."""
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid offline_access",
            "state": "of-the-client",
            "nonce": "of-the-client",
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        answer = self.get(port, f"/authorize?{urlencode(query)}")
        back = answer.headers.get("Location", "")
        require(back.startswith(CALLBACK), f"the client's request answers {described(answer)}")
        return parse_qs(urlsplit(back).query)["code"][0]

    def post(self, port: int, path: str, data: dict[str, str]) -> requests.Response:
        data = data | {"csrfmiddlewaretoken": self._session.cookies.get("csrftoken", "")}
        return self._session.post(
            f"http://127.0.0.1:{port}{path}", data, allow_redirects=False, timeout=60
        )

    def start(self, port: int) -> str:
        """Press the button; return Microsoft's address."""
        answer = self.get(port, "/login/contoso/?next=/")
        require(answer.status_code == 302, f"the start answers {described(answer)}")
        return answer.headers["Location"]

    def finish(self, port: int, authorize_url: str, person: Person) -> None:
        """Choose a person at Microsoft, and return to the site."""
        back = urlsplit(self._microsoft.sign_in(authorize_url, person))
        answer = self.get(port, f"{back.path}?{back.query}")
        require(answer.status_code == 302, f"the callback answers {described(answer)}")

    def sign_in(self, port: int, person: Person) -> None:
        self.finish(port, self.start(port), person)

    def require_person(self, port: int, person: Person | None) -> None:
        profile = self.get(port, "/login/profile").json()
        found = profile.get("object_id")
        require(found == (person.object_id if person else None), f"the session is {profile}")


def token(port: int, **data: str) -> dict[str, str]:
    """Let the client ask for tokens."""
    answer = requests.post(
        f"http://127.0.0.1:{port}/oauth/token",
        {"client_id": CLIENT, "client_secret": SECRET, **data},
        headers={"Host": urlsplit(os.environ["PUBLIC_URL"]).netloc},
        timeout=60,
    )
    require(answer.status_code == 200, f"the token endpoint answers {described(answer)}")
    tokens: dict[str, str] = answer.json()
    return tokens


def require_claims(port: int, access_token: str, subject: str) -> None:
    """Require that userinfo is about the person with this `sub`."""
    answer = requests.get(
        f"http://127.0.0.1:{port}/userinfo",
        headers={
            "Host": urlsplit(os.environ["PUBLIC_URL"]).netloc,
            "Authorization": f"Bearer {access_token}",
        },
        timeout=60,
    )
    require(answer.status_code == 200, f"userinfo answers {described(answer)}")
    found = answer.json().get("sub")
    require(found == subject, f"userinfo is about {found} instead of {subject}")


def subject_of(id_token: str) -> str:
    """Return the `sub` of an ID token, without verifying the token: the provider's tests do."""
    payload = id_token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["sub"])


def described(answer: requests.Response) -> str:
    code = re.search(r'data-error-code="(\w+)"', answer.text)
    return f"HTTP {answer.status_code} {code[1] if code else answer.text[-500:]}"


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DeployFailed(otherwise)


# --- The deploy -----------------------------------------------------------------------------------

SET_UP = """
from django.contrib.auth.models import Group, User
from azuread_connections.models import Application, Connection
connection = Connection.objects.create(
    name="contoso", domain="contoso.com", tenant_id={tenant_id!r}, client_id={client_id!r},
)
connection.pin({tenant_id!r})
connection.credentials.create(value={secret!r})
connection.applications.add(Application.objects.get(slug="default"))
User.objects.create_superuser({administrator!r}, password={password!r})
Group.objects.create(name="Portal users")
"""

CLIENT_SET_UP = """
from azuread_connections.models import Application, Connection
from azuread_connections.provider.models import OAuthClient, OAuthClientSecret
application = Application.objects.create(
    name="Portal", slug="portal", application_type=Application.Type.REGULAR_WEB,
    grant_types=["authorization_code", "refresh_token"], allowed_callback_urls=[{callback!r}],
)
application.connections.set(Connection.objects.all())
client = OAuthClient.objects.register(application, client_id={client!r})
OAuthClientSecret.objects.add(client, {secret!r})
"""

#: What administrators do, with the models of the previous release on the migrated database.
ADMINISTRATION = """
from django.contrib.auth.models import Group
from azuread_connections.models import (
    Application, Connection, DomainAlias, Event, Identity, Revocation,
)
connection = Connection.objects.create(
    name="fabrikam", domain="fabrikam.com", tenant_id="7d1f2c9b-1111-4a3e-8f00-00000000c002",
    client_id="7d1f2c9b-2222-4a3e-8f00-00000000c002",
)
connection.credentials.create(value="Abc8Q~an-example-and-not-a-secret-000001")
DomainAlias.objects.create(connection=connection, domain="fabrikam.example")
connection.group_mappings.create(
    directory_group_id="7d1f2c9b-4444-4a3e-8f00-00000000c002",
    group=Group.objects.get(name="Portal users"),
)
connection.applications.add(Application.objects.get(slug="default"))
connection.display_name = "Fabrikam"
connection.save()
list(Event.objects.all()), list(Identity.objects.all()), list(Revocation.objects.all())
connection.delete()
"""


def deploy(old: Release, new: Release, microsoft: StandIn) -> None:
    directory = microsoft.add_directory("contoso.com")
    callback = f"{os.environ['PUBLIC_URL']}/login/callback"
    app = directory.add_app(redirect_uris=[callback])
    adele, new_person, another, last = (
        directory.add_person(name)
        for name in ("Adele Vance", "Alex Wilber", "Grady Archie", "Lee Gu")
    )
    old.manage("migrate", "--verbosity=0")
    old.do(
        SET_UP.format(
            tenant_id=directory.tenant_id,
            client_id=app.client_id,
            secret=app.secrets[0].value,
            administrator=ADMINISTRATOR,
            password=PASSWORD,
        )
    )
    if old.has_provider:
        old.do(CLIENT_SET_UP.format(callback=CALLBACK, client=CLIENT, secret=SECRET))
    else:
        report("without the provider: the previous release lacks it, or its packages are missing")
    with old.worker() as previous:
        before = Browser(microsoft)
        before.sign_in(previous, adele)
        under_way = Browser(microsoft)
        begun = under_way.start(previous)

        seconds, during = migrate_meanwhile(
            new, lambda: Browser(microsoft).sign_in(previous, adele)
        )
        report(
            f"{during} sign-ins at the previous release while this one migrated ({seconds:.1f} s)"
        )

        before.require_person(previous, adele)
        Browser(microsoft).sign_in(previous, adele)
        Browser(microsoft).sign_in(previous, new_person)
        report("the previous release signs in known and new people on the migrated database")
        old.do(ADMINISTRATION)
        open_admin_pages(previous, microsoft)
        report("the previous release's models and admin pages work on it")

        with new.worker() as current:
            before.require_person(current, adele)
            report("this release accepts the previous one's session")
            under_way.finish(current, begun, adele)
            for port in (current, previous):
                under_way.require_person(port, adele)
            report("this release finishes what the previous one began, and both accept the session")

            back = Browser(microsoft)
            back.finish(previous, back.start(current), another)
            for port in (previous, current):
                back.require_person(port, another)
            report("the previous release finishes what this one began, and both accept the session")

            after = Browser(microsoft)
            after.sign_in(current, last)
            after.require_person(previous, last)
            Browser(microsoft).sign_in(previous, last)
            report("the previous release accepts this one's session, user and identity")

            if old.has_provider:
                for here, there in ((current, previous), (previous, current)):
                    serve_client(after, here, there)
                report("a client gets a code, tokens and claims from both, in turn")

            for signed_out, port, other in ((after, previous, current), (back, current, previous)):
                signed_out.get(port, "/")
                signed_out.post(port, "/login/logout", {})
                signed_out.require_person(other, None)
            report("a sign-out at one release ends the session at the other")
    print("Both releases ran next to each other on one database.")


def serve_client(browser: Browser, here: int, there: int) -> None:
    """Let a client ask one release for what rests on the other's answer."""
    verifier = "the-clients-own-0123456789-0123456789-0123456789"
    code = browser.authorize(here, verifier)
    first = token(
        there,
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=verifier,
    )
    subject = subject_of(first["id_token"])
    require_claims(here, first["access_token"], subject)
    second = token(here, grant_type="refresh_token", refresh_token=first["refresh_token"])
    require_claims(there, second["access_token"], subject)


def migrate_meanwhile(new: Release, sign_in: Callable[[], None]) -> tuple[float, int]:
    """Migrate while people sign in; return how long it took, and how many signed in."""
    finished = threading.Event()
    problems: list[Exception] = []
    done = 0

    def keep_signing_in() -> None:
        nonlocal done
        while not finished.is_set() and not problems:
            try:
                sign_in()
            except Exception as error:
                problems.append(error)
            else:
                done += 1

    thread = threading.Thread(target=keep_signing_in)
    thread.start()
    began = time.monotonic()
    try:
        new.manage("migrate", "--verbosity=0")
    finally:
        finished.set()
        thread.join()
    if problems:
        raise DeployFailed(f"A sign-in failed during the migration: {problems[0]}")
    return time.monotonic() - began, done


def open_admin_pages(port: int, microsoft: StandIn) -> None:
    """Open the previous release's pages of what the migrations have changed."""
    staff = Browser(microsoft)
    staff.get(port, "/admin/login/")
    answer = staff.post(port, "/admin/login/", {"username": ADMINISTRATOR, "password": PASSWORD})
    require(answer.status_code == 302, f"the admin's sign-in answers {described(answer)}")
    for model in ("connection", "event", "identity", "application", "directory"):
        page = staff.get(port, f"/admin/azuread_connections/{model}/")
        require(page.status_code == 200, f"the list of {model} answers {described(page)}")
    add = staff.get(port, "/admin/azuread_connections/connection/add/")
    require(add.status_code == 200, f"the form answers {described(add)}")


def report(text: str) -> None:
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    main()
