"""Reference of AZUREAD_CONNECTIONS: defaults.py's comments and values, and what the checks ask of a
value."""

from __future__ import annotations

import ast

from azuread_connections.checks.configuration import SHAPES
from azuread_connections.defaults import DEFAULTS

from .markdown import code, page
from .source import PACKAGE, module

_INTRODUCTION = """All settings of the app are in one dict, `AZUREAD_CONNECTIONS`, and every key is
optional. [Settings and extension points](../settings.md) begins with an example, and with Django's
own settings that matter.

`manage.py check` reports a key that is not on this page, such as a misspelt one, and a value of
another shape. A list can be written as a tuple. All values are read when they are used."""

#: Where a page says more.
_MORE = {
    "ENCRYPTION_KEYS": ("Encryption keys", "operating.md#encryption-keys"),
    "PUBLIC_URL": ("Behind a proxy", "operating.md#behind-a-proxy"),
    "DEFAULT_APPLICATION": (
        "Which application a sign-in is for",
        "applications.md#which-application-a-sign-in-is-for",
    ),
    "ADMIN_APPLICATION": (
        "Buttons on the admin's sign-in page",
        "applications.md#buttons-on-the-admins-sign-in-page",
    ),
    "SUPPORT_EMAIL": ("Let the customer set it up", "setup-links.md"),
    "CACHE": (
        "Several workers and the shared cache",
        "operating.md#several-workers-and-the-shared-cache",
    ),
    "USERNAME_FUNCTION": ("Usernames", "profile.md#usernames"),
    "EMAIL_CLAIMS": ("Basic profile", "profile.md#basic-profile"),
    "USER_FIELDS": ("The Django user's fields", "profile.md#the-django-users-fields"),
    "CONNECT_TIMEOUT": ("Time limits", "operating.md#time-limits"),
    "READ_TIMEOUT": ("Time limits", "operating.md#time-limits"),
    "TOTAL_TIMEOUT": ("Time limits", "operating.md#time-limits"),
    "CALLBACK_TIMEOUT": ("Time limits", "operating.md#time-limits"),
    "TRUSTED_PROXIES": ("Behind a proxy", "operating.md#behind-a-proxy"),
    "SESSION_CHECK_SECONDS": ("Sessions", "operating.md#sessions"),
    "MAX_SIGN_IN_DAYS": ("Sessions", "operating.md#sessions"),
    "EVENT_DAYS": ("The log", "operating.md#the-log"),
    "SCIM_LOG_DAYS": ("The request log", "provisioning.md#the-request-log"),
    "SECRET_WARNING_DAYS": ("Checking credentials", "operating.md#checking-credentials"),
    "PRIVATE_LOGOUT_HOSTS": ("Back-channel logout", "provider.md#back-channel-logout"),
    "API_APP_ID_URIS": ("APIs with Django REST framework", "rest-framework.md"),
    "API_IDENTIFIERS": (
        "Tokens of your own provider",
        "rest-framework.md#tokens-of-your-own-provider",
    ),
    "DNS_SERVERS": ("The servers that are asked", "domains.md#the-servers-that-are-asked"),
    "METRICS_TOKEN": ("Metrics", "metrics.md"),
    "LOGIN_URL": ("Tutorial", "tutorial.md"),
    "GRAPH_URL": ("Tutorial", "tutorial.md"),
    "ALLOW_STANDIN": ("Testing your site", "testing.md"),
}


def write() -> str:
    return page(
        "Settings",
        "azuread_connections/defaults.py",
        _INTRODUCTION,
        *(_section(key, text) for key, text in _texts().items()),
    )


def _texts() -> dict[str, str]:
    """Return every key with the comment above it. Raises ``ValueError`` where one is missing."""
    source = module(PACKAGE / "defaults.py")
    defaults = source.assigned("DEFAULTS")
    keys = defaults.keys if isinstance(defaults, ast.Dict) else []
    texts = {ast.literal_eval(key): source.comment_above(key.lineno) for key in keys if key}
    if missing := [key for key, text in texts.items() if not text]:
        raise ValueError(f"defaults.py: there is no comment above {', '.join(missing)}")
    return texts


def _section(key: str, text: str) -> str:
    facts = [f"- Default: {code(_literal(DEFAULTS[key]))}"]
    if key in SHAPES:
        _test, shape, example = SHAPES[key]
        facts.append(f"- A value must be {shape}, such as {code(example)}")
    if key in _MORE:
        title, target = _MORE[key]
        facts.append(f"- See [{title}](../{target})")
    return "\n\n".join([f"## `{key}`", text, "\n".join(facts)])


def _literal(value: object) -> str:
    """Return a value as most people write it in Python, with double quotes."""
    return repr(value).replace("'", '"')
