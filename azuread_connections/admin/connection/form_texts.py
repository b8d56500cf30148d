"""Texts of a connection's form that are not on the model."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...models import Connection

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
        blank = gettext("You can add it later, but nobody can sign in until then.")
    else:
        blank = gettext(
            "If empty, nothing changes. A new value is added to the stored ones, so the old "
            "secret keeps working until you remove it."
        )
    return f"{where} {blank}"


def other_directory(connection: Connection, found: str) -> str:
    """Return what happens if another directory than the pinned one is trusted."""
    what = gettext(
        "%(domain)s belongs to another directory (%(found)s) than the one this connection trusts "
        "(%(pinned)s)."
    ) % {"domain": connection.domain, "found": found, "pinned": connection.tenant_id}
    people = connection.identities.filter(tenant_id=connection.tenant_id).count()
    if people:
        who = ngettext(
            "%(people)d person of the present directory last signed in with this connection.",
            "%(people)d people of the present directory last signed in with this connection.",
            people,
        ) % {"people": people}
    else:
        who = gettext("Nobody of the present directory has signed in with this connection yet.")
    then = gettext("If you trust the other one, people of the present one can no longer sign in.")
    return f"{what} {who} {then} " + gettext("To do so, tick the box below.")


def not_looked_up(connection: Connection, reason: str) -> str:
    if connection.tenant_id:
        message = gettext(
            "Saved, but Microsoft could not be asked about the domain %(domain)s. The connection "
            "still trusts the directory %(directory)s. %(reason)s"
        )
    else:
        message = gettext(
            "Saved, but Microsoft could not be asked about the domain %(domain)s. Its directory "
            "will be looked up at the first sign-in. %(reason)s"
        )
    return message % {
        "domain": connection.domain,
        "directory": connection.tenant_id,
        "reason": reason,
    }
