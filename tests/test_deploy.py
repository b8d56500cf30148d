"""The recipe for containers, as far as it can be read. ``ci/container.py`` runs it."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from azuread_connections.conf import conf
from project.settings import Env, Variables
from tests.test_requirements import pins

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def containerfile() -> list[str]:
    return (DEPLOY / "Containerfile").read_text().splitlines()


def ours() -> dict[str, dict[str, Any]]:
    """The services that run the site."""
    return {name: each for name, each in compose()["services"].items() if each["image"] == "portal"}


def test_the_container_has_the_versions_that_ci_tests() -> None:
    tested = pins("requirements-ci.txt") | pins("requirements-dev.txt")
    assert pins("deploy/requirements.txt")
    for package, version in pins("deploy/requirements.txt").items():
        assert tested[package] == version


@pytest.mark.parametrize("name", ["web", "migrate", "job"])
def test_each_service_of_the_site_is_confined(name: str) -> None:
    service = ours()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


def test_the_image_is_not_roots_and_names_a_number() -> None:
    [user] = [line for line in containerfile() if line.startswith("USER ")]
    assert re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", user)
    assert [line for line in containerfile() if line.startswith("HEALTHCHECK ")]


def test_secrets_are_files_and_no_value_is_written_down() -> None:
    for service in compose()["services"].values():
        for name, value in service["environment"].items() if "environment" in service else ():
            if re.search("SECRET|PASSWORD|KEYS|_URL", name) and name != "PUBLIC_URL":
                assert name.endswith("_FILE")
                assert Path(value).name in service["secrets"]
        assert set(service.get("secrets", ())) <= set(compose()["secrets"])


def test_every_file_variable_is_one_of_the_site() -> None:
    known = (ROOT / ".env.example").read_text()
    for name in compose()["x-site"]["environment"]:
        variable = name.removesuffix("_FILE")
        assert f"{variable}=" in known or variable == "TRUSTED_PROXIES"


def test_the_site_starts_after_the_migration_and_stops_slower_than_gunicorn() -> None:
    web = ours()["web"]
    assert web["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    gunicorn = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    assert int(web["stop_grace_period"].removesuffix("s")) > gunicorn["graceful_timeout"]
    assert gunicorn["timeout"] > conf.callback_timeout


def test_the_access_log_has_no_query_and_no_referer() -> None:
    text = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))["access_log_format"]
    assert "%(U)s" in text
    # %(r)s is the whole request line, %(q)s the query, %(f)s the Referer.
    assert not re.search(r"%\((r|q|f)\)s|\{referer\}", text)


def test_a_variable_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret_key"
    secret.write_text("of a file\n")

    class Here(Env):
        ENVIRON = Variables({"SECRET_KEY_FILE": str(secret), "DEBUG": "1"})

    assert Here().str("SECRET_KEY") == "of a file"
    assert Here().bool("DEBUG") is True


def test_the_documented_commands_make_all_secrets(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- container: secrets -->\n```sh\n(.*?)```", page, re.DOTALL)
    assert found
    (tmp_path / "deploy").mkdir()
    subprocess.run(["sh", "-euc", found[1]], cwd=tmp_path, check=True)
    secrets = {each.name: each for each in (tmp_path / "deploy" / "secrets").iterdir()}
    assert set(secrets) == set(compose()["secrets"])
    Fernet(secrets["encryption_keys"].read_text().strip())
    password = secrets["database_password"].read_text().strip()
    assert f":{password}@database:" in secrets["database_url"].read_text()
    assert all(each.stat().st_mode & 0o077 == 0 for each in secrets.values())


def test_the_image_gets_each_file_by_name() -> None:
    """The folder also has the secrets of a deployment, and perhaps an ``.env``."""
    copied = [line.split()[1:-1] for line in containerfile() if line.startswith("COPY ")]
    files = [name for names in copied for name in names if name.startswith("deploy")]
    assert files
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_what_a_client_writes_stays_in_its_place_in_the_access_log() -> None:
    pytest.importorskip("gunicorn")
    from gunicorn.config import Config
    from gunicorn.glogging import SafeAtoms

    from deploy.access_log import AccessLogger

    token = "a" * 43
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "PATH_INFO": f"/login/setup/{token}\n203.0.113.9 POST /admin/login/ 302\x1b[31m",
        "HTTP_X_FORWARDED_FOR": '6.6.6.6" 200\x1b[31m, 192.0.2.1',
    }

    class Answer:
        status, sent, headers = "200 OK", 1, ()

    class Request:
        headers = (("X-Forwarded-For", environ["HTTP_X_FORWARDED_FOR"]),)

    line = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))["access_log_format"]

    atoms = AccessLogger(Config()).atoms(Answer(), Request(), environ, timedelta(0))
    written = line % SafeAtoms(atoms)
    assert written.startswith('192.0.2.1 "GET /login/setup/…%0A203.0.113.9%20POST')
    assert written.endswith('"6.6.6.6%22 200%1B[31m, 192.0.2.1"')
    assert not set(written) & {"\n", "\x1b"}
    assert token not in written


def test_the_container_does_not_start_with_uncounted_proxies() -> None:
    """All clients would have the proxy's address, and share each limit."""
    environment = {**os.environ, "ENV_FILE": os.devnull, "SECRET_KEY": "only-for-a-test"}
    environment.pop("TRUSTED_PROXIES", None)
    done = subprocess.run(
        [sys.executable, "-c", "import deploy.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "TRUSTED_PROXIES" in done.stderr
