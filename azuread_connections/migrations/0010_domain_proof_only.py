from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from the rows' proofs: PostgreSQL alters no table in a transaction that has just
    written rows which refer to it."""

    dependencies = [
        ("azuread_connections", "0009_domain_proof"),
    ]

    operations = [
        migrations.RemoveField(model_name="connection", name="domain_verified"),
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
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
