from __future__ import annotations

import pytest

from tests.packages.separately import run_tests


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        ("packages/with_health_check.py", "tests.settings"),
        ("packages/with_sentry.py", "tests.settings"),
        ("packages/with_json_log.py", "tests.settings"),
        ("packages/with_opentelemetry.py", "tests.settings"),
        ("packages/with_axes.py", "tests.packages.settings_with_axes"),
        ("packages/with_allauth.py", "tests.packages.settings_with_allauth"),
        ("packages/with_adfs.py", "tests.packages.settings_with_adfs"),
        ("metrics", "tests.metrics.settings"),
    ],
)
def test_beside_another_package(module: str, settings: str) -> None:
    # The tables as the models have them: no test here is about migrations.
    run_tests(module, settings, "--no-migrations")
