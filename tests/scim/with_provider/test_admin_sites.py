"""The pages of both sub-apps, on an admin site of a site's own, and in themes of the admin."""

from __future__ import annotations

import pytest

from tests.packages.separately import run_tests


@pytest.mark.parametrize("theme", ["", "_with_unfold", "_with_jazzmin"])
def test_the_pages_of_the_sub_apps(theme: str) -> None:
    settings = f"tests.sites.settings_sub_apps{theme}"
    run_tests("sites/with_sub_apps.py", settings, "--no-migrations")
