"""The direction of imports: every import of the package is checked against the rules."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "azuread_connections"


@dataclass(frozen=True)
class Use:
    """One dotted name that a module imports or reads, such as ``django.conf.settings``."""

    module: str
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} uses {self.name}"


@dataclass(frozen=True)
class Rule:
    """A module for which ``applies`` is true must not use ``forbidden``; ``why`` is the reason."""

    name: str
    why: str
    applies: Callable[[str], bool]
    forbidden: Callable[[Use], bool]


# --- Reading the sources --------------------------------------------------------------------------


@cache
def uses(root: Path) -> tuple[Use, ...]:
    """Every import, and every attribute read from an imported name, under ``root``."""
    return tuple(_read_uses(root))


def _read_uses(root: Path) -> Iterator[Use]:
    folders = (root / PACKAGE, root / "project")
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        yield from uses_of_module(tree, module, is_package)


def uses_of_module(tree: ast.Module, module: str, is_package: bool) -> Iterator[Use]:
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                imported[alias.asname or top] = alias.name if alias.asname else top
                yield Use(module, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, module, is_package)
            for alias in node.names:
                imported[alias.asname or alias.name] = f"{source}.{alias.name}"
                yield Use(module, f"{source}.{alias.name}", node.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            source = imported.get(node.value.id, "")
            if source:
                yield Use(module, f"{source}.{node.attr}", node.lineno)


def absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The absolute module of an import, also for ``from ..models import x``."""
    if not node.level:
        return node.module or ""
    package = module.split(".") if is_package else module.split(".")[:-1]
    package = package[: len(package) - (node.level - 1)]
    return ".".join([*package, *([node.module] if node.module else [])])


# --- The rules ------------------------------------------------------------------------------------


def within(name: str, *parents: str) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def part(*names: str) -> Callable[[str], bool]:
    """Picks the modules of these parts of the package."""
    return lambda module: within(module, *(f"{PACKAGE}.{name}" for name in names))


def no_part(*names: str) -> Callable[[Use], bool]:
    """Forbids these parts of the package."""
    return lambda use: part(*names)(use.name)


def reads_settings(use: Use) -> bool:
    if not within(use.name, "django.conf.settings", "django.conf.global_settings"):
        return False
    bare_import = use.name == "django.conf.settings"
    in_models = part(
        *("models", "migrations", "provider.models", "provider.migrations"),
        *("scim.models", "scim.migrations"),
    )(use.module)
    return not (in_models and (bare_import or use.name.endswith(".AUTH_USER_MODEL")))


def reads_environment(use: Use) -> bool:
    return within(use.name, "os.environ", "os.environb", "os.getenv", "environ")


def core(module: str) -> bool:
    return within(module, PACKAGE) and not part("provider", "scim")(module)


def outside_entra(use: Use) -> bool:
    return within(use.name, PACKAGE) and not part("entra")(use.name)


