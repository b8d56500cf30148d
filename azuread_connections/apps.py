from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core.signals import request_started, setting_changed
from django.db.models.signals import m2m_changed, post_delete, post_migrate, post_save
from django.utils.translation import gettext_lazy as _


class AzureADConnectionsConfig(AppConfig):
    name = "azuread_connections"
    verbose_name = _("Azure AD connections")
    # Without it, the host project's makemigrations could write a migration into this package.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (importing registers the system checks)
        from .cache import forget_outages
        from .login.lookup import start_cache
        from .login.state.freshness import note_login
        from .login.users.directories import follow_pin
        from .login.web.request_started import withhold_from_reports
        from .models import Application, ApplicationHost, Connection, EnabledConnection
        from .models.application import create_default_application
        from .models.connection import directory_pinned

        post_migrate.connect(create_default_application, sender=self)
        for model in (Application, ApplicationHost, Connection, EnabledConnection):
            for signal in (post_save, post_delete):
                signal.connect(
                    start_cache.clear,
                    sender=model,
                    dispatch_uid="azuread_connections.clear_start_cache",
                )
        m2m_changed.connect(
            start_cache.clear,
            sender=EnabledConnection,
            dispatch_uid="azuread_connections.clear_start_cache",
        )
        user_logged_in.connect(note_login, dispatch_uid="azuread_connections.note_login")
        directory_pinned.connect(follow_pin, dispatch_uid="azuread_connections.follow_pin")
        request_started.connect(
            withhold_from_reports, dispatch_uid="azuread_connections.withhold_from_reports"
        )
        setting_changed.connect(forget_outages, dispatch_uid="azuread_connections.forget_outages")
