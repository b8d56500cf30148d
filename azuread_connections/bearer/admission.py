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
    admitting = admitting_of(mapping for mapping in found if mapping.applies)
    if admitting.are_satisfied_by(claims.roles):
        return
    # However many groups an identity keeps, those that let people in are kept first.
    if not admitting.groups.isdisjoint(group["id"] for group in identity.groups):
        return
    reason = (
        "As of their last sign-in, the person is in no group that may sign in."
        if admitting.groups
        else "The person has no app role that may sign in."
    )
    raise TokenRefused("user_refused", reason, identity=identity)


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
