from __future__ import annotations

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "azuread_connections.metrics"
    # Django's default would be "metrics", which other apps are called too.
    label = "azuread_metrics"
    verbose_name = _("Metrics")

    def ready(self) -> None:
        try:
            from . import checks, receivers, stored
        except ModuleNotFoundError as error:
            if error.name != "prometheus_client":
                raise
            raise ImproperlyConfigured(
                "azuread_connections.metrics needs prometheus_client, which is not installed. "
                'Install it with: pip install "azuread-connections[metrics]"'
            ) from error
        checks.add()
        receivers.connect()
        stored.register()
