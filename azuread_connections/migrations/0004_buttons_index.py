from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_connections", "0003_event_user_unlinked"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                fields=["show_as_button", "display_name", "name_key"],
                name="azuread_connection_buttons",
            ),
        ),
    ]
