import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import azuread_connections.models.application
import azuread_connections.models.validators


class Migration(migrations.Migration):
    """Labels and help texts stand on the models. No column changes."""

    dependencies = [
        ("azuread_connections", "0010_domain_proof_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="application",
            name="allowed_logout_urls",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Addresses outside this site to which people may go after signing out, in the same way.",
                verbose_name="Allowed Logout URLs",
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="application_type",
            field=models.CharField(
                choices=[
                    ("native", "Native"),
                    ("spa", "Single Page Application"),
                    ("regular_web", "Regular Web Application"),
                    ("machine_to_machine", "Machine to Machine"),
                ],
                default="regular_web",
                help_text="For a new application, choosing a type ticks the grant types it usually has.",
                max_length=20,
                verbose_name="application type",
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="grant_types",
            field=models.JSONField(
                blank=True,
                default=azuread_connections.models.application.default_grant_types,
                help_text="People can sign in only with “Authorization Code”.",
                verbose_name="grant types",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="allow_guests",
            field=models.BooleanField(
                default=True,
                help_text="People of other organisations whom the directory has invited.",
                verbose_name="let guests of the directory in",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="client_id",
            field=models.CharField(
                help_text="In the Microsoft Entra admin center: App registrations › your app › Overview › “Application (client) ID”.",
                max_length=36,
                validators=[azuread_connections.models.validators.validate_client_id],
                verbose_name="client ID",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="cloud",
            field=models.CharField(
                choices=[
                    ("global", "Global"),
                    ("usgov", "US Government (GCC High)"),
                    ("dod", "US Government (DoD)"),
                    ("china", "China (21Vianet)"),
                ],
                default="global",
                help_text="Where the directory lives. Nearly all are in the global cloud.",
                max_length=10,
                verbose_name="cloud",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="contact_email",
            field=models.EmailField(
                blank=True,
                help_text="Who is written to, in addition to this site's ADMINS, before a client secret expires (check_secrets --email), and when a domain of the connection is no longer verified.",
                max_length=254,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="contact",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="create_users",
            field=models.BooleanField(
                default=True,
                help_text="Off: only people who are tied to a user already, or can be linked, get in.",
                verbose_name="create users at their first sign-in",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="discover_domain",
            field=models.BooleanField(
                default=True,
                help_text="Who types an address of this domain on the sign-in page is sent to this connection. Without it, only the aliases above lead here. The domain is verified all the same.",
                verbose_name="find by the Azure AD domain",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="display_name",
            field=models.CharField(
                blank=True,
                help_text="What people read on the button: usually the company. Empty: the connection name.",
                max_length=128,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="display name",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="domain",
            field=models.CharField(
                help_text="A domain of the directory, such as contoso.com or contoso.onmicrosoft.com. In the Microsoft Entra admin center: Overview › Primary domain.",
                max_length=253,
                validators=[azuread_connections.models.validators.validate_domain],
                verbose_name="Microsoft Azure AD Domain",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="enable_users_api",
            field=models.BooleanField(
                default=False,
                help_text="Lets this site search the directory's users, also those who have never signed in. Needs the application permission User.Read.All.",
                verbose_name="enable Users API",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="extended_profile",
            field=models.BooleanField(
                default=False,
                help_text="Asks Microsoft Graph at each sign-in for: phone, job title, mobile, given name, family name, preferred language, upn, department, company, office, employee id, country. Needs the permission User.Read.",
                verbose_name="Extended Profile",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="identity_api",
            field=models.CharField(
                choices=[
                    ("v2.0", "Microsoft identity platform (v2.0)"),
                    ("v1.0", "Azure Active Directory (v1.0)"),
                ],
                default="v2.0",
                help_text="v2.0 for every new registration. v1.0 only for an older one that needs it.",
                max_length=4,
                verbose_name="identity API",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="link_by_email",
            field=models.BooleanField(
                default=False,
                help_text="At a first sign-in, tie the person to the user who has the same email address, if: the address is in Microsoft's claim “email”; its domain is this connection's domain or alias, and Microsoft confirms at this moment that it belongs to the connection's own directory; the person is a member of that directory and not a guest; exactly one user has the address; and that user is active, tied to nobody yet, neither staff nor superuser, and holds no permission, not even by a group. The user's password and open sessions then end. It is not checked that the user's address is really theirs: use this only where your site confirms addresses before it stores them.",
                verbose_name="link existing users by email",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="logo_url",
            field=models.CharField(
                blank=True,
                help_text="Address of a square picture, beginning with https://. It is drawn at 20×20 pixels.",
                max_length=500,
                validators=[
                    azuread_connections.models.validators.validate_plain_text,
                    azuread_connections.models.validators.validate_logo_url,
                ],
                verbose_name="logo URL",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="max_groups",
            field=models.PositiveIntegerField(
                default=500,
                help_text="So many groups of a person are stored to be looked up. Mappings always go by all of them.",
                verbose_name="groups to keep",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="name",
            field=models.CharField(
                help_text="Part of the sign-in address and fixed once saved. Letters, digits and “-”, such as contoso-staff.",
                max_length=128,
                validators=[azuread_connections.models.validators.validate_connection_name],
                verbose_name="connection name",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="nested_groups",
            field=models.BooleanField(
                default=False,
                help_text="Also the groups that contain those groups. Only with Security Groups.",
                verbose_name="nested groups",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="new_directories",
            field=models.CharField(
                choices=[
                    ("accept", "Accept them"),
                    ("hold", "Hold them until an administrator approves"),
                    ("listed", "Refuse all that are not listed"),
                ],
                default="hold",
                help_text="With the common endpoint: what becomes of a directory that nobody has come from before. Personal accounts, and directories that another connection has as its own, are refused unless you add them to the list.",
                max_length=10,
                verbose_name="new directories",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="security_groups",
            field=models.BooleanField(
                default=False,
                help_text="Reads the groups that the person is in directly, by ID and name. Needs the permissions User.Read and GroupMember.Read.All.",
                verbose_name="Security Groups",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="show_as_button",
            field=models.BooleanField(
                default=True,
                help_text="Shows “Continue with …” on the sign-in page. Without it, people come by their email address or a direct link.",
                verbose_name="show as button",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="sync_profile",
            field=models.CharField(
                choices=[
                    ("each_login", "At each login"),
                    ("first_login", "At the first login only"),
                    ("never", "Never"),
                ],
                default="each_login",
                help_text="When fields of the Django user follow the directory; which ones: see below.",
                max_length=11,
                verbose_name="sync user profile attributes at each login",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="use_common_endpoint",
            field=models.BooleanField(
                default=False,
                help_text="Take people of any organisation's directory. The registration must allow “Accounts in any organizational directory”. Off: only people of the directory above.",
                verbose_name="use common endpoint",
            ),
        ),
        migrations.AlterField(
            model_name="directory",
            name="tenant_id",
            field=models.CharField(
                help_text="The “Tenant ID” of the directory's overview page in the Microsoft Entra admin center.",
                max_length=36,
                verbose_name="directory ID",
            ),
        ),
        migrations.AlterField(
            model_name="identity",
            name="user",
            field=models.ForeignKey(
                help_text="Careful: from now on this person signs in as the user chosen here, with everything that user may do and see, and no longer as the present one. Make sure that both are the same human being.",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="azuread_identities",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
    ]
