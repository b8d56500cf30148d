"""Whether a person with a valid token may still sign in, as far as it is known without Graph."""

from __future__ import annotations

from ..entra.access_token import AccessTokenClaims
from ..entra.id_token import IdTokenClaims
from ..login.log.failures import SignInFailed
from ..login.users.admission import check_rules, has_rules
from ..login.users.groups import admitting_of
from ..models import Connection, GroupMapping, Identity
from . import rows
from .refusals import TokenRefused
from .rows import Admission


def check_mappings(admission: Admission, claims: AccessTokenClaims, identity: Identity) -> None:
    """Raise ``TokenRefused`` if only people with certain app roles or groups may sign in by this
    connection, and the person has none of them.

    Roles are those of the token. Groups are not in it: they are those that the last sign-in read,
    by whichever connection.
    """
    mappings = GroupMapping._default_manager.using(rows.alias()).select_related("connection")
    found = mappings.filter(connection=admission.connection, admits=True).order_by()
    applied = [mapping for mapping in found if mapping.applies]
    admitting = admitting_of(applied)
    if admitting.are_satisfied_by(claims.roles):
        return
    if not admitting.groups:
        reason = "The person has no app role that may sign in."
    elif _may_be_in(admitting.groups, identity, applied[0].connection):
        return
    else:
        reason = "As of their last sign-in, the person is in no group that may sign in."
    raise TokenRefused("user_refused", reason, identity=identity)


def _may_be_in(groups: frozenset[str], identity: Identity, connection: Connection) -> bool:
    """Return whether the last sign-in found one of the groups, or may have.

    An identity stores as many groups as its connection keeps. Where they are cut, the sign-in by
    this connection has decided with all of them.
    """
    stored = [group["id"] for group in identity.groups]
    if not groups.isdisjoint(stored):
        return True
    has_signed_in_here = identity.last_sign_in_at and identity.connection_id == connection.pk
    return bool(has_signed_in_here) and len(stored) >= connection.max_groups


def check_sub_apps(admission: Admission, claims: AccessTokenClaims, identity: Identity) -> None:
    """Raise ``TokenRefused`` if a sub-app refuses the person's sign-ins, such as after their
    directory has deactivated them. No statement without such a sub-app."""
    if not has_rules():
        return
    connection = Connection._default_manager.using(rows.alias()).get(pk=admission.connection)
    try:
        check_rules(connection, IdTokenClaims(claims.tenant_id, claims.object_id))
    except SignInFailed as failed:
        reason = "The person may not sign in to this site any more."
        raise TokenRefused(failed.code, reason, connection, identity) from None
