"""Client secrets become credentials of three kinds, in one table."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models, router

import azuread_connections.models.fields
import azuread_connections.models.validators

_Q = models.Q
_WHOLE = (
    _Q(kind="secret", value__isnull=False, certificate="", token_file="", managed_identity="")
    | _Q(
        _Q(kind="certificate", token_file="", managed_identity=""),
        ~_Q(certificate=""),
        value__isnull=False,
        expires_at__isnull=False,
    )
    | _Q(
        _Q(token_file="") | _Q(managed_identity=""),
        kind="federated",
        value__isnull=True,
        certificate="",
        expires_at__isnull=True,
    )
)

_ACTIONS = ("add", "change", "delete", "view")


def _permissions_renamed(model: tuple[str, str], words: str, manage: str) -> Any:
    """Return a step that renames the stored permissions. Django only adds missing ones: groups
    would keep those of a model that is gone, and lack the new ones.

    ``model``: its name before and after. ``words``: how the new permissions call it. ``manage``: the
    text of ``manage_secret``.
    """
    before, after = model

    def rename(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        permission = apps.get_model("auth", "Permission")
        if not router.allow_migrate_model(using, permission):
            return
        # Whether the content type is renamed already is up to Django.
        own = permission.objects.using(using).filter(
            content_type__app_label="azuread_connections",
            content_type__model__in=[before, after, "connection"],
        )
        for action in _ACTIONS:
            if not own.filter(codename=f"{action}_{after}").exists():
                own.filter(codename=f"{action}_{before}").update(
                    codename=f"{action}_{after}", name=f"Can {action} {words}"
                )
        own.filter(codename="manage_secret").update(name=manage)

    return rename


_rename_permissions = _permissions_renamed(
    ("clientsecret", "credential"),
    "credential",
    "Can add and remove credentials",
)
_rename_permissions_back = _permissions_renamed(
    ("credential", "clientsecret"),
    "client secret",
    "Can add and remove client secrets",
)


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_connections", "0013_roles_and_client_events"),
    ]

    operations = [
        migrations.RenameModel("ClientSecret", "Credential"),
        migrations.RenameIndex(
            "Credential", new_name="azuread_credential_expiry", old_name="azuread_secret_expiry"
        ),
        migrations.AlterModelOptions(
            name="connection",
            options={
                "ordering": ["name_key"],
                "permissions": [
                    ("manage_secret", "Can add and remove credentials"),
                    ("consent_connection", "Can ask a directory for consent"),
                    ("search_directory", "Can search the directory's users"),
                    ("try_connection", "Can check and try connections"),
                    ("export_connection", "Can export connections"),
                ],
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
            },
        ),
        migrations.AlterModelOptions(
            name="credential",
            options={
                "ordering": ["-created_at", "-pk"],
                "verbose_name": "credential",
                "verbose_name_plural": "credentials",
            },
        ),
        migrations.AddField(
            model_name="credential",
            name="kind",
            field=models.CharField(
                choices=[
                    ("secret", "client secret"),
                    ("certificate", "certificate"),
                    ("federated", "federated credential"),
                ],
                default="secret",
                max_length=11,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="certificate",
            field=models.TextField(blank=True, verbose_name="certificate"),
        ),
        migrations.AddField(
            model_name="credential",
            name="token_file",
            field=models.CharField(
                blank=True,
                help_text=(
                    "The absolute path of a file on this server, read at each use. If empty, the "
                    "environment variable AZURE_FEDERATED_TOKEN_FILE names it."
                ),
                max_length=500,
                validators=[azuread_connections.models.validators.validate_token_file],
                verbose_name="token file",
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="managed_identity",
            field=models.CharField(
                blank=True,
                help_text=(
                    "The token comes from the Azure resource on which this site runs: “system” for "
                    "its own identity, or the client ID of a user-assigned one."
                ),
                max_length=36,
                validators=[azuread_connections.models.validators.validate_managed_identity],
                verbose_name="managed identity",
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="is_unavailable",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="credential",
            name="connection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="credentials",
                to="azuread_connections.connection",
                verbose_name="connection",
            ),
        ),
        migrations.AlterField(
            model_name="credential",
            name="value",
            field=azuread_connections.models.fields.EncryptedTextField(
                blank=True, null=True, verbose_name="private part"
            ),
        ),
        migrations.AlterField(
            model_name="credential",
            name="hint",
            field=models.CharField(editable=False, max_length=60, verbose_name="identifier"),
        ),
        migrations.AlterField(
            model_name="credential",
            name="key_id",
            field=models.CharField(blank=True, max_length=36, verbose_name="key ID"),
        ),
        migrations.AlterField(
            model_name="credential",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="ends"),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(condition=_WHOLE, name="azuread_credential_whole"),
        ),
        migrations.RunPython(_rename_permissions, _rename_permissions_back),
    ]
