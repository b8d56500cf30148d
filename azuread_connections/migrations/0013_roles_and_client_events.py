from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds app roles, and the kinds of event that are about OAuth clients."""

    dependencies = [
        ("azuread_connections", "0012_application_help_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="identity",
            name="roles",
            field=models.JSONField(default=list, verbose_name="app roles"),
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
    ]
