"""Refuses the sign-in of people whom their directory has deactivated or deleted. See
``login.users.admission``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections, router

from ..entra.id_token import IdTokenClaims
from ..login.log.failures import SignInFailed
from ..models import Connection
from .claims import extended_profile
from .models import ProvisionedPerson
from .models.keys import external_key


def admission_rule(connection: Connection, claims: IdTokenClaims) -> Mapping[str, Any]:
    """Return the extended profile that the directory has reported of a person. One query.

    Raises ``SignInFailed`` (``user_refused``) for a person who is not active there.

    In a transaction, the person's row is locked: a deactivation that arrives meanwhile waits, and
    then ends the session that this sign-in has begun.
    """
    if claims.tenant_id != connection.tenant_id:
        return {}  # only the pinned directory provisions
    # Not from a replica, which may lag behind a deactivation.
    people = ProvisionedPerson._default_manager.using(router.db_for_write(ProvisionedPerson))
    known = people.filter(connection=connection, external_id_key=external_key(claims.object_id))
    if connections[people.db].in_atomic_block:
        known = known.select_for_update()
    person = known.only("is_active", "deleted_at", "attributes").first()
    if person is None:
        return {}
    if person.deleted_at is not None:
        raise SignInFailed(
            "user_refused",
            detail="The directory has deleted this person by provisioning (SCIM). Provision them "
            "again in the Microsoft Entra admin center.",
        )
    if not person.is_active:
        raise SignInFailed(
            "user_refused",
            detail="The directory has deactivated this person by provisioning (SCIM). Assign them "
            "to the app, or enable them, in the Microsoft Entra admin center.",
        )
    return extended_profile(person.attributes)
