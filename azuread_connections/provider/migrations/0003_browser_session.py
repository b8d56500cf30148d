from django.db import migrations, models


class Migration(migrations.Migration):
    """Knows by which session of a browser a client was signed in to, so that both end together."""

    dependencies = [("azuread_provider", "0002_apis")]

    operations = [
        migrations.RemoveIndex("authorization", "azuread_provider_auth_session"),
        migrations.AddField(
            "authorization", "browser_session", models.CharField(blank=True, max_length=22)
        ),
        migrations.AddIndex(
            "authorization",
            models.Index(fields=["browser_session"], name="azuread_provider_auth_browser"),
        ),
    ]
