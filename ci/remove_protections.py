"""Removes each protection in a copy of the checkout, and demands that its test then fails.

    python ci/remove_protections.py                 all of them; takes a quarter of an hour
    python ci/remove_protections.py login/ conf     those of files whose path begins so

Those of the optional sub-app take part where django-oauth-toolkit is installed:

    .venv-provider/bin/python ci/remove_protections.py provider/

They are listed in tests/attacks/protections.py. A protection that no test misses, or a named test
that fails without any removal, ends it with status 1.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.attacks import removal  # noqa: E402
from tests.attacks.protections import PROTECTIONS, Protection  # noqa: E402

#: What pytest exits with: all passed, and some failed. Anything else is no verdict.
PASSED, FAILED = 0, 1


#: Tests of the optional sub-apps, each with the package that they need. They have settings of their
#: own, which install the sub-app.
SUB_APPS = {
    "tests/provider/": "oauth2_provider",
    "tests/scim/": "scim2_models",
    "tests/metrics/": "prometheus_client",
}


def sub_app(test: str) -> str:
    """Return the folder of the sub-app that a test belongs to, or "" for the core."""
    return next((folder for folder in SUB_APPS if test.startswith(folder)), "")


def can_run(test: str) -> bool:
    package = SUB_APPS.get(sub_app(test))
    return package is None or importlib.util.find_spec(package) is not None


def copy_checkout(target: Path) -> None:
    """Copy what git knows, as it stands in the working tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run_tests(checkout: Path, *tests: str) -> tuple[int, str]:
    """Run tests that are all of one sub-app, or all of the core."""
    folder = sub_app(tests[0])
    settings = [f"--ds={folder.replace('/', '.')}settings"] if folder else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *settings, *tests],
        check=False,
        cwd=checkout,
        # An edit of the same length in the same second would not be seen past a cached module.
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def is_missed(checkout: Path, protection: Protection) -> bool:
    """Remove one protection, and return whether its test fails. Puts the file back."""
    file = checkout / "azuread_connections" / protection.file
    whole = file.read_text(encoding="utf-8")
    without = removal.without(protection.file, protection.edits)
    file.write_text(without, encoding="utf-8")
    try:
        status, output = run_tests(checkout, protection.test)
    finally:
        file.write_text(whole, encoding="utf-8")
    if status not in (PASSED, FAILED):
        print(output)
    return status == FAILED


def main(*prefixes: str) -> int:
    chosen = [
        each for each in PROTECTIONS if each.file.startswith(prefixes or "") and can_run(each.test)
    ]
    unknown = [prefix for prefix in prefixes if not any(e.file.startswith(prefix) for e in chosen)]
    if unknown:
        print(__doc__)
        print(f"No protection is in a file whose path begins with: {', '.join(unknown)}")
        return 2
    with tempfile.TemporaryDirectory() as name:
        checkout = Path(name)
        copy_checkout(checkout)
        tests = sorted({each.test for each in chosen})
        for folder in ("", *SUB_APPS):
            group = [test for test in tests if sub_app(test) == folder]
            if not group:
                continue
            status, output = run_tests(checkout, *group)
            if status != PASSED:
                print(output)
                print("The tests fail with every protection in place, so they say nothing.")
                return 1
        not_missed = []
        for number, each in enumerate(chosen, 1):
            missed = is_missed(checkout, each)
            word = "missed" if missed else "NOT MISSED"
            print(f"{number:3}/{len(chosen)} {word}: {each}", flush=True)
            if not missed:
                not_missed.append(each)
    print(f"{len(chosen) - len(not_missed)} of {len(chosen)} removals were seen by a test.")
    return 1 if not_missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
