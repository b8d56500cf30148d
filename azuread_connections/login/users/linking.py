"""Links a person to an existing Django user by email address, where the connection allows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Protocol

from django.contrib.auth import get_user_model

from ...entra.id_token import IdTokenClaims
from ...models import Connection
from ...models.primary import read_primary
from ..log.failures import SignInFailed
from ..lookup.realm import domain_of
from .trust import ConfirmationNeeded, DomainTrust
from .user_rights import held_permissions

#: Users with one address that are looked at, at most.
_MAX_CANDIDATES = 10


class FindsUsers(Protocol):
    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> Iterable[Any]: ...
    def describe_user_by_claims(self, claims: Mapping[str, Any]) -> str: ...


def find_linkable(
    hooks: FindsUsers,
    id_token: IdTokenClaims,
    connection: Connection,
    trust: DomainTrust,
    claims: Mapping[str, Any],
    *,
    for_update: bool = False,
) -> Any:
    """Return the one existing user to whom this person may be linked, or None.

    Only the ID token's claim `email` counts, and only in a domain that is verified for the person's
    directory; the hook is given it as ``email``. ``for_update``: lock the user until the
    transaction ends, so that the first sign-ins of two people cannot both be linked to them.

    Raises ``SignInFailed`` (``user_refused``) if a matching user must not be linked, so that the
    person does not get a second account. Raises ``ConfirmationNeeded`` if the user may be linked,
    but Microsoft has not confirmed the domain during this sign-in.
    """
    domain = domain_of(id_token.email)
    if not connection.link_by_email or domain not in trust.domains:
        return None
    claims = {**claims, "email": id_token.email, "email_verified": True}
    claims.pop("unverified_email", None)
    found = list(islice(hooks.filter_users_by_claims(claims), _MAX_CANDIDATES))
    found = [user for user in found if _has_email(user, id_token.email)]
    if not found:
        return None
    described = hooks.describe_user_by_claims(claims)
    if len(found) > 1:
        raise SignInFailed("user_refused", detail=f"Several users match {described}.")
    _require_unprivileged(found[0], described)
    if domain not in trust.confirmed:
        raise ConfirmationNeeded(domain)
    if not for_update:
        return found[0]
    user = _locked(found[0])
    _require_unprivileged(user, described)
    return user


def link_to_identity(user: Any) -> None:
    """Set an unusable password, which also ends the user's open sessions."""
    user.set_unusable_password()
    user.save(update_fields=["password"])


def users_with_email(email: str) -> list[Any]:
    """Return the users with this address; only letter case may differ."""
    if not email:
        return []
    user_model = get_user_model()
    field = user_model.get_email_field_name()
    candidates = read_primary(user_model).filter(**{f"{field}__iexact": email})
    return [user for user in candidates[:_MAX_CANDIDATES] if _has_email(user, email)]


def _has_email(user: Any, email: str) -> bool:
    # Compared here, because MariaDB takes "é" for "e", and a site's hook can find any user.
    address = getattr(user, get_user_model().get_email_field_name(), None)
    return isinstance(address, str) and address.lower() == email.lower()


def _locked(user: Any) -> Any:
    """Lock the user and return the current row. By key: a search by address has no index, and
    would wait for every row that another transaction has locked."""
    locked = get_user_model()._default_manager.select_for_update().filter(pk=user.pk).first()
    if locked is None:
        raise SignInFailed("user_refused", detail="The user was deleted meanwhile.")
    return locked


def _require_unprivileged(user: Any, described: str) -> None:
    if reason := _why_not(user):
        raise SignInFailed("user_refused", detail=f"The user found by {described} {reason}.")


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
