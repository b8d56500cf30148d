"""The site of this process, called by WSGI without a network between."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from benchmarks.browser import Answer
from benchmarks.peers import CLIENT_SECRET, DOMAIN, OURS, TENANT_ID


class WsgiSite:
    """Calls the application as a server does, request by request."""

    def __init__(self) -> None:
        self._application = get_wsgi_application()

    def send(
        self, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b""
    ) -> Answer:
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": headers[name] for name in headers}
        begun: dict[str, Any] = {}

        def start_response(status: str, pairs: list[tuple[str, str]], *_: Any) -> Any:
            begun["status"] = int(status.split(maxsplit=1)[0])
            begun["headers"] = [(name.lower(), value) for name, value in pairs]

        response = self._application(environ, start_response)
        content = b"".join(response)
        response.close()
        return Answer(begun["status"], begun["headers"], content)


def prepare() -> None:
    """Create the tables, and for this app the connection that the others have in settings."""
    call_command("migrate", verbosity=0)
    if os.environ["DJANGO_SETTINGS_MODULE"] == OURS.settings:
        add_connection("contoso", OURS.client_id)


def add_connection(name: str, client_id: str) -> Any:
    from azuread_connections.models import Application, Connection, Credential

    connection = Connection.objects.create(
        name=name,
        display_name=name.capitalize(),
        domain=DOMAIN,
        tenant_id=TENANT_ID,
        client_id=client_id,
    )
    connection.pin(TENANT_ID)
    Credential.objects.create(connection=connection, value=CLIENT_SECRET)
    connection.applications.add(Application.objects.get(slug="default"))
    return connection


def of_peer(function: str) -> Callable[..., Any]:
    """Return a function of the module ``clients`` in the measured package's folder."""
    package = os.environ["DJANGO_SETTINGS_MODULE"].rpartition(".")[0]
    found: Callable[..., Any] = import_string(f"{package}.clients.{function}")
    return found


def megabytes() -> float:
    """The memory of this process."""
    with open("/proc/self/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return kilobytes / 1024


def count_users() -> int:
    """How many people have an account: a returning person adds none."""
    return get_user_model()._default_manager.count()


def database_vendor() -> str:
    return str(settings.DATABASES["default"]["ENGINE"]).rpartition(".")[2]
