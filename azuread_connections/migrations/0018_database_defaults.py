"""Columns that the release before does not know get a default in the database.

Its workers go on inserting rows while they and this release's run next to each other. Django drops the
default of a new column once it has filled the existing rows.
"""

from django.db import migrations, models

import azuread_connections.models.optional_claims
import azuread_connections.models.validators


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_connections", "0017_access"),
    ]

    operations = [
        migrations.AlterField(
            model_name="connection",
            name="app_roles",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Uses the roles of the app registration that the directory has assigned to the person (claim “roles”). Needs no permission. If on, a sign-in without the claim means that the person has no role.",
                verbose_name="app roles",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="optional_claims",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="Further claims of the ID token to keep in the profile, such as employeeid or ctry. One per line. Add them in Azure too: App registrations › your app › Token configuration.",
                validators=[azuread_connections.models.optional_claims.validate_optional_claims],
                verbose_name="claims to keep",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="prompt",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Only if needed"),
                    ("select_account", "Ask which account to use"),
                    ("login", "Ask to sign in again"),
                ],
                db_default="",
                default="",
                help_text="What Microsoft asks at each sign-in, even of people who are signed in there.",
                max_length=14,
                verbose_name="prompt",
            ),
        ),
        migrations.AlterField(
            model_name="domainalias",
            name="dns_tenant_id",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=36
            ),
        ),
        migrations.AlterField(
            model_name="domainalias",
            name="dns_token",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="domainalias",
            name="needs_proof",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="groupmapping",
            name="role",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The role's “Value” in the app registration, instead of a group.",
                max_length=120,
                validators=[azuread_connections.models.validators.validate_app_role],
                verbose_name="app role",
            ),
        ),
    ]
