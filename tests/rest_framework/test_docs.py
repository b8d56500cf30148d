"""The views of docs/rest-framework.md work as they are written there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIRequestFactory

from tests.company import Company

from .conftest import persons_token

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs" / "rest-framework.md"


@pytest.fixture(scope="module")
def views() -> dict[str, Any]:
    source = next(
        iter(re.findall(r"```python\n(from rest_framework.*?)```", PAGE.read_text(), re.S))
    )
    names: dict[str, Any] = {"__name__": "documented"}
    exec(compile(source, str(PAGE), "exec"), names)
    return names


def answer(view: Any, token: str) -> tuple[int, Any]:
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {token}"})
    response = view.as_view(renderer_classes=[JSONRenderer])(request)
    return response.status_code, response.data


def test_people_and_programs_get_what_the_page_says(api: Company, views: dict[str, Any]) -> None:
    name = "adele.vance@contoso.com"
    reads, writes = persons_token(api), persons_token(api, scopes=["Files.Write"])
    program = api.directory.add_app()
    api.app.assign_app_roles(program, "Files.Read.All")
    own = api.microsoft.mint_api_token(api.directory, api.app, client=program)
    assert answer(views["Profile"], writes) == (200, {"user": name})
    assert answer(views["MyFiles"], reads) == (200, {"files of": name})
    assert answer(views["MyFiles"], writes)[0] == 403
    assert answer(views["MyFiles"], own)[0] == 401
    assert answer(views["AllFiles"], reads) == (200, {"files for": name})
    assert answer(views["AllFiles"], own) == (200, {"files for": program.client_id})


def test_every_code_of_the_log_is_on_the_page() -> None:
    package = Path(__file__).parents[2] / "azuread_connections"
    sources = [*(package / "bearer").glob("*.py"), package / "provider" / "bearer.py"]
    found = set()
    for source in sources:
        found |= set(re.findall(r'TokenRefused\(\s*"(\w+)"', source.read_text()))
    assert len(found) >= 8
    page = PAGE.read_text()
    assert not [code for code in found if f"`{code}`" not in page]
