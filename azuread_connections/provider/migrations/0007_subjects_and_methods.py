from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds how people authenticated, of which kind a client was, and Auth0's user IDs in use."""

    dependencies = [
        ("azuread_connections", "0013_roles_and_client_events"),
        ("azuread_provider", "0006_logout_notice"),
    ]

    operations = [
        migrations.AddField(
            model_name="authorization",
            name="methods",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="authorization",
            name="was_public",
            field=models.BooleanField(default=False, editable=False),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Auth0Subject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "object_id",
                    models.CharField(max_length=36, unique=True, verbose_name="object ID"),
                ),
                ("subject", models.CharField(max_length=64, verbose_name="subject")),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="first used"),
                ),
            ],
            options={
                "verbose_name": "Auth0 user ID",
                "verbose_name_plural": "Auth0 user IDs",
                "ordering": ["pk"],
            },
        ),
    ]
