"""The site as docs/scaling.md advises: a primary and a replica behind PgBouncer, Redis, a proxy."""

from __future__ import annotations

from ci.load_settings import *
from ci.load_settings import AZUREAD_CONNECTIONS, DATABASES, INSTALLED_APPS, MIDDLEWARE, env

ROOT_URLCONF = "ci.scale.urls"
MIDDLEWARE = ["azuread_connections.health.middleware.HealthMiddleware", *MIDDLEWARE]
INSTALLED_APPS = [*INSTALLED_APPS, "azuread_connections.scim"]

#: PgBouncer gives each transaction another connection to the server.
_POOLED = {"DISABLE_SERVER_SIDE_CURSORS": True}
DATABASES = {
    "default": DATABASES["default"] | _POOLED,
    "replica": DATABASES["default"] | _POOLED | env.db("REPLICA_URL"),
}
DATABASE_ROUTERS = [
    "azuread_connections.routers.PrimaryRouter",
    "ci.scale.routers.ReplicaRouter",
]

# A session is checked at each request, so that no test waits.
AZUREAD_CONNECTIONS = AZUREAD_CONNECTIONS | {"TRUSTED_PROXIES": 1, "SESSION_CHECK_SECONDS": 0}
