import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Sign-ins wait while it builds two indexes on PostgreSQL, some seconds for millions of events."""

    dependencies = [
        ("azuread_connections", "0004_buttons_index"),
    ]

    operations = [
        # First of all: between this and what it replaces, nobody may store a second row of a
        # counter while the site runs.
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                fields=["counter_key"], name="azuread_event_counter"
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="counter_key",
            field=models.CharField(editable=False, max_length=100, null=True),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["reference"], name="azuread_event_reference"),
        ),
        migrations.AlterField(
            model_name="event",
            name="reference",
            field=models.CharField(max_length=12, verbose_name="reference"),
        ),
        migrations.AlterField(
            model_name="event",
            name="connection",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="events",
                to="azuread_connections.connection",
                verbose_name="connection",
            ),
        ),
    ]
