from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScimConfig(AppConfig):
    name = "azuread_connections.scim"
    # Django's default would be "scim", which other apps are called too.
    label = "azuread_scim"
    verbose_name = _("Provisioning")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.signals import request_started
        from django.db.models.signals import post_save

        from ..credentials.notices import add_notices
        from ..credentials.sources import add_source
        from ..diagnostics.additional_steps import add_step
        from ..login.log.retention import add_log
        from ..login.users.admission import add_rule
        from ..models import Identity
        from ..models.connection import directory_pinned
        from ..observation import provisioning
        from ..signals import user_created
        from .admission_rule import admission_rule
        from .checklist_step import provisioning_step
        from .provisioning_states import provisioning_states
        from .receivers import (
            follow_identity,
            forget_former_directory,
            note_activated_user,
            note_created_user,
            user_models,
        )
        from .request_log import clear
        from .token_report import due_notices, token_lines
        from .withheld import withhold_from_reports

        request_started.connect(
            withhold_from_reports, dispatch_uid="azuread_scim.withhold_from_reports"
        )
        post_save.connect(
            follow_identity, sender=Identity, dispatch_uid="azuread_scim.follow_identity"
        )
        for model in user_models():
            post_save.connect(
                note_activated_user, sender=model, dispatch_uid="azuread_scim.note_activated_user"
            )
        user_created.connect(note_created_user, dispatch_uid="azuread_scim.note_created_user")
        directory_pinned.connect(
            forget_former_directory, dispatch_uid="azuread_scim.forget_former_directory"
        )
        add_rule("azuread_scim", admission_rule)
        add_log("azuread_scim", clear)
        add_source("azuread_scim", token_lines)
        add_notices("azuread_scim", due_notices)
        add_step("azuread_scim", provisioning_step)
        provisioning["azuread_scim"] = provisioning_states
