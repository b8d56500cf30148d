"""The admin's pages of both sub-apps in themes, in a process of their own each."""

from __future__ import annotations

import pytest

from tests.packages.separately import run_tests
from tests.sites.test_sites import QUICK, THEMES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", THEMES)
def test_the_pages_of_the_sub_apps(theme: str) -> None:
    settings = f"tests.sites.settings_sub_apps_with_{theme}"
    run_tests("sites/with_theme_in_browser.py", settings, QUICK, "-m", "browser")
