"""Another Django site, made of a recipe: ``python -m tests.provider.clients.django_site``."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from tests.provider.clients.session import open_in_browser, read, say

BASE: dict[str, Any] = {
    "SECRET_KEY": "of-the-client's-site-and-long-enough-for-every-check",
    "ALLOWED_HOSTS": ["client.example.com"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    "ROOT_URLCONF": "client_urls",
    "USE_TZ": True,
}
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]


def module(name: str, code: str, **names: Any) -> None:
    made = ModuleType(name)
    vars(made).update(names)
    exec(code, vars(made))
    sys.modules[name] = made


def main() -> None:
    """Go to each of ``paths`` as the person's browser; report what the site said there."""
    given = read()
    module("client_settings", given["settings"], INSTALLED_APPS=list(APPS), **BASE)
    os.environ["DJANGO_SETTINGS_MODULE"] = "client_settings"
    import django
    from django.core.management import call_command
    from django.test import Client

    django.setup()
    module("client_urls", given["urls"])
    call_command("migrate", verbosity=0)
    browser = Client(SERVER_NAME="client.example.com", raise_request_exception=True)
    said = []
    for path in given["paths"]:
        response = browser.get(path, secure=True)
        if response.status_code == 302 and response["Location"].startswith(given["issuer"]):
            back = urlsplit(open_in_browser(response["Location"]))
            response = browser.get(f"{back.path}?{back.query}", secure=True)
        is_json = response.headers.get("Content-Type") == "application/json"
        said.append(response.json() if is_json else response.status_code)
    user = given["with_user"] and _user(browser)
    say({"said": said, "user": user})


def _user(browser: Any) -> str:
    from django.contrib.auth import get_user

    request = type("Request", (), {"session": browser.session, "META": {}})()
    user = get_user(request)
    return str(getattr(user, "email", ""))


if __name__ == "__main__":
    main()
