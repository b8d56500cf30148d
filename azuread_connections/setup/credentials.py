"""The credentials of a set-up: which of them count for a link, and which its pages can name."""

from __future__ import annotations

from ..models import Credential, SetupLink


def has_accepted_credential(link: SetupLink) -> bool:
    """Return whether Microsoft has accepted a credential that can still be used.

    To renew one, it must have been added since the link exists.
    """
    if link.connection is None:
        return False
    found = list(link.connection.credentials.defer("value", "certificate"))
    if link.purpose == SetupLink.Purpose.RENEW:
        found = [each for each in found if _is_newer(link, each)]
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
    """Return whether the link's pages can name a credential: one that was entered since the link
    exists.

    The name of any other is the beginning of a secret of this site's, or a file on its server.
    """
    if not credential.pk:
        return True
    return _is_newer(link, credential) and credential.kind != Credential.Kind.FEDERATED


def _is_newer(link: SetupLink, credential: Credential) -> bool:
    return credential.created_at >= link.created_at
