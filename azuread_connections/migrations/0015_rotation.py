"""Rotation: what is under way for a registration, and which credentials it has replaced."""

import django.db.models.deletion
from django.db import migrations, models

import azuread_connections.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_connections", "0014_credentials"),
    ]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="replaced_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="replaced"),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("signed_in", "signed in"),
                    ("sign_in_failed", "sign-in failed"),
                    ("secret_refused", "secret refused"),
                    ("groups_incomplete", "groups incomplete"),
                    ("profile_incomplete", "extended profile incomplete"),
                    ("user_linked", "existing user linked"),
                    ("user_unlinked", "user unlinked"),
                    ("domain_withdrawn", "domain no longer verified"),
                    ("secret_rotated", "credential rotated"),
                    ("rotation_failed", "rotation failed"),
                    ("secret_removed", "replaced credential removed"),
                    ("directory_waiting", "directory waits for approval"),
                    ("directory_moved", "trusted directory changed"),
                    ("tried", "tried by an administrator"),
                    ("consent_returned", "returned from the consent page"),
                    ("client_refused", "client not authenticated"),
                    ("tokens_refused", "tokens refused to a client"),
                    ("tokens_reused", "code or refresh token used twice"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="Rotation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("cloud", models.CharField(max_length=20)),
                ("client_id", models.CharField(max_length=36)),
                ("holder", models.CharField(blank=True, max_length=32)),
                ("leased_until", models.DateTimeField(null=True)),
                ("marker", models.CharField(blank=True, max_length=32)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("secret", "client secret"),
                            ("certificate", "certificate"),
                            ("federated", "federated credential"),
                        ],
                        max_length=11,
                    ),
                ),
                ("value", azuread_connections.models.fields.EncryptedTextField(null=True)),
                ("certificate", models.TextField(blank=True)),
                ("hint", models.CharField(blank=True, max_length=60)),
                ("key_id", models.CharField(blank=True, max_length=36)),
                ("expires_at", models.DateTimeField(null=True)),
                ("added_at", models.DateTimeField(null=True)),
                (
                    "connection",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="azuread_connections.connection",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="azuread_connections.credential",
                    ),
                ),
            ],
            options={
                "verbose_name": "rotation of credentials",
                "verbose_name_plural": "rotations of credentials",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_id", "cloud"), name="azuread_rotation_registration"
                    )
                ],
            },
        ),
    ]
