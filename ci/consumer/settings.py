"""Settings of the site that `ci/consumer` is: every optional part is installed."""

from __future__ import annotations

SECRET_KEY = "only-for-a-type-check"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "oauth2_provider",
    "azuread_connections",
    "azuread_connections.provider",
    "azuread_connections.scim",
    "azuread_connections.metrics",
]
MIDDLEWARE = [
    "azuread_connections.health.middleware.HealthMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "azuread_connections.middleware.ConnectionSessionMiddleware",
]
DATABASE_ROUTERS = ["azuread_connections.routers.PrimaryRouter"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
ROOT_URLCONF = "consumer.urls"
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
AZUREAD_CONNECTIONS = {"METRICS_TOKEN": "only-for-a-type-check-0123456789abcdef"}
