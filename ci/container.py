"""Run the instructions of deploy/Containerfile in a scratch folder, then the container's commands.

    python ci/container.py --database postgres://user:password@127.0.0.1:5432/name \\
        --cache redis://127.0.0.1:6379/10

There is no container engine here. So each stage gets a folder in place of its root; COPY copies
into it, and RUN runs in its WORKDIR with its ENV, whose absolute paths lead into the folder. After
that the commands of deploy/compose.yaml run with secrets in files: `migrate` as a job, the server
by its CMD, `check_secrets` as a scheduled job. They run as a user who owns nothing there, if this
program is root, and the folders must be unchanged at the end, as on a read-only file system.

What this does not show: the base images, users and capabilities of an engine, networks, volumes.
The database is created again, under the given name with the suffix `_container`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import requests
import yaml
from cryptography.fernet import Fernet
from load import create_database, free_port

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
START_SECONDS, STOP_SECONDS = 60, 40
#: "nobody": like the container's user, it owns no file of the site.
UNPRIVILEGED = 65534


class ContainerFailed(Exception):
    """The site does not run as the recipe says."""


def main() -> None:
    options = parse()
    name = f"{options.database.rpartition('/')[2]}_container"
    create_database(options.database, name)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        put_python_on_the_path(Path(folder) / "bin")
        stages = build(Path(folder) / "stages")
        image = stages[-1]
        before = files_of(image.root)
        environment = runtime_environment(Path(folder), f"{options.database}_container", options)
        job(image, environment, compose()["migrate"]["command"])
        serve(image, environment)
        job(image, environment, compose()["job"]["command"])
        require(files_of(image.root) == before, "a command has written into the image")
    print("The site ran from its image: unprivileged, with secrets in files, nothing written.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", required=True, help="URL of a PostgreSQL database")
    parser.add_argument("--cache", required=True, help="URL of a Redis database")
    return parser.parse_args()


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ContainerFailed(otherwise)


def step(text: str) -> None:
    print(text, flush=True)


def put_python_on_the_path(folder: Path) -> None:
    """Let `python` be the system's, if it can make environments: another one can lie in a home
    that the container's user cannot enter."""
    for python in ("/usr/bin/python3", sys.executable):
        has_venv = [python, "-c", "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"]
        if (
            os.access(python, os.X_OK)
            and not subprocess.run(has_venv, check=False, capture_output=True).returncode
        ):
            break
    folder.mkdir()
    (folder / "python").symlink_to(python)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


# --- The image ------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A stage of the build. ``root``: the folder that stands for its "/"."""

    name: str
    root: Path
    workdir: str = "/"
    variables: dict[str, str] = field(default_factory=dict)
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        """Return where a path of the container is. A relative one begins at WORKDIR."""
        return self.root / (Path(self.workdir) / inside).relative_to("/")

    @property
    def environment(self) -> dict[str, str]:
        """ENV, with its absolute paths leading into the folder."""
        return {
            name: str(self.path(value)) if value.startswith("/") else value
            for name, value in self.variables.items()
        }

    def words(self, command: list[str]) -> list[str]:
        """Return a command in exec form, whose program is at its place in the folder."""
        return [str(self.path(word)) if word.startswith("/") else word for word in command]


def instructions() -> Iterator[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        yield name, rest.strip()


def build(folder: Path) -> list[Stage]:
    stages: list[Stage] = []
    for name, rest in instructions():
        if name == "FROM":
            alias = re.search(r" AS (\w+)$", rest)
            root = folder / (alias[1] if alias else "image")
            root.mkdir(parents=True)
            stages.append(Stage(alias[1] if alias else "image", root))
        else:
            apply(name, rest, stages)
    return stages


def apply(name: str, rest: str, stages: list[Stage]) -> None:
    stage = stages[-1]
    match name:
        case "ENV":
            stage.variables |= dict(word.split("=", 1) for word in shlex.split(rest))
        case "WORKDIR":
            stage.workdir = rest
            stage.path(rest).mkdir(parents=True, exist_ok=True)
        case "COPY":
            copy(shlex.split(rest), stages)
        case "RUN":
            step(f"RUN {rest}")
            run_in(stage, rest)
        case "USER":
            stage.user = rest
        case "ENTRYPOINT":
            stage.entrypoint = json.loads(rest)
        case "CMD":
            stage.command = json.loads(rest)
        case "EXPOSE" | "HEALTHCHECK":
            pass
        case _:
            raise ContainerFailed(f"ci/container.py does not know the instruction {name}.")


def copy(words: list[str], stages: list[Stage]) -> None:
    """Copy what git knows of the checkout, or a folder of an earlier stage."""
    stage, target = stages[-1], words[-1]
    if words[0].startswith("--from="):
        [source] = [each for each in stages if each.name == words[0].removeprefix("--from=")]
        # The same path: the programs of a virtual environment name it.
        stage.path(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source.path(words[1]), stage.path(target), symlinks=True)
        relocate(source.path(words[1]), stage.path(target))
        return
    for name in words[:-1]:
        tracked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", name]
        listed = subprocess.run(tracked, cwd=ROOT, check=True, capture_output=True, text=True)
        files = [Path(each) for each in listed.stdout.split("\0") if each]
        require(bool(files), f"COPY {name}: there is no such file")
        for file in files:
            inside = file.relative_to(name) if (ROOT / name).is_dir() else Path(file.name)
            copied = stage.path(target) / inside
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, copied)


def relocate(source: Path, target: Path) -> None:
    """In a container both have the same path. Here they do not: no program may name the other."""
    for program in (target / "bin").iterdir():
        if program.is_file() and not program.is_symlink():
            text = program.read_bytes()
            program.write_bytes(text.replace(bytes(source), bytes(target)))


