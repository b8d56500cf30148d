"""The examples of docs/ on testing run as they are written there."""

from __future__ import annotations

from pathlib import Path

from tests.samples import as_test, first_conftest, page, python_of, run

SETTINGS = "tests.settings"


def test_every_example_about_the_stand_in_works(tmp_path: Path) -> None:
    text = page("testing.md")
    # tests/provider/clients/test_offline_docs.py runs this section.
    before, _heading, rest = text.partition("\n## Test a client of yours offline\n")
    codes = python_of(before + rest.partition("\n## ")[2])
    codes.remove(first_conftest())
    tests, lines = [], []
    for code in codes:
        if "def test_" in code:
            tests.append(code)
        elif not code.startswith("AZUREAD_CONNECTIONS"):
            lines.append(code)
    assert (len(tests), len(lines)) == (6, 7)
    for number, code in enumerate(lines):
        made_here = "contoso = entra.add_directory" in code
        fixtures = "entra, client, user" if made_here else "entra, client, user, contoso"
        tests.append(as_test(f"lines_{number}", code, fixtures=fixtures))
    conftest = f"""{first_conftest()}
@pytest.fixture
def user(django_user_model):
    return django_user_model.objects.create(username="adele")
"""
    files = {"conftest.py": conftest, "test_page.py": "\n\n".join(tests)}
    assert run(tmp_path, files, settings=SETTINGS) == 15


def test_the_examples_of_step_up_and_of_apis_work(tmp_path: Path) -> None:
    views, step_up = python_of(page("step-up.md"))
    api_views, *_settings, api = python_of(page("rest-framework.md"))
    urls = f"""{views}
{api_views}

from django.urls import path
from tests.settings import ROOT_URLCONF
from importlib import import_module

urlpatterns = [
    *import_module(ROOT_URLCONF).urlpatterns,
    path("payments/", payments),
    path("files", MyFiles.as_view()),
]
"""
    conftest = f"""{first_conftest()}
@pytest.fixture(autouse=True)
def portal(contoso, settings):
    settings.ROOT_URLCONF = "sample_urls"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "rest_framework"]
    portal = Application.objects.create(name="Portal", slug="portal")
    portal.connections.set(Connection.objects.all())
"""
    files = {
        "conftest.py": conftest,
        "sample_urls.py": urls,
        "test_page.py": f"{step_up}\n\n{api}",
    }
    assert run(tmp_path, files, settings=SETTINGS) == 2
