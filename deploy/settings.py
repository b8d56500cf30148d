"""Settings of the container: the site's, with health checks, time limits, and the log as JSON.

For a site of your own, keep what is below the imports.
"""

from __future__ import annotations

from pythonjsonlogger.core import RESERVED_ATTRS

from project.settings import *
from project.settings import AZUREAD_CONNECTIONS, CACHES, DATABASES, LOGGING, MIDDLEWARE, env

ROOT_URLCONF = "deploy.urls"
MIDDLEWARE = ["azuread_connections.health.middleware.HealthMiddleware", *MIDDLEWARE]

# Proxies in front that append to X-Forwarded-For: docs/operating.md, Behind a proxy. There is no
# default: behind a proxy that is not counted, all clients have one address, and share each limit.
AZUREAD_CONNECTIONS = AZUREAD_CONNECTIONS | {"TRUSTED_PROXIES": env.int("TRUSTED_PROXIES")}

# Waits that Django does not limit by itself: docs/operating.md, Time limits.
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["OPTIONS"] |= {"connect_timeout": 5, "options": "-c lock_timeout=5s"}
if CACHES["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache":
    CACHES["default"]["OPTIONS"] = {"socket_timeout": 1, "socket_connect_timeout": 1}

# docs/logging.md
LOGGING = LOGGING | {
    "formatters": {
        "line": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        }
    }
}
