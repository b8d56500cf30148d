"""A worker of the demo site in a separate process, to be killed during a sign-in.

``python -m tests.faults.site PORT MOMENT``: at that moment it prints a line and waits to be killed.
``never`` makes it an ordinary worker.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django

#: Names of moments, each with the path of the signal that is sent then.
MOMENTS = {
    "user made": "azuread_connections.signals.user_created",
    "session made": "django.contrib.auth.signals.user_logged_in",
    "committed": "azuread_connections.signals.signed_in",
}


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def main(port: int, moment: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.faults.site_settings"
    django.setup()
    from django.core.wsgi import get_wsgi_application
    from django.utils.module_loading import import_string

    application = get_wsgi_application()
    if moment in MOMENTS:
        import_string(MOMENTS[moment]).connect(_wait_to_be_killed)
    with make_server("127.0.0.1", port, application, handler_class=_Quiet) as server:
        print("ready", flush=True)
        server.serve_forever()


def _wait_to_be_killed(sender: Any, **kwargs: Any) -> None:
    print("now", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
