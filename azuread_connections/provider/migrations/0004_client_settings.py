import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_provider", "0003_browser_session"),
    ]

    operations = [
        migrations.AddField(
            model_name="oauthclient",
            name="logo_uri",
            field=models.URLField(
                blank=True,
                help_text="Shown where people are asked about the client. It begins with https://.",
                max_length=500,
                verbose_name="logo URL",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="id_token_lifetime",
            field=models.PositiveIntegerField(
                default=3600,
                help_text="In seconds: 3600 is one hour.",
                validators=[
                    django.core.validators.MinValueValidator(60),
                    django.core.validators.MaxValueValidator(2592000),
                ],
                verbose_name="lifetime of ID tokens",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="refresh_token_lifetime",
            field=models.PositiveIntegerField(
                default=2592000,
                help_text="In seconds since the sign-in: 2592000 is 30 days.",
                validators=[
                    django.core.validators.MinValueValidator(60),
                    django.core.validators.MaxValueValidator(31557600),
                ],
                verbose_name="lifetime of refresh tokens",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="refresh_token_idle_lifetime",
            field=models.PositiveIntegerField(
                default=1296000,
                help_text="In seconds since the last refresh: 1296000 is 15 days.",
                validators=[
                    django.core.validators.MinValueValidator(60),
                    django.core.validators.MaxValueValidator(31557600),
                ],
                verbose_name="lifetime of unused refresh tokens",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="backchannel_logout_uri",
            field=models.URLField(
                blank=True,
                help_text="Gets a signed message when a person signs out or loses access (OpenID Connect Back-Channel Logout). It begins with https://.",
                max_length=500,
                verbose_name="back-channel logout URL",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="uses_auth0_subjects",
            field=models.BooleanField(
                default=False,
                help_text="The client knows its people as “waad|” and the object ID, as Auth0 called them.",
                verbose_name="Auth0's user IDs",
            ),
        ),
        migrations.AddField(
            model_name="oauthclient",
            name="metadata",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Texts by name, for code of your own.",
                verbose_name="metadata",
            ),
        ),
        migrations.AddField(
            model_name="api",
            name="token_lifetime",
            field=models.PositiveIntegerField(
                default=3600,
                help_text="In seconds: 3600 is one hour. The shorter it is, the sooner a revocation takes effect.",
                validators=[
                    django.core.validators.MinValueValidator(60),
                    django.core.validators.MaxValueValidator(2592000),
                ],
                verbose_name="lifetime of access tokens",
            ),
        ),
    ]
