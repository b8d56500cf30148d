"""Whether a person with a valid token may still sign in, as far as it is known without Graph."""

from __future__ import annotations

from ..entra.access_token import AccessTokenClaims
from ..entra.id_token import IdTokenClaims
from ..login.log.failures import SignInFailed
from ..login.users.admission import check_rules, has_rules
from ..models import Connection, GroupMapping, Identity
from . import rows
from .refusals import TokenRefused
from .rows import Admission


def check_role(admission: Admission, claims: AccessTokenClaims, identity: Identity) -> None:
    """Raise ``TokenRefused`` if only people with certain app roles may sign in, and the token has
    none of them. Groups that let people in are not in the token: then the last sign-in counts."""
    admitting = GroupMapping._default_manager.using(rows.alias()).filter(
        connection=admission.connection, admits=True
    )
    roles = set(admitting.order_by().values_list("role", flat=True))
    if roles and "" not in roles and roles.isdisjoint(claims.roles):
        raise TokenRefused(
            "user_refused", "The person has no app role that may sign in.", identity=identity
        )


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
