"""Settings of the test suite: the demo's, without its `.env`, and the same on every machine.

Only the database and the cache may come from the environment, so that one suite runs on SQLite,
PostgreSQL and MariaDB, with and without Redis.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from types import MappingProxyType

# Before the import below, which reads them.
os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("SECRET_KEY", "only-for-tests")
# No file: `make check` opens the database too, and the demo would take the file for its own.
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")

from project.settings import *
from project.settings import MIDDLEWARE, STORAGES

SECRET_KEY = "only-for-tests-and-long-enough-for-every-check-0123456789"
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
CSRF_TRUSTED_ORIGINS = []

# Read-only, or a test's `settings.AZUREAD_CONNECTIONS |= …` would change it for all that follow.
AZUREAD_CONNECTIONS = MappingProxyType(  # type: ignore[assignment]
    {
        "ENCRYPTION_KEYS": ["r5_mhMRHaQmmVVIUjBqmDtzVleGXzPHHJ0o8imVXL2Y="],
        "PASSWORD_LOGIN_URL": "password_login",
        "ALLOW_STANDIN": True,
    }
)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

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
