"""Settings of the demo site. Everything that differs between machines comes from the environment.

This is the only module that reads the environment; `.env` beside `manage.py` is read where there
is one, and a variable that is really set wins over it. `.env.example` lists them all. NAME_FILE can
name a file that has the value of NAME, as container secrets do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from environ.fileaware_mapping import FileAwareMapping

from azuread_connections.hosts import ascii_host

BASE_DIR = Path(__file__).resolve().parent.parent


class Variables(FileAwareMapping):
    """The environment, with files that end in a line break, as editors and `echo` write them."""

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).rstrip("\r\n")


class Env(environ.Env):
    ENVIRON = Variables()


env = Env()
env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

# --- The site -----------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")
DEBUG = env.bool("DEBUG", default=False)
# International names as browsers send them; what has no such form is reported by the checks.
ALLOWED_HOSTS = [ascii_host(host) or host for host in env.list("ALLOWED_HOSTS", default=[])]

#: Scheme and host under which browsers reach the site: "https://app.example.com".
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
SERVED_OVER_HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "azuread_connections",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "azuread_connections.middleware.ConnectionSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------

#: What each database needs to behave alike: whole Unicode, errors instead of silent truncation,
#: and on SQLite readers that do not wait for a writer.
DATABASE_OPTIONS: dict[str, dict[str, Any]] = {
    "django.db.backends.sqlite3": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
    "django.db.backends.mysql": {
        "charset": "utf8mb4",
        "sql_mode": "STRICT_TRANS_TABLES",
    },
}


def database() -> dict[str, Any]:
    config: dict[str, Any] = env.db("DATABASE_URL", default="sqlite:///db.sqlite3")
    config["OPTIONS"] = DATABASE_OPTIONS.get(config["ENGINE"], {}) | config.get("OPTIONS", {})
    if config["ENGINE"] != "django.db.backends.sqlite3":
        return config | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    if config["NAME"] != ":memory:":
        config["NAME"] = BASE_DIR / config["NAME"]
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Several server processes need one they share, such as redis://127.0.0.1:6379/1.
CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}

# --- Signing in ---------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "azuread_connections.backends.ConnectionBackend",
    "django.contrib.auth.backends.ModelBackend",
]

AZUREAD_CONNECTIONS = {
    "ENCRYPTION_KEYS": env.list("AZUREAD_ENCRYPTION_KEYS", default=[]),
    "PUBLIC_URL": PUBLIC_URL,
    "PASSWORD_LOGIN_URL": "password_login",
    "ADMIN_APPLICATION": "default",
    "DNS_SERVERS": env.list("AZUREAD_DNS_SERVERS", default=[]),
    "LOGIN_URL": env.str("AZUREAD_LOGIN_URL", default=""),
    "GRAPH_URL": env.str("AZUREAD_GRAPH_URL", default=""),
    "ALLOW_STANDIN": env.bool("AZUREAD_ALLOW_STANDIN", default=False),
}

LOGIN_URL = "azuread_connections:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Safety -------------------------------------------------------------------------------------

# SECURE_PROXY_SSL_HEADER is left out on purpose: behind a proxy that does not set that header
# itself, anybody could claim https. Set it where the proxy is known to.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SERVED_OVER_HTTPS
CSRF_TRUSTED_ORIGINS: list[str] = (
    [f"https://{ascii_host(PUBLIC_URL.removeprefix('https://'))}"] if SERVED_OVER_HTTPS else []
)
# Lax, not Strict: the browser comes back from Microsoft by a link from another site.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Language, time, files, log -------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "project" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # Hashed names need `manage.py collectstatic` first, which development does without.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"without_query": {"()": "project.logs.WithoutQuery"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_query"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own console handler works only under DEBUG; the root's does always.
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
}
