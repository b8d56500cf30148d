import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("azuread_provider", "0005_device")]

    operations = [
        migrations.CreateModel(
            name="LogoutNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=255)),
                ("session_id", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
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
                "verbose_name": "logout notice",
                "verbose_name_plural": "logout notices",
                "ordering": ["due_at", "pk"],
                "indexes": [models.Index(fields=["due_at"], name="azuread_provider_notice_due")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "session_id"), name="azuread_provider_notice_unique"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["microsoft_session_id"], name="azuread_provider_auth_msid"),
        ),
    ]