RULES = [
    Rule(
        "entra-alone",
        "entra/ knows nothing of ours: what it needs is handed in as arguments",
        part("entra"),
        outside_entra,
    ),
    Rule(
        "entra-without-django",
        "entra/ works without Django's settings and database",
        part("entra"),
        lambda use: within(use.name, "django.conf", "django.db"),
    ),
    Rule(
        "kinds-of-credential-in-the-model",
        "only the model knows of which kind a credential is; all else takes any",
        lambda module: within(module, PACKAGE) and not part("models", "entra")(module),
        lambda use: (
            part("entra.credentials")(use.name)
            and use.name != f"{PACKAGE}.entra.credentials.Credential"
        ),
    ),
    Rule(
        "models-below",
        "models/ stand below everything that shows or moves data",
        part("models"),
        no_part(
            *("login", "admin", "credentials", "diagnostics", "transfer", "management", "testing"),
            *("backends", "urls", "middleware", "decorators", "microsoft", "views"),
            *("domains", "domain_records", "domain_notices", "mail"),
            *("exceptions", "users_api", "credentials_api", "sentry"),
        ),
    ),
    Rule(
        "foundation-below",
        "what everything reads stands below everything",
        part("cache", "conf", "defaults", "hosts", "observation", "rate_limit", "signals"),
        no_part(
            *("login", "admin", "credentials", "diagnostics", "transfer", "management", "testing"),
            *("backends", "decorators", "domains", "microsoft", "middleware", "urls"),
        ),
    ),
    Rule(
        "domains-above-log-and-notices",
        "domains.py uses login/log/ and its notices; the rest of login/ and diagnostics/ use it",
        part("domains", "domain_records", "domain_notices"),
        lambda use: (
            no_part("login", "credentials", "diagnostics", "transfer")(use)
            and not part("login.log.events")(use.name)
        ),
    ),
    Rule(
        "log-and-notices-below-domains",
        "what domains.py writes with does not use it",
        part("login.log", "domain_notices", "mail"),
        no_part(
            "domains", "domain_records", "login.users", "login.flows.callback", "diagnostics.probe"
        ),
    ),
    Rule(
        "logic-below",
        "what the admin and the commands share stands below both",
        part("login", "credentials", "diagnostics", "transfer", "domains", "microsoft", "setup"),
        no_part("admin", "management"),
    ),
    Rule(
        "web-on-top",
        "in login/, only web/ knows web/: it decides nothing, and nothing runs back up to it",
        part(
            *(f"login.{room}" for room in ("flows", "users", "state", "lookup", "log", "backend"))
        ),
        no_part("login.web"),
    ),
    Rule(
        "flows-above-rooms",
        "in login/, users/, state/, lookup/ and log/ know nothing of flows/ and of the backend",
        part(*(f"login.{room}" for room in ("users", "state", "lookup", "log"))),
        no_part("login.flows", "login.backend"),
    ),
    Rule(
        "setup-on-top",
        "set-up links use the rest; only the admin, the commands and the URLs know them",
        part("login", "models", "microsoft", "diagnostics", "domains", "entra"),
        no_part("setup"),
    ),
    Rule(
        "admin-not-commands",
        "the admin never uses the commands; what both need lives below them",
        part("admin"),
        no_part("management"),
    ),
    Rule(
        "commands-not-admin",
        "the commands never use the admin; what both need lives below them",
        part("management"),
        no_part("admin"),
    ),
    Rule(
        "records-below-domains",
        "domain_records.py is a part of domains.py, and does not use it",
        part("domain_records"),
        no_part("domains"),
    ),
    Rule(
        "dns-proof-alone",
        "dns_proof/ knows nothing of ours: what it needs is handed in as arguments",
        part("dns_proof"),
        lambda use: within(use.name, PACKAGE) and not part("dns_proof")(use.name),
    ),
    Rule(
        "dnspython-in-one-place",
        "only dns_proof/resolver.py asks the DNS, and the stand-in answers",
        lambda module: (
            within(module, PACKAGE, "project")
            and not part("dns_proof.resolver", "testing.dns")(module)
        ),
        lambda use: within(use.name, "dns"),
    ),
    Rule(
        "standin-apart",
        "the stand-in shares no code with the client it imitates Microsoft for",
        part("testing"),
        no_part("entra", "login", "models", "dns_proof"),
    ),
    Rule(
        "core-without-provider",
        "the core works without the optional provider/",
        core,
        no_part("provider"),
    ),
    Rule(
        "provider-packages-only-in-provider",
        "the core works without django-oauth-toolkit and what it brings",
        lambda module: core(module) or within(module, "project"),
        lambda use: within(use.name, "oauth2_provider", "oauthlib", "jwcrypto", "publicsuffixlist"),
    ),
    Rule(
        "core-without-scim",
        "the core and provider/ work without the optional scim/",
        lambda module: core(module) or part("provider")(module),
        no_part("scim"),
    ),
    Rule(
        "scim-packages-only-in-scim",
        "all else works without scim2-models and what it brings",
        lambda module: not part("scim")(module),
        lambda use: within(use.name, "scim2_models", "pydantic"),
    ),
    Rule(
        "scim-without-provider",
        "each optional sub-app works without the other",
        part("scim"),
        no_part("provider"),
    ),
    Rule(
        "nothing-needs-rest-framework",
        "all else works without Django REST framework",
        lambda module: not part("rest_framework")(module),
        lambda use: part("rest_framework")(use.name) or within(use.name, "rest_framework"),
    ),
    Rule(
        "rest-framework-without-sub-apps",
        "tokens of other issuers come by bearer/issuers.py, from the sub-apps that are installed",
        part("rest_framework", "bearer"),
        no_part("provider", "scim"),
    ),
    Rule(
        "bearer-below",
        "bearer/ decides about tokens for any framework, and sign-in and the admin do not know it",
        part("login", "models", "microsoft", "admin", "management"),
        no_part("bearer"),
    ),
    Rule(
        "metrics-apart",
        "all else works without the optional metrics/, which only listen to signals",
        lambda module: within(module, PACKAGE, "project") and not part("metrics")(module),
        lambda use: part("metrics")(use.name) or within(use.name, "prometheus_client"),
    ),
    Rule(
        "health-apart",
        "all else works without the optional health/",
        lambda module: within(module, PACKAGE, "project") and not part("health")(module),
        no_part("health"),
    ),
    Rule(
        "metrics-without-sub-apps",
        "each optional sub-app works without the other",
        part("metrics"),
        no_part("provider", "scim"),
    ),
    Rule(
        "scim-models-below",
        "scim/models/ stand below all else in scim/, and below login/",
        part("scim.models"),
        lambda use: (
            (part("scim")(use.name) and not part("scim.models")(use.name))
            or part("login", "admin", "diagnostics", "transfer", "management")(use.name)
        ),
    ),
    Rule(
        "provider-models-below",
        "provider/models/ stand below all else in provider/, and below login/",
        part("provider.models"),
        lambda use: (
            (part("provider")(use.name) and not part("provider.models")(use.name))
            or part("login", "admin", "diagnostics", "transfer", "management")(use.name)
        ),
    ),
    Rule(
        "pytest-only-in-plugin",
        "only testing/plugin.py imports pytest: the stand-in runs with the app's own packages",
        lambda module: within(module, PACKAGE) and module != f"{PACKAGE}.testing.plugin",
        lambda use: within(use.name, "pytest", "_pytest", "pytest_django"),
    ),
    Rule(
        "settings-only-in-conf",
        "only conf.py reads Django's settings (models: AUTH_USER_MODEL)",
        lambda module: within(module, PACKAGE) and module != f"{PACKAGE}.conf",
        reads_settings,
    ),
    Rule(
        "environment-only-in-settings",
        "only project/settings.py reads the environment",
        lambda module: (
            within(module, PACKAGE, "project")
            # Azure's platforms set the variables of these two, for any program.
            and module not in {f"{PACKAGE}.entra.federation", f"{PACKAGE}.entra.managed_identity"}
            # The entry points name the settings module; the runner passes its own on to children.
            and module not in {"project.settings", "project.wsgi", "project.asgi"}
            and module != "project.demo.run"
        ),
        reads_environment,
    ),
]


