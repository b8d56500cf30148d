from __future__ import annotations

from project.settings import BASE_DIR, DEBUG, PUBLIC_URL, env
from project.settings import SECRET_KEY as SITE_KEY

__all__ = ["DEBUG"]

#: The issuer: where the site's provider is, with a slash at the end.
ISSUER = f"{PUBLIC_URL}/"
#: Where browsers reach these clients.
CLIENTS_URL = env.str("CLIENTS_URL", default="http://localhost:8002")

SECRET_KEY = f"clients-{SITE_KEY}"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = ["django.contrib.staticfiles"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.demo.clients.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "demo" / "clients" / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

# In memory: tokens belong neither into a cookie nor onto a disk.
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
# Browsers send cookies to all ports of a host, and the site's have these names.
SESSION_COOKIE_NAME = "clients_session"
CSRF_COOKIE_NAME = "clients_csrf"

STATIC_URL = "static/"
STATICFILES_DIRS = [
    BASE_DIR / "project" / "static",
    BASE_DIR / "project" / "demo" / "clients" / "static",
]
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_query": {"()": "project.logs.WithoutQuery"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["without_query"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
}
