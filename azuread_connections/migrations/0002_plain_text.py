from django.db import migrations, models

import azuread_connections.models.validators


class Migration(migrations.Migration):
    dependencies = [
        ("azuread_connections", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="connection",
            name="contact_email",
            field=models.EmailField(
                blank=True,
                max_length=254,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="contact",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="display_name",
            field=models.CharField(
                blank=True,
                max_length=128,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="display name",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="logo_url",
            field=models.CharField(
                blank=True,
                max_length=500,
                validators=[
                    azuread_connections.models.validators.validate_plain_text,
                    azuread_connections.models.validators.validate_logo_url,
                ],
                verbose_name="logo URL",
            ),
        ),
        migrations.AlterField(
            model_name="directory",
            name="domain",
            field=models.CharField(
                blank=True,
                help_text="As its first visitor's name said. Anybody can choose a name: check it.",
                max_length=253,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="domain",
            ),
        ),
        migrations.AlterField(
            model_name="groupmapping",
            name="label",
            field=models.CharField(
                blank=True,
                help_text="For you to know it by.",
                max_length=100,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="name",
            ),
        ),
    ]
