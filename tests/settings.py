"""Settings of the test suite: the demo's, without its `.env`, and the same on every machine.

Only the database and the cache may come from the environment, so that one suite runs on SQLite,
PostgreSQL and MariaDB, with and without Redis.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

# Before the import below, which reads them.
os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("SECRET_KEY", "only-for-tests")
# No file: `make check` opens the database too, and the demo would use that file.
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")

from project.settings import *
from project.settings import DATABASES, MIDDLEWARE, STORAGES

SECRET_KEY = "only-for-tests-and-long-enough-for-every-check-0123456789"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
CSRF_TRUSTED_ORIGINS = []

# Read-only: otherwise a test's `settings.AZUREAD_CONNECTIONS |= …` would affect all later tests.
AZUREAD_CONNECTIONS = MappingProxyType(  # type: ignore[assignment]
    {
        "ENCRYPTION_KEYS": ["r5_mhMRHaQmmVVIUjBqmDtzVleGXzPHHJ0o8imVXL2Y="],
        "PASSWORD_LOGIN_URL": "password_login",
        "ALLOW_STANDIN": True,
    }
)

# A file, in which every thread has its own connection, as on a real site. With SQLite in memory,
# Django lets all threads of a live server share one connection, and two of them can wait for each
# other forever: one holds the connection's lock and waits for Python's global lock, to run one of
# the SQL functions that Django writes in Python; the other holds the global lock and waits for the
# connection's.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {
        "NAME": Path(tempfile.gettempdir()) / f"azuread_connections_{os.getpid()}.sqlite3"
    }

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Django's from 6.1. In tests every version keeps mail in memory.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

# A strict policy, under which all pages have to work: Django's own from 6.0, else django-csp.
_POLICY = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "https:"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}
SECURE_CSP = _POLICY
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _POLICY}
MIDDLEWARE = [
    *MIDDLEWARE,
    "django.middleware.csp.ContentSecurityPolicyMiddleware"
    if find_spec("django.middleware.csp")
    else "csp.middleware.CSPMiddleware",
]

# The live server of the tests serves static files itself, unhashed.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
LOGGING = {"version": 1, "disable_existing_loggers": False}
