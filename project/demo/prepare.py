"""Bring the demo's database and data files up to date: `python -m project.demo.prepare`.

Safe to repeat: people who signed in, and what was changed in the admin, stay.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from . import data

ADMIN_USERNAME = "admin"


def main() -> None:
    django.setup()
    folder = Path(settings.BASE_DIR) / ".demo"
    folder.mkdir(mode=0o700, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    create_admin(admin_password(folder / "admin-password"))
    redirect_uri = settings.PUBLIC_URL + reverse("azuread_connections:callback")
    now = timezone.now()
    create_staff_group()
    write_json(folder / "connections.json", data.connections(now=now, known=known_connections()))
    call_command("import_connections", str(folder / "connections.json"))
    if clients_url := getattr(settings, "CLIENTS_URL", ""):
        from .registration import register_clients

        register_clients(clients_url)
    jobs = {}
    if apps.is_installed("azuread_connections.scim"):
        from .provisioning import provisioning_jobs

        jobs = provisioning_jobs(folder / "scim-token")
    standin = data.standin_data(redirect_uri=redirect_uri, now=now, provisioning=jobs)
    write_json(folder / "standin.json", standin)


def admin_password(file: Path) -> str:
    """The password of the first run, kept in ``file``."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(12) + "\n")
    return file.read_text().strip()


def create_admin(password: str) -> None:
    """Create ``admin`` with ``password``, or reset the existing one to it."""
    from django.contrib.auth.models import User

    user = User.objects.filter(username=ADMIN_USERNAME).first()
    if user is None:
        User.objects.create_superuser(ADMIN_USERNAME, "admin@example.com", password)
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])


def create_staff_group() -> None:
    from django.contrib.auth.models import Group

    Group.objects.get_or_create(name=data.STAFF_GROUP)


def known_connections() -> set[str]:
    from azuread_connections.models import Connection

    return set(Connection.objects.values_list("name", flat=True))


def write_json(file: Path, content: Any) -> None:
    write_private(file, json.dumps(content, indent=2) + "\n")


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(text)


if __name__ == "__main__":
    main()
