"""Devices that wait for a person to sign in for them (RFC 8628)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_provider", "0004_client_settings"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeviceAuthorization",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("device_code_digest", models.CharField(max_length=64, unique=True)),
                ("user_code_digest", models.CharField(max_length=64, unique=True)),
                ("scope", models.TextField(blank=True)),
                ("address", models.GenericIPAddressField(null=True)),
                ("program", models.CharField(blank=True, max_length=40)),
                ("interval", models.PositiveIntegerField(default=5)),
                ("polled_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "api",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="azuread_provider.api",
                    ),
                ),
                (
                    "authorization",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="device",
                        to="azuread_provider.authorization",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="azuread_provider.oauthclient",
                    ),
                ),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        fields=["client", "expires_at"], name="azuread_provider_dev_client"
                    ),
                    models.Index(fields=["expires_at"], name="azuread_provider_dev_expires"),
                ],
            },
        ),
    ]
