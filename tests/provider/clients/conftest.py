from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import requests
from django.urls import clear_url_caches
from playwright.sync_api import Browser, Page

from azuread_connections.models import Application
from tests.browser.conftest import close
from tests.company import Company
from tests.entra.raw_server import RawServer
from tests.provider.clients import process
from tests.provider.clients.pages import MODULES, SCRIPTS, PageServer, is_installed
from tests.provider.clients.person import Person
from tests.provider.clients.site import Site, ending_tls, tls_context, write_certificate
from tests.provider.relying_party import RelyingParty

IS_REQUIRED = bool(os.environ.get("CI") or os.environ.get("REQUIRE_JS"))


@pytest.fixture(scope="session")
def libraries() -> Path:
    """The packages of tests/provider/js, which `make test-provider` installs."""
    if not is_installed():
        _lacking("tests/provider/js/node_modules is missing: run make test-provider")
    return MODULES


@pytest.fixture(scope="session")
def node(libraries: Path) -> str:
    """Node.js: that of requirements-node.txt if it is installed, otherwise the machine's."""
    bundled = Path(sys.prefix) / "bin" / "node"
    found = str(bundled) if bundled.is_file() else shutil.which("node")
    if found is None:
        return _lacking("there is no Node.js: run make test-provider")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.strip().lstrip("v").partition(".")[0]) < 20:
        return _lacking(f"{found} is too old: run make test-provider")
    return found


def _lacking(reason: str) -> NoReturn:
    if IS_REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _addresses_are_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser and some of the clients are in this process, and note what they open."""
    for name in ("urllib3.connectionpool", "authlib"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "localhost.pem")


@pytest.fixture
def site(
    live_server: Any, transactional_db: None, contoso: Company, certificate: Path, settings: Any
) -> Iterator[Site]:
    """The provider at the root of a site with TLS, to which Contoso's people sign in."""
    server = RawServer(ending_tls(urlsplit(live_server.url).port), tls_context(certificate))
    found = Site(f"localhost:{urlsplit(server.url).port}", certificate)
    settings.ROOT_URLCONF = "tests.provider.root_urls"
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": found.url}
    contoso.app.redirect_uris.append(f"{found.url}/login/callback")
    clear_url_caches()
    yield found
    server.stop()


@pytest.fixture
def person(contoso: Company, certificate: Path) -> Iterator[Person]:
    # Closed, so that the server's thread ends with its connection to the database.
    with requests.Session() as session:
        session.trust_env = False  # a proxy, and other authorities
        session.verify = str(certificate)
        yield Person(contoso, session)


@pytest.fixture
def run_client(site: Site) -> Callable[..., dict[str, Any]]:
    """Run a program as a client of the site."""

    def run(
        command: Sequence[str],
        party: RelyingParty,
        opens: Callable[[str], str] = str,
        **settings: Any,
    ) -> dict[str, Any]:
        given = {
            "issuer": site.issuer,
            "client_id": party.client_id,
            "client_secret": party.secret,
            "redirect_uri": party.callback,
            **settings,
        }
        return process.run(command, given, opens=opens, certificate=site.certificate)

    return run


@pytest.fixture
def run_script(
    node: str, run_client: Callable[..., dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
    """Run a script of tests/provider/js as a client of the site."""
    return lambda script, *args, **kw: run_client([node, str(SCRIPTS / script)], *args, **kw)


@pytest.fixture
def serve_page(libraries: Path) -> Iterator[Callable[[str], PageServer]]:
    """Serve a page with one of the libraries for browsers."""
    servers: list[PageServer] = []

    def serve(library: str) -> PageServer:
        servers.append(PageServer(library))
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    close(context)


@pytest.fixture
def spa_at(contoso: Company) -> Callable[[str], RelyingParty]:
    """Register a single-page application with an origin: /callback, /bye."""

    def register(origin: str, **options: Any) -> RelyingParty:
        party = RelyingParty.create(
            contoso,
            application_type=Application.Type.SPA,
            callback=f"{origin}/callback",
            web_origins=[origin],
            **options,
        )
        party.application.allowed_logout_urls = [f"{origin}/bye"]
        party.application.save()
        return party

    return register
