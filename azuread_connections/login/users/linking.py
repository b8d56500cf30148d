"""Ties a person to a Django user who was there before, where an administrator allows it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from ...entra.id_token import IdTokenClaims
from ...models import Connection
from ..log.failures import SignInFailed
from ..lookup.realm import domain_of
from .trust import ConfirmationNeeded, DomainTrust
from .user_rights import held_permissions


def find_linkable(
    claims: IdTokenClaims,
    connection: Connection,
    trust: DomainTrust,
    *,
    for_update: bool = False,
) -> Any:
    """Return the one existing user that this person may take over, or None.

    Only the claim `email` counts, and only in a domain that is proven to be the person's
    directory's. ``for_update``: lock that user until the transaction ends, so that the first
    sign-ins of two people cannot both take them over.

    Raises ``SignInFailed`` (``user_refused``) where there is one that must not be taken over, so
    that nobody gets two accounts by accident. Raises ``ConfirmationNeeded`` where there is one who
    may be, and Microsoft has not confirmed the domain during this sign-in.
    """
    domain = domain_of(claims.email)
    if not connection.link_by_email or domain not in trust.domains:
        return None
    found = _users_with(claims.email)
    if not found:
        return None
    if len(found) > 1:
        raise SignInFailed("user_refused", detail=f"Several users have the address {claims.email}.")
    _require_unprivileged(found[0], claims)
    if domain not in trust.confirmed:
        raise ConfirmationNeeded(domain)
    if not for_update:
        return found[0]
    user = _locked(found[0])
    _require_unprivileged(user, claims)
    return user


def take_over(user: Any) -> None:
    """End the user's password and, with it, their open sessions. The caller saves."""
    user.set_unusable_password()


def _users_with(email: str) -> list[Any]:
    user_model = get_user_model()
    field = user_model.get_email_field_name()
    candidates = user_model._default_manager.filter(**{f"{field}__iexact": email})[:10]
    # MariaDB takes "é" for "e": only letter case may differ.
    return [user for user in candidates if getattr(user, field).lower() == email.lower()]


def _locked(user: Any) -> Any:
    """Return the user as the database has them now. By its key: a search by address has no index,
    and would wait for every user that somebody else holds."""
    locked = get_user_model()._default_manager.select_for_update().filter(pk=user.pk).first()
    if locked is None:
        raise SignInFailed("user_refused", detail="The user was deleted meanwhile.")
    return locked


def _require_unprivileged(user: Any, claims: IdTokenClaims) -> None:
    if reason := _why_not(user):
        raise SignInFailed("user_refused", detail=f"The user {claims.email} {reason}.")


def _why_not(user: Any) -> str:
    if not user.is_active:
        return "is deactivated"
    if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):
        return "is staff"
    if held_permissions(user):
        return "holds permissions"
    if user.azuread_identities.exists():
        return "is tied to another person"
    return ""
