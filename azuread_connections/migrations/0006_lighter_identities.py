import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from that of the log: a sign-in locks both tables, and would meet this half-way."""

    dependencies = [
        ("azuread_connections", "0005_lighter_log"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(fields=["login_name"], name="azuread_identity_login_name"),
        ),
        migrations.AlterField(
            model_name="identity",
            name="login_name",
            field=models.CharField(blank=True, max_length=254, verbose_name="login name"),
        ),
        migrations.AlterField(
            model_name="identity",
            name="connection",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="identities",
                to="azuread_connections.connection",
                verbose_name="last connection",
            ),
        ),
    ]
