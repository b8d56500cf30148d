"""The credentials of a set-up: which of them count for a link, and which its pages can name."""

from __future__ import annotations

from ..models import Credential, SetupLink
from .draft import ENTERED


def has_accepted_credential(link: SetupLink) -> bool:
    """Return whether Microsoft has accepted a credential that can still be used.

    To renew one, it must have been added with the link.
    """
    if link.connection is None:
        return False
    found = list(link.connection.credentials.defer("value", "certificate"))
    if link.purpose == SetupLink.Purpose.RENEW:
        found = [each for each in found if _is_of_link(link, each)]
    return any(
        each.last_success_at is not None and not each.is_expired() and not each.is_refused()
        for each in found
    )


def newest_accepted(link: SetupLink) -> Credential | None:
    """Return the newest credential that Microsoft has accepted and the link's pages can name."""
    if link.connection is None:
        return None
    accepted = link.connection.credentials.defer("value").filter(last_success_at__isnull=False)
    return next((each for each in accepted if can_name(link, each)), None)


def can_name(link: SetupLink, credential: Credential) -> bool:
    """Return whether the link's pages can name a credential: one that was entered with the
    link.

    The name of any other is the beginning of a secret of this site's, or a file on its server.
    """
    return not credential.pk or _is_of_link(link, credential)


def remember_entered(link: SetupLink, credential: Credential) -> None:
    """Note that a stored credential was entered with the link. Call it while the link is locked."""
    entered = link.draft.get(ENTERED, [])
    if str(credential.pk) not in entered:
        link.draft = {**link.draft, ENTERED: [*entered, str(credential.pk)]}
        link.save(update_fields=["draft"])


def _is_of_link(link: SetupLink, credential: Credential) -> bool:
    """Return whether a credential was added since the link exists, and with it.

    The site can add one in that time as well. One that is older than the link does not become the
    link's by being entered again.
    """
    is_newer = credential.created_at >= link.created_at
    return is_newer and str(credential.pk) in link.draft.get(ENTERED, [])