@cache
def uses_below(root: Path) -> tuple[Use, ...]:
    """``uses(root)``, read once in a process: every rule looks at the same files."""
    return tuple(uses(root))


def breaches(root: Path, rule: Rule) -> list[str]:
    found = uses_below(root)
    return [str(use) for use in found if rule.applies(use.module) and rule.forbidden(use)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    found = breaches(ROOT, rule)
    assert not found, "\n".join([rule.why, *found])


def test_the_checker_reads_the_whole_package() -> None:
    modules = {use.module for use in uses_below(ROOT)}
    assert {f"{PACKAGE}.conf", f"{PACKAGE}.models.connection", "project.settings"} <= modules


# --- The checker itself ---------------------------------------------------------------------------

PLANTED = [
    ("entra/tokens.py", "from ..models import Connection", "entra-alone"),
    ("entra/tokens.py", "from .. import conf", "entra-alone"),
    ("entra/tokens.py", "from django.conf import settings", "entra-without-django"),
    ("entra/tokens.py", "def f():\n    import django.db.models", "entra-without-django"),
    (
        "login/flows/exchange.py",
        "from ...entra.credentials import SecretCredential",
        "kinds-of-credential-in-the-model",
    ),
    ("models/identity.py", "from ..login.web import views", "models-below"),
    (
        "models/identity.py",
        "def f():\n    from ..microsoft.app_token import graph_of",
        "models-below",
    ),
    ("login/web/views.py", "from azuread_connections.admin import connection", "logic-below"),
    ("domains.py", "from .admin import forms", "logic-below"),
    ("models/alias.py", "from ..domains import ask", "models-below"),
    ("domain_records.py", "from .domains import ask", "records-below-domains"),
    ("dns_proof/resolver.py", "from ..conf import conf", "dns-proof-alone"),
    ("domain_records.py", "import dns.resolver", "dnspython-in-one-place"),
    ("hosts.py", "from .login.users import linking", "foundation-below"),
    ("domains.py", "from .login.users import trust", "domains-above-log-and-notices"),
    ("login/log/events.py", "from ... import domains", "log-and-notices-below-domains"),
    ("login/flows/begin.py", "from ..web import views", "web-on-top"),
    ("login/users/resolution.py", "from ..flows import begin", "flows-above-rooms"),
    ("login/state/session.py", "from ..backend import ConnectionBackend", "flows-above-rooms"),
    ("login/flows/setup_trial.py", "from ...setup import steps", "setup-on-top"),
    (
        "transfer/imports.py",
        "import azuread_connections.management.commands.check_secrets",
        "logic-below",
    ),
    ("admin/__init__.py", "from .. import management", "admin-not-commands"),
    (
        "management/commands/check_secrets.py",
        "from ...admin import connection",
        "commands-not-admin",
    ),
    ("testing/oauth/tokens.py", "from ...entra.tokens import validate", "standin-apart"),
    ("login/web/views.py", "from ...provider import models", "core-without-provider"),
    (
        "login/web/views.py",
        "def f():\n    from oauth2_provider.models import Application",
        "provider-packages-only-in-provider",
    ),
    ("provider/models/client.py", "from .. import keys", "provider-models-below"),
    ("provider/claims.py", "from ..scim.models import ScimToken", "core-without-scim"),
    ("login/backend.py", "import scim2_models", "scim-packages-only-in-scim"),
    ("scim/urls.py", "from ..provider import urls", "scim-without-provider"),
    ("login/web/views.py", "import rest_framework", "nothing-needs-rest-framework"),
    (
        "bearer/validation.py",
        "from ..rest_framework import permissions",
        "nothing-needs-rest-framework",
    ),
    (
        "bearer/validation.py",
        "from ..provider import bearer",
        "rest-framework-without-sub-apps",
    ),
    ("login/state/session.py", "from ...bearer import rows", "bearer-below"),
    ("scim/models/token.py", "from .. import errors", "scim-models-below"),
    ("login/log/events.py", "from ...metrics import receivers", "metrics-apart"),
    ("provider/tokens.py", "def f():\n    import prometheus_client", "metrics-apart"),
    ("login/web/views.py", "from ...health import failing_checks", "health-apart"),
    ("metrics/receivers.py", "from ..provider import client_log", "metrics-without-sub-apps"),
    ("observation.py", "from .login.log import events", "foundation-below"),
    ("testing/server/http.py", "import pytest", "pytest-only-in-plugin"),
    ("login/web/views.py", "from django.conf import settings", "settings-only-in-conf"),
    ("login/web/views.py", "import django.conf as c\nc.settings", "settings-only-in-conf"),
    (
        "models/identity.py",
        "from django.conf import settings\nsettings.DEBUG",
        "settings-only-in-conf",
    ),
    ("conf.py", "import os\nos.environ['HOME']", "environment-only-in-settings"),
    ("conf.py", "import os.path\nos.environ['HOME']", "environment-only-in-settings"),
    ("login/web/views.py", "from os import getenv", "environment-only-in-settings"),
    ("login/web/views.py", "import environ", "environment-only-in-settings"),
]


@pytest.mark.parametrize(("path", "source", "rule"), PLANTED)
def test_a_planted_breach_is_caught(tmp_path: Path, path: str, source: str, rule: str) -> None:
    plant(tmp_path, path, source)
    caught = {rule.name for rule in RULES if breaches(tmp_path, rule)}
    assert rule in caught


ALLOWED = [
    ("entra/tokens.py", "from .errors import EntraError\nfrom django.core.cache import BaseCache"),
    ("models/identity.py", "from django.conf import settings\nsettings.AUTH_USER_MODEL"),
    ("models/credential.py", "from ..entra.credentials import SecretCredential"),
    ("login/flows/exchange.py", "from ...entra.credentials import Credential"),
    ("conf.py", "from django.conf import settings\nsettings.DEBUG"),
    ("testing/plugin.py", "import pytest"),
    ("login/web/views.py", "from ...models import Connection\nfrom ...entra import tokens"),
    ("login/web/views.py", "import os\nos.path.join('a', 'b')"),
    ("provider/server.py", "from oauthlib.oauth2 import TokenEndpoint\nfrom ..login import state"),
    (
        "domains.py",
        "from .login.log import events\nfrom .domain_notices import send",
    ),
    ("metrics/receivers.py", "from ..login.log.failures import FAILURES\nimport prometheus_client"),
]


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_is_allowed_passes(tmp_path: Path, path: str, source: str) -> None:
    plant(tmp_path, path, source)
    assert not [found for rule in RULES for found in breaches(tmp_path, rule)]


def plant(root: Path, path: str, source: str) -> None:
    file = root / PACKAGE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)


