"""Run by ``test_sites`` with WhiteNoise: every file has a hashed name, and every page finds it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.testing import StandIn
from tests.setup.customer import Customer
from tests.sites.admin_pages import furnish, pages

pytestmark = pytest.mark.django_db

PACKAGE = Path(__file__).resolve().parents[2] / "azuread_connections"
FILE = re.compile(r'(?:href|src)="(/static/[^"]+)"')
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """It fails for a ``url()`` or an import in a style sheet or script that names no file."""
    call_command("collectstatic", verbosity=0, interactive=False)
    yield
    shutil.rmtree(settings.STATIC_ROOT)


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    user = get_user_model().objects.create_superuser("boss")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def check_files(response: Any, client: Client) -> set[str]:
    """Open each file of a page; return the names of ours."""
    found = set(FILE.findall(response.content.decode()))
    assert found
    for path in found:
        assert HASHED.search(path), path
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "immutable" in answer["Cache-Control"], path
        assert b"".join(answer.streaming_content)
        # Only the file: closing the response would close the test's database, too.
        for close in answer._resource_closers:
            close()
    return {path for path in found if "/azuread_connections/" in path}


def test_every_file_that_a_template_names_is_collected() -> None:
    named = {
        name
        for template in (PACKAGE / "templates").rglob("*.html")
        for name in re.findall(r"{% static [\"']([^\"']+)[\"'] %}", template.read_text("utf-8"))
    }
    assert len(named) > 8
    for name in named:
        assert HASHED.search(static(name)), name


def test_every_file_of_the_package_is_compressed_and_named_by_its_content() -> None:
    names = [
        file.relative_to(PACKAGE / "static").as_posix()
        for file in (PACKAGE / "static").rglob("*.*")
    ]
    assert len(names) > 8
    for name in names:
        assert finders.find(name)
        collected = Path(settings.STATIC_ROOT) / static(name).removeprefix("/static/")
        assert collected.is_file()
        is_short = collected.stat().st_size < 1000
        assert is_short or collected.with_name(f"{collected.name}.gz").is_file()


def test_the_admins_pages_find_their_files(microsoft: StandIn, boss: Client) -> None:
    company = furnish(microsoft)
    found = set()
    for path in pages(company).values():
        found |= check_files(boss.get(f"/admin/{path}"), boss)
    assert {"admin", "setup_links"} <= {Path(each).name.split(".")[0] for each in found}


def test_the_pages_of_a_sign_in_find_their_files(contoso: Any, client: Client) -> None:
    assert check_files(client.get("/login/"), client)
    assert check_files(client.get("/login/callback?state=x&code=y"), client)
    contoso.sign_in(client)
    assert check_files(client.get("/login/profile/accounts"), client)


def test_the_set_up_pages_find_their_files(microsoft: StandIn, client: Client) -> None:
    customer = Customer.create(microsoft, Application.objects.get(slug="default"), client)
    for step in ("welcome", "register", "credentials", "permissions", "domains", "try", "done"):
        answer = client.get(customer.url(step))
        # The others have to wait for their turn.
        assert (step in {"welcome", "register"}) <= (answer.status_code == 200)
        if answer.status_code == 200:
            assert check_files(answer, client)
