"""What the form of a connection says beside its fields."""

from __future__ import annotations

from typing import Any

from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...entra.graph import PROFILE_NAMES
from ...models import Connection

LABELS: dict[str, Any] = {
    "name": _("Connection name"),
    "display_name": _("Display name"),
    "logo_url": _("Logo URL"),
    "tenant_id": _("Directory ID"),
    "discover_domain": _("Find by the Azure AD domain"),
    "cloud": _("Cloud"),
    "contact_email": _("Contact"),
    "client_id": _("Client ID"),
    "use_common_endpoint": _("Use common endpoint"),
    "new_directories": _("New directories"),
    "identity_api": _("Identity API"),
    "extended_profile": _("Extended Profile"),
    "security_groups": _("Security Groups"),
    "nested_groups": _("Nested groups"),
    "max_groups": _("Groups to keep"),
    "enable_users_api": _("Enable Users API"),
    "sync_profile": _("Sync user profile attributes at each login"),
    "show_as_button": _("Show as button"),
    "create_users": _("Create users at their first sign-in"),
    "allow_guests": _("Let guests of the directory in"),
    "link_by_email": _("Link existing users by email"),
}

_profile_names = lazy(lambda: ", ".join(name.replace("_", " ") for name in PROFILE_NAMES), str)

HELP_TEXTS: dict[str, Any] = {
    "name": _(
        "Part of the sign-in address and fixed once saved. Letters, digits and “-”, such as "
        "contoso-staff."
    ),
    "display_name": _(
        "What people read on the button: usually the company. Empty: the connection name."
    ),
    "logo_url": _(
        "Address of a square picture, beginning with https://. It is drawn at 20×20 pixels."
    ),
    "domain": _(
        "A domain of the directory, such as contoso.com or contoso.onmicrosoft.com. In the "
        "Microsoft Entra admin center: Overview › Primary domain."
    ),
    "discover_domain": _(
        "Who types an address of this domain on the sign-in page is sent to this connection. "
        "Without it, only the aliases above lead here. The domain is verified all the same."
    ),
    "cloud": _("Where the directory lives. Nearly all are in the global cloud."),
    "contact_email": _(
        "Who is written to, in addition to this site's ADMINS, before a client secret expires "
        "(check_secrets --email), and when a domain of the connection is no longer verified."
    ),
    "client_id": _(
        "In the Microsoft Entra admin center: App registrations › your app › Overview › "
        "“Application (client) ID”."
    ),
    "use_common_endpoint": _(
        "Take people of any organisation's directory. The registration must allow “Accounts in any "
        "organizational directory”. Off: only people of the directory above."
    ),
    "new_directories": _(
        "With the common endpoint: what becomes of a directory that nobody has come from before. "
        "Personal accounts, and directories that another connection has as its own, are refused "
        "unless you add them to the list."
    ),
    "identity_api": _("v2.0 for every new registration. v1.0 only for an older one that needs it."),
    "extended_profile": format_lazy(
        _("Asks Microsoft Graph at each sign-in for: {names}. Needs the permission User.Read."),
        names=_profile_names(),
    ),
    "security_groups": _(
        "Reads the groups that the person is in directly, by ID and name. Needs the permissions "
        "User.Read and GroupMember.Read.All."
    ),
    "nested_groups": _("Also the groups that contain those groups. Only with Security Groups."),
    "max_groups": _(
        "So many groups of a person are stored to be looked up. Mappings always go by all of them."
    ),
    "enable_users_api": _(
        "Lets this site search the directory's users, also those who have never signed in. Needs "
        "the application permission User.Read.All."
    ),
    "sync_profile": _(
        "When fields of the Django user follow the directory; which ones: see below."
    ),
    "show_as_button": _(
        "Shows “Continue with …” on the sign-in page. Without it, people come by their email "
        "address or a direct link."
    ),
    "create_users": _("Off: only people who are tied to a user already, or can be linked, get in."),
    "allow_guests": _("People of other organisations whom the directory has invited."),
    "link_by_email": _(
        "At a first sign-in, tie the person to the user who has the same email address, if: the "
        "address is in Microsoft's claim “email”; its domain is this connection's domain or "
        "alias, and Microsoft confirms at this moment that it belongs to the connection's own "
        "directory; the person is a member of that directory and not a guest; exactly one user has "
        "the address; and that user is active, tied to nobody yet, neither staff nor superuser, "
        "and holds no permission, not even by a group. The user's password and open sessions then "
        "end. It is not checked that the user's address is really theirs: use this only where "
        "your site confirms addresses before it stores them."
    ),
}

ERROR_MESSAGES: dict[str, Any] = {
    "name": {"required": _("Enter a name, such as contoso-staff.")},
    "domain": {"required": _("Enter the directory's domain, such as contoso.com.")},
    "client_id": {"required": _("Enter the registration's “Application (client) ID”.")},
}


def secret_help(*, is_new: bool) -> str:
    where = gettext(
        "In the Microsoft Entra admin center: App registrations › your app › Certificates & "
        "secrets › Client secrets. Copy the column “Value”, not “Secret ID”; Azure shows it once."
    )
    if is_new:
        blank = gettext("Can be added later, but nobody can sign in until then.")
    else:
        blank = gettext(
            "Empty: nothing changes. A new value is added beside the stored ones, so the old "
            "secret keeps working until you remove it."
        )
    return f"{where} {blank}"


def other_directory(connection: Connection, found: str) -> str:
    """Say what trusting another directory than the pinned one would mean."""
    what = gettext(
        "%(domain)s belongs to another directory (%(found)s) than the one this connection trusts "
        "(%(pinned)s)."
    ) % {"domain": connection.domain, "found": found, "pinned": connection.tenant_id}
    people = connection.identities.filter(tenant_id=connection.tenant_id).count()
    if people:
        who = ngettext(
            "%(people)d person of the present directory last signed in this way.",
            "%(people)d people of the present directory last signed in this way.",
            people,
        ) % {"people": people}
    else:
        who = gettext("Nobody of the present directory has signed in this way so far.")
    then = gettext("If you trust the other one, people of the present one no longer can.")
    return f"{what} {who} {then} " + gettext("To do so, tick the box below.")


def not_looked_up(connection: Connection, reason: str) -> str:
    if connection.tenant_id:
        message = gettext(
            "Saved, but Microsoft could not be asked about the domain %(domain)s. The connection "
            "goes on trusting directory %(directory)s. %(reason)s"
        )
    else:
        message = gettext(
            "Saved, but Microsoft could not be asked about the domain %(domain)s. Its directory "
            "will be found at the first sign-in. %(reason)s"
        )
    return message % {
        "domain": connection.domain,
        "directory": connection.tenant_id,
        "reason": reason,
    }
