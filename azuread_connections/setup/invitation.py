"""The email with which somebody here sends a set-up link to the customer's administrator."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..models import SetupLink


@dataclass(frozen=True)
class Invitation:
    """In the language of the person who invites: the site does not know the customer's."""

    subject: str
    body: str

    def mailto(self, recipient: str = "") -> str:
        """Return the address that opens it in the sender's email program (RFC 6068)."""
        body = quote(self.body.replace("\n", "\r\n"))
        return f"mailto:{quote(recipient, safe='@')}?subject={quote(self.subject)}&body={body}"


def invitation(link: SetupLink, url: str, applications: list[str]) -> Invitation:
    """Return the text. ``url``: the link's address, which opens the connection to whoever has it.

    ``applications``: the names of what the customer's people sign in to.
    """
    words = {
        "url": url,
        "end": _end(link),
        "applications": ", ".join(applications),
        "inviter": link.created_by_name,
    }
    if link.purpose == SetupLink.Purpose.RENEW:
        subject = _("Renew the credential for sign-in with Microsoft")
        parts = [
            _("Hello,"),
            _(
                "your people sign in here with their Microsoft accounts. The credential of the "
                "registered app has to be renewed in Microsoft Entra ID."
            ),
            _("Please open this link. It takes about five minutes:"),
        ]
        needs = _(
            "You need an account in your directory that may change the app registration, for "
            "example an owner of it or an Application Administrator."
        )
    else:
        subject = _("Set up sign-in with Microsoft for %(applications)s") % words
        parts = [
            _("Hello,"),
            _(
                "your people can sign in to %(applications)s with their Microsoft accounts. For "
                "that, an app has to be registered once in your Microsoft Entra ID."
            )
            % words,
            _("Please open this link, which guides you through it. It takes about ten minutes:"),
        ]
        needs = _(
            "You need an account in your directory that may register apps, for example an "
            "Application Administrator. Parts of it can be done later: what you enter is kept."
        )
    parts += [
        url,
        needs,
        _(
            "The link is valid until %(end)s. Anybody who has it can set up this connection, so "
            "please forward it only to the person who does it."
        )
        % words,
    ]
    if link.created_by_name:
        parts.append(link.created_by_name)
    return Invitation(subject, "\n\n".join(parts))


def _end(link: SetupLink) -> str:
    """Return when the link ends, with the time zone: the reader may be in another one."""
    end = link.expires_at
    if timezone.is_aware(end):
        end = timezone.localtime(end)
    zone = end.tzname() or timezone.get_default_timezone_name()
    return f"{date_format(end, 'DATE_FORMAT')}, {end:%H:%M} ({zone})"