# --- Circular imports -----------------------------------------------------------------------------

#: Subpackages of these packages are checked, too, but not those of ``testing/``:
#: the stand-in is one program, whose pages, tokens and directories know each other.
_DIVIDED = ("login", "admin")

Graph = dict[str, set[str]]


def imports(root: Path) -> Graph:
    """Return which modules of the package each one imports, late imports in functions included.

    Without those under ``if TYPE_CHECKING``, which do not run.
    """
    files = dict(_modules(root / PACKAGE, root))
    graph: Graph = {}
    for module, file in files.items():
        is_package = file.name == "__init__.py"
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        names = {
            name for node in running_nodes(tree) for name in imported(node, module, is_package)
        }
        graph[module] = {_module_of(name, files) for name in names} - {module, ""}
    return graph


def _modules(folder: Path, root: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                yield from (other, *running_nodes(other))
        else:
            yield from (node, *running_nodes(node))


def imported(node: ast.AST, module: str, is_package: bool) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        source = absolute(node, module, is_package)
        return [f"{source}.{alias.name}" for alias in node.names]
    return []


def _module_of(name: str, modules: Collection[str]) -> str:
    """The module that a dotted name is, or is defined in; "" if it is none of ours."""
    parent = name.rpartition(".")[0]
    return name if name in modules else parent if parent in modules else ""


def circles(graph: Graph) -> list[list[str]]:
    """Return the sets of nodes that reach each other."""
    reached = {node: _reachable(graph, node) for node in graph}
    found = {
        frozenset(other for other in reached[node] if node in reached[other])
        for node in graph
        if node in reached[node]
    }
    return sorted(sorted(circle) for circle in found)


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for node in graph.get(todo.pop(), ()):
            if node not in seen:
                seen.add(node)
                todo.append(node)
    return seen


def room(module: str) -> str:
    """The package that a module is in: ``login.flows``, ``models``; itself if it is in none."""
    parts = module.split(".")
    is_divided = len(parts) > 2 and parts[1] in _DIVIDED
    return ".".join(parts[: 3 if is_divided else 2])


def rooms(graph: Graph) -> Graph:
    between: Graph = {room(module): set() for module in graph}
    for module, used in graph.items():
        between[room(module)] |= {room(name) for name in used} - {room(module)}
    return between


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(imports(ROOT)) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    graph = imports(ROOT)
    found = circles(rooms(graph))
    because = [
        f"{module} imports {name}"
        for circle in found
        for module, used in graph.items()
        for name in sorted(used)
        if {room(module), room(name)} <= set(circle) and room(module) != room(name)
    ]
    assert not found, "\n".join(because)


CIRCLES = [
    ("from ..models import credential", "from ..login.log import events", True),
    (
        "from azuread_connections.models.credential import x",
        "import azuread_connections.login.log.events",
        True,
    ),
    (
        "from ..models import credential",
        "def f():\n    from ..login.log.events import record",
        True,
    ),
    (
        "from ..models import credential",
        "if TYPE_CHECKING:\n    from ..login.log import events",
        False,
    ),
    ("from ..models import credential", "from ..conf import conf", False),
]


@pytest.mark.parametrize(("events", "secret", "is_circle"), CIRCLES)
def test_a_planted_circle_is_found(
    tmp_path: Path, events: str, secret: str, is_circle: bool
) -> None:
    plant(tmp_path, "login/log/events.py", events.replace("..models", "...models"))
    plant(tmp_path, "models/credential.py", secret)
    plant(tmp_path, "conf.py", "")
    graph = imports(tmp_path)
    assert bool(circles(graph)) == bool(circles(rooms(graph))) == is_circle


def test_a_planted_circle_of_rooms_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "credentials/report.py", "from ..diagnostics import wording")
    plant(tmp_path, "diagnostics/wording.py", "")
    plant(tmp_path, "diagnostics/probe.py", "from ..credentials import report")
    graph = imports(tmp_path)
    assert circles(graph) == []
    assert circles(rooms(graph)) == [[f"{PACKAGE}.credentials", f"{PACKAGE}.diagnostics"]]


