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
                help_text="Addresses outside this site where people may be sent after signing out, one per line.",
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
                help_text="For a new application, choosing a type ticks its default grant types.",
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
                help_text="Guests are people of other organisations whom the directory has invited.",
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
                help_text="The directory's Microsoft cloud. Nearly all are in the global cloud.",
                max_length=10,
                verbose_name="cloud",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="contact_email",
            field=models.EmailField(
                blank=True,
                help_text="Gets an email, like this site's ADMINS, before a client secret expires (check_secrets --email) and when a domain of the connection is no longer verified.",
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
                help_text="If off, only people who are tied to a user, or can be linked, can sign in.",
                verbose_name="create users at their first sign-in",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="discover_domain",
            field=models.BooleanField(
                default=True,
                help_text="People who type an address of this domain on the sign-in page are sent here. If off, only the aliases above lead here. The domain is verified either way.",
                verbose_name="find by the Azure AD domain",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="display_name",
            field=models.CharField(
                blank=True,
                help_text="The name on the button, usually the company's. If empty, the connection name is used.",
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
                help_text="Lets this site search the directory's users, including those who have never signed in. Needs the application permission User.Read.All.",
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
                help_text="Use v2.0 for new registrations, v1.0 only for an older one that needs it.",
                max_length=4,
                verbose_name="identity API",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="link_by_email",
            field=models.BooleanField(
                default=False,
                help_text="At a first sign-in, tie the person to the user who has the same email address, if: the address is in Microsoft's claim “email”; its domain is this connection's domain or alias, and Microsoft confirms at that moment that it belongs to the connection's own directory; the person is a member of that directory and not a guest; exactly one user has the address; and that user is active, not tied to anybody yet, neither staff nor superuser, and holds no permission, not even through a group. The user's password and open sessions then end. This app cannot check that the user's stored address is really theirs: use this only if your site confirms addresses before it stores them.",
                verbose_name="link existing users by email",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="logo_url",
            field=models.CharField(
                blank=True,
                help_text="Address of a square image, beginning with https://. It is shown at 20×20 pixels.",
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
                help_text="How many groups to store for each person. Mappings always use all of them.",
                verbose_name="groups to keep",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="name",
            field=models.CharField(
                help_text="Part of the sign-in address; cannot be changed once saved. Letters, digits and “-”, such as contoso-staff.",
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
                help_text="Also reads the groups that contain those groups. Needs Security Groups.",
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
                help_text="With the common endpoint: what happens when somebody signs in from a directory that is not listed yet. Personal accounts, and directories that belong to another connection, are refused unless you add them to the list.",
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
                help_text="Shows “Continue with …” on the sign-in page. If off, people use their email address or a direct link.",
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
                help_text="When to copy the fields listed below from the directory to the Django user.",
                max_length=11,
                verbose_name="sync user profile attributes at each login",
            ),
        ),
        migrations.AlterField(
            model_name="connection",
            name="use_common_endpoint",
            field=models.BooleanField(
                default=False,
                help_text="Accept people of any organisation's directory. The registration must allow “Accounts in any organizational directory”. If off, only people of the directory above get in.",
                verbose_name="use common endpoint",
            ),
        ),
        migrations.AlterField(
            model_name="directory",
            name="tenant_id",
            field=models.CharField(
                help_text="The “Tenant ID” on the directory's overview page in the Microsoft Entra admin center.",
                max_length=36,
                verbose_name="directory ID",
            ),
        ),
        migrations.AlterField(
            model_name="identity",
            name="user",
            field=models.ForeignKey(
                help_text="Careful: this person will sign in as the user chosen here, with all of that user's permissions and data, and no longer as the present user. Make sure that the person and the user are the same human being.",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="azuread_identities",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="allow_password_sessions",
            field=models.BooleanField(
                default=False,
                help_text="Also let in people who signed in to this site with a password instead of a connection.",
                verbose_name="allow password sessions",
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="allowed_callback_urls",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Addresses outside this site to which a sign-in may return, one per line or separated by commas. Each must match exactly. Paths of this site need no entry.",
                verbose_name="Allowed Callback URLs",
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="external_id",
            field=models.CharField(
                blank=True,
                db_index=True,
                help_text="The application's client ID at Auth0, if it was moved from there.",
                max_length=128,
                verbose_name="external ID",
            ),
        ),
        migrations.AlterField(
            model_name="directory",
            name="admitted_by",
            field=models.CharField(
                choices=[
                    ("administrator", "an administrator"),
                    ("own", "the connection's own directory"),
                    ("itself", "itself, at its first sign-in"),
                ],
                default="administrator",
                editable=False,
                max_length=13,
                verbose_name="let in by",
            ),
        ),
        migrations.AlterField(
            model_name="directory",
            name="domain",
            field=models.CharField(
                blank=True,
                help_text="From its first visitor's login name. Anybody can choose a name: check it.",
                max_length=253,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="domain",
            ),
        ),
        migrations.AlterField(
            model_name="groupmapping",
            name="admits",
            field=models.BooleanField(
                default=False,
                help_text="If ticked for any group, only members of the ticked groups may sign in.",
                verbose_name="members may sign in",
            ),
        ),
        migrations.AlterField(
            model_name="groupmapping",
            name="group",
            field=models.ForeignKey(
                blank=True,
                help_text="At sign-in, members of the directory's group are added; others are removed.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="azuread_mappings",
                to="auth.group",
                verbose_name="Django group",
            ),
        ),
        migrations.AlterField(
            model_name="groupmapping",
            name="label",
            field=models.CharField(
                blank=True,
                help_text="A name for your own use.",
                max_length=100,
                validators=[azuread_connections.models.validators.validate_plain_text],
                verbose_name="name",
            ),
        ),
    ]
