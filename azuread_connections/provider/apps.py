from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save, pre_delete
from django.utils.translation import gettext_lazy as _


class ProviderConfig(AppConfig):
    name = "azuread_connections.provider"
    # Django's default would be "provider", which other apps are called too.
    label = "azuread_provider"
    verbose_name = _("OAuth clients")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth import get_user_model
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from ..credentials.sources import add_source
        from ..models import Connection, Identity, Revocation
        from ..models.destinations import WILDCARD_RULES
        from . import checks  # noqa: F401  (importing registers the system checks)
        from .bearer import accept_own_tokens
        from .browser_session import end_tokens, name_session
        from .key_rotation import create_first_key, keep_published
        from .logs import keep_tokens_out
        from .models.api import API
        from .models.client import OAuthClient, delete_oauth_application
        from .secret_report import client_secret_lines
        from .sweep import announce_deletion, end_deactivated, end_revoked
        from .wildcards import wildcard_fault

        post_migrate.connect(create_first_key, sender=self)
        post_delete.connect(
            delete_oauth_application,
            sender=OAuthClient,
            dispatch_uid="azuread_provider.delete_oauth_application",
        )
        for with_lifetime in (API, OAuthClient):
            name = f"azuread_provider.keep_published.{with_lifetime.__name__}"
            post_save.connect(keep_published, sender=with_lifetime, dispatch_uid=name)
        user_logged_in.connect(name_session, dispatch_uid="azuread_provider.name_session")
        user_logged_out.connect(end_tokens, dispatch_uid="azuread_provider.end_tokens")
        post_save.connect(
            end_revoked, sender=Revocation, dispatch_uid="azuread_provider.end_revoked"
        )
        post_save.connect(
            end_deactivated,
            sender=get_user_model(),
            dispatch_uid="azuread_provider.end_deactivated",
        )
        for deleted in (Identity, Connection):
            pre_delete.connect(
                announce_deletion, sender=deleted, dispatch_uid="azuread_provider.announce_deletion"
            )
        keep_tokens_out()
        accept_own_tokens()
        add_source("azuread_provider", client_secret_lines)
        if wildcard_fault not in WILDCARD_RULES:
            WILDCARD_RULES.append(wildcard_fault)