# --- The map for newcomers ------------------------------------------------------------------------


def test_the_map_of_the_code_names_every_module_and_package_of_the_top() -> None:
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    section = page.partition("\n## Map of the code\n")[2].partition("\n## ")[0]
    top = (path for path in (ROOT / PACKAGE).iterdir() if not path.name.startswith("__"))
    names = [f"{path.name}/" if path.is_dir() else path.name for path in top]
    shown = set(re.findall(r"`([\w.]+/?)", section))
    assert [name for name in names if name not in shown and name != "py.typed"] == []


# --- Where the tests of a module are --------------------------------------------------------------

#: Test modules that are not about a single module, each with the reason.
SCENARIOS = {
    "admin/test_index.py": "the front page of the admin, a template that sites opt in to",
    "admin/test_odd_input.py": "every page of the admin, called with values that none has written",
    "admin/test_other_sites.py": "the whole admin in projects that differ from ours",
    "setup/web/test_without_time_zones.py": "all pages of a set-up, on a site without USE_TZ",
    "entra/test_app_keys.py": "a registration's own signing key, from the address to the verdict",
    "entra/test_key_history.py": "a history of key sets, replayed through metadata and jwks",
    "entra/test_limits.py": "limits of time and size, whatever the server does",
    "admin/test_words.py": "every form of the admin, beside the models",
    "provider/test_replica.py": "the same of OAuth clients",
    "scim/test_replica.py": "the same of provisioning",
    "login/test_backend_hooks.py": "the backend's hooks, through whole sign-ins",
    "models/test_clouds.py": "a cloud, in each of the places that name it",
    "login/flows/test_budget.py": "statements and requests of a whole sign-in, counted",
    "login/flows/test_prompt.py": "one parameter on every page that hands it on",
    "login/state/test_withheld_setup.py": "set-up links in reports of errors, as sign-ins are",
    "login/lookup/test_native_schemes.py": "an app's own scheme, on every way to a destination",
    "login/users/test_roles.py": "app roles at sign-in, through users/groups.py",
    "management/commands/test_check_secrets_at_size.py": "runs only with the marker at_size",
    "metrics/test_dashboard.py": "the files of docs/grafana and docs/prometheus",
    "migrations/test_credentials.py": "what a migration does to stored rows",
    "migrations/test_directory_trust.py": "what a migration does to stored rows",
    "migrations/test_domain_proof.py": "what a migration does to stored rows",
    "migrations/test_log_lookups.py": "what a migration does while others write",
    "migrations/test_upgrading.py": "all migrations, while people sign in",
    "provider/test_authlib.py": "a client that nobody here wrote",
    "provider/test_budget.py": "statements of each request, counted",
    "provider/test_concurrency.py": "requests at the same moment, in threads",
    "provider/test_commands.py": "the commands, which are a few lines each",
    "provider/test_odd_input.py": "every endpoint, called with values that no client sends",
    "provider/test_refresh.py": "what ends tokens, by every endpoint that they are used at",
    "provider/test_refusals.py": "what the token endpoint refuses, and with which error",
    "scim/test_personal_data.py": "the commands of docs/personal-data.md",
    "scim/test_provisioned_by_entra.py": "whole cycles of the imitated provisioning service",
    "provider/test_restored.py": "a database from an older dump",
    "scim/test_restored.py": "a database from an older dump",
    "provider/test_whole_sign_in.py": "from the client's redirect to its tokens",
    "rest_framework/test_docs.py": "the views of docs/rest-framework.md",
    "rest_framework/test_sessions.py": "a view for tokens and for the sessions of sign-ins",
    "testing/test_docs.py": "the examples of three pages of docs/ on testing",
    "scim/test_docs.py": "the example of docs/provisioning.md",
    "scim/test_bad_input.py": "every endpoint, called with malformed requests",
    "scim/test_budget.py": "statements of each request, counted",
    "scim/test_concurrency.py": "requests at the same moment, in threads",
    "scim/test_independent_testers.py": "two clients that nobody here wrote",
    "scim/test_four_looks.py": "session, user, rights and log after each step",
    "scim/test_joiners_and_leavers.py": "what becomes of session, user, rights and log",
    "scim/test_lists.py": "filters, pages and attributes of every list",
}

