from django.db import migrations, models

import azuread_connections.models.application


class Migration(migrations.Migration):
    """True with and without the sub-app for OAuth clients. No column changes."""

    dependencies = [
        ("azuread_connections", "0011_help_texts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="application",
            name="application_type",
            field=models.CharField(
                choices=[
                    ("native", "Native"),
                    ("spa", "Single Page Application"),
                    ("regular_web", "Regular Web Application"),
                    ("machine_to_machine", "Machine to Machine"),
                ],
                default="regular_web",
                help_text="It decides which addresses are valid and whether people can sign in.",
                max_length=20,
                verbose_name="application type",
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="grant_types",
            field=models.JSONField(
                blank=True,
                default=azuread_connections.models.application.default_grant_types,
                help_text="What the application can use as an OAuth client. People can sign in to it only with “Authorization Code” or “Device Code”.",
                verbose_name="grant types",
            ),
        ),
    ]