def run_in(stage: Stage, command: str) -> None:
    done = subprocess.run(
        ["sh", "-ec", command],
        cwd=stage.path(stage.workdir),
        env=base_environment() | stage.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    require(done.returncode == 0, f"RUN {command}\n{done.stdout}{done.stderr}")


def base_environment() -> dict[str, str]:
    kept = ("PATH", "LANG", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")
    names = [name for name in os.environ if name in kept or name.lower().endswith("_proxy")]
    return {"ENV_FILE": os.devnull} | {name: os.environ[name] for name in names}


def files_of(folder: Path) -> dict[Path, tuple[int, int]]:
    return {
        file: (file.lstat().st_mtime_ns, file.lstat().st_size)
        for file in sorted(folder.rglob("*"))
        if not file.is_dir()
    }


# --- What runs from it ----------------------------------------------------------------------------


def compose() -> dict[str, dict[str, list[str]]]:
    services: dict[str, dict[str, list[str]]] = yaml.safe_load(
        (DEPLOY / "compose.yaml").read_text()
    )["services"]
    return services


def runtime_environment(folder: Path, database: str, options: argparse.Namespace) -> dict[str, str]:
    """Return what compose.yaml sets, with the secrets in files."""
    secrets = folder / "secrets"
    secrets.mkdir()
    values = {
        "secret_key": Fernet.generate_key().decode(),
        "encryption_keys": Fernet.generate_key().decode(),
        "database_url": database,
        "cache_url": options.cache,
    }
    temporary = folder / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    given = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["x-site"]["environment"]
    environment = {"PUBLIC_URL": "https://app.example.com", "ALLOWED_HOSTS": "app.example.com"}
    environment["TRUSTED_PROXIES"] = "1"
    environment |= {"TMPDIR": str(temporary), "BIND": f"127.0.0.1:{free_port()}"}
    for name, value in given.items():
        if name.endswith("_FILE"):
            secret = Path(str(value)).name
            (secrets / secret).write_text(f"{values[secret]}\n")
            environment[name] = str(secrets / secret)
    return environment


def start(image: Stage, environment: dict[str, str], command: list[str]) -> subprocess.Popen[str]:
    require(bool(re.fullmatch(r"[1-9]\d*:[1-9]\d*", image.user)), "USER must not be root")
    program, *words = image.words([*image.entrypoint, *command])
    return subprocess.Popen(
        [program, *words],
        cwd=image.path(image.workdir),
        env=base_environment() | image.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=UNPRIVILEGED if can_drop(program) else None,
        group=UNPRIVILEGED if can_drop(program) else None,
        extra_groups=[] if can_drop(program) else None,
    )


@cache
def can_drop(program: str) -> bool:
    """Return whether this program is root, and the unprivileged user can start Python."""
    if os.geteuid() != 0:
        return False
    try:
        subprocess.run([program, "-c", ""], user=UNPRIVILEGED, extra_groups=[], check=True)
    except (OSError, subprocess.SubprocessError):
        step("  as root: the unprivileged user cannot enter the folder of this machine's Python")
        return False
    return True


def job(image: Stage, environment: dict[str, str], command: list[str]) -> None:
    step(f"Job: {' '.join(command)}")
    process = start(image, environment, command)
    output, _ = process.communicate(timeout=120)
    require(process.returncode == 0, f"{command} ended with {process.returncode}: {output}")


@contextmanager
def server(image: Stage, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = start(image, environment, image.command)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def serve(image: Stage, environment: dict[str, str]) -> None:
    step(f"Server: {' '.join(image.command)}")
    address = f"http://{environment['BIND']}"
    with server(image, environment) as process:
        wait_for(f"{address}/health/live", process)
        # A balancer asks by the container's address, which is not among ALLOWED_HOSTS.
        for name in ("live", "ready"):
            answer = requests.get(f"{address}/health/{name}", timeout=10)
            require(answer.json() == {"status": "ok"}, f"health/{name}: {answer.text[:500]}")
        browser = {"Host": "app.example.com", "X-Forwarded-For": "203.0.113.9"}
        page = requests.get(f"{address}/login/?next=%2Fhidden", headers=browser, timeout=10)
        require(page.status_code == 200, f"the sign-in page: {page.status_code}")
        style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        require(style is not None, "the sign-in page has no style sheet")
        assert style is not None
        got = requests.get(f"{address}{style[1]}", headers=browser, timeout=10)
        require(got.status_code == 200, f"{style[1]}: {got.status_code}")
        stranger = requests.get(f"{address}/login/", timeout=10)
        require(stranger.status_code == 400, f"another host: {stranger.status_code}")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=STOP_SECONDS)
        step(f"  stopped in {time.monotonic() - began:.1f} s")
    require(process.returncode == 0, f"the server ended with {process.returncode}: {output}")
    seen = re.search(r'^127\.0\.0\.1 "GET /login/" 200 \d+ \d+us "203\.0\.113\.9"$', output, re.M)
    require(seen is not None, f"the access log: {output}")
    require("hidden" not in output, "the access log has a query")
    # Django logs the stranger's request as an error.
    ours = [line for line in output.splitlines() if "DisallowedHost" not in line]
    require(not [line for line in ours if "ERROR" in line or "Traceback" in line], output)


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ContainerFailed(f"The server has ended: {process.communicate()[0]}")
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise ContainerFailed("The server does not answer.")


if __name__ == "__main__":
    try:
        main()
    except ContainerFailed as failed:
        sys.exit(f"container: {failed}")