#: Module names that are too vague to find anything by.
BUCKETS = ("edges", "common", "misc", "various", "utils", "helpers")


def mirrored_test_modules() -> list[str]:
    """The test modules in those folders of tests/ that the package has too."""
    tests = ROOT / "tests"
    return [
        module.relative_to(tests).as_posix()
        for module in sorted(tests.rglob("test_*.py"))
        if module.parent != tests and (ROOT / PACKAGE / module.parent.relative_to(tests)).is_dir()
    ]


def test_each_test_module_has_a_namesake_in_the_package() -> None:
    """tests/login/users/test_linking.py is about azuread_connections/login/users/linking.py."""
    lost = []
    for name in mirrored_test_modules():
        namesake = ROOT / PACKAGE / Path(name).parent / Path(name).stem.removeprefix("test_")
        if not (namesake.with_suffix(".py").is_file() or namesake.is_dir()):
            lost.append(name)
    assert sorted(lost) == sorted(SCENARIOS), (
        "name a test module like the module that it is about; a scenario is listed with its reason"
    )


def test_no_test_module_is_a_bucket() -> None:
    names = [module.stem.removeprefix("test_") for module in (ROOT / "tests").rglob("test_*.py")]
    assert not [name for name in names if name.startswith(BUCKETS)]


# --- Links ----------------------------------------------------------------------------------------


