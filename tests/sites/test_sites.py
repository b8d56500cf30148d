"""The app in sites of other shapes: docs/existing-sites.md. Each runs in a process of its own."""

from __future__ import annotations

import pytest

from tests.packages.separately import run_tests

THEMES = ("unfold", "jazzmin")
#: Creates the tables from the models, in half of the time.
QUICK = "--no-migrations"


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        ("with_admin_sites", "admin_sites"),
        ("with_proxy", "behind_proxy"),
        ("with_channels", "with_channels"),
        ("with_whitenoise", "with_whitenoise"),
        *(("with_theme", f"with_{theme}") for theme in THEMES),
    ],
)
def test_an_existing_site(module: str, settings: str) -> None:
    run_tests(f"sites/{module}.py", f"tests.sites.settings_{settings}", QUICK)


@pytest.mark.parametrize("users", ["email_only", "user_with_parent", "user_without_last_login"])
def test_a_user_model_with_an_email_only(users: str) -> None:
    """With the migrations: those of this app refer to the key of the user model."""
    run_tests("sites/with_email_only.py", f"tests.sites.settings_{users}")


@pytest.mark.browser
@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_of_the_admin_in_a_browser(theme: str) -> None:
    settings = f"tests.sites.settings_with_{theme}"
    run_tests("sites/with_theme_in_browser.py", settings, QUICK, "-m", "browser")