def _text(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def _links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)#\s]+)", _text(page))


def _anchors(page: Path) -> set[str]:
    """The fragments that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ +(.+)$", _text(page), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {f"{name}-{n}" if (n := plain[:i].count(name)) else name for i, name in enumerate(plain)}


def test_every_link_to_a_heading_has_a_target() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    broken = [
        f"{page}: {name}#{fragment}"
        for page in map(Path, tracked)
        for name, fragment in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", _text(ROOT / page))
        for target in [(ROOT / page.parent / name) if name else ROOT / page]
        if target.suffix == ".md" and target.is_file() and fragment not in _anchors(target)
    ]
    assert not broken


def test_every_link_between_the_documents_has_a_target() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    pages = [Path(name) for name in tracked if name.endswith(".md")]
    broken = [
        f"{page}: {link}"
        for page in pages
        for link in _links(ROOT / page)
        if "://" not in link
        and str((ROOT / page.parent / link).resolve().relative_to(ROOT)) not in tracked
        and not (ROOT / page.parent / link).is_dir()
    ]
    assert not broken


# --- What a process that signs people in imports --------------------------------------------------

#: What only an open page of the admin or of a set-up link, or a system check, needs.
_ON_DEMAND = (
    *("credentials.addition", "credentials.certificates", "credentials.rotation"),
    *("diagnostics", "transfer", "setup.web.pages", "setup.acceptance", "setup.links"),
    *("admin.connection.actions", "admin.connection.surroundings", "admin.setup_link_facts"),
    *("checks.configuration", "checks.stored", "dns_proof.resolver", "testing"),
)
_SERVE = """
import sys
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from django.contrib.auth import get_backends
from django.urls import get_resolver
get_resolver().url_patterns, get_backends()
print(*sys.modules)
"""


def test_a_process_that_signs_people_in_imports_no_page_that_nobody_has_opened() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SERVE],
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "benchmarks.peers.azuread_connections.settings"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = done.stdout.split()
    assert f"{PACKAGE}.login.flows.sign_in" in loaded
    assert f"{PACKAGE}.admin.connection.page" in loaded
    assert [module for module in loaded if part(*_ON_DEMAND)(module)] == []
