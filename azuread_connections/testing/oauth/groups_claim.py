"""The groups in an ID token, and the claims that replace too many of them."""

from __future__ import annotations

from typing import Any

from ..directory.apps import App
from ..directory.directories import Person

# More than this do not fit into a token; nested groups count.
GROUP_LIMIT = 200


def group_claims(app: App, person: Person) -> dict[str, Any]:
    """`groups`, or the overage claims, as the app's registration says; and `wids`."""
    setting = app.group_membership_claims
    if setting is None:
        return {}
    claims: dict[str, Any] = {}
    if setting in ("All", "DirectoryRole"):
        claims["wids"] = [role.template_id for role in person.roles]
    if setting in ("All", "SecurityGroup"):
        groups = [group for group in person.all_groups if group.security or setting == "All"]
        claims |= _within_limit([group.object_id for group in groups], person)
    return claims


def _within_limit(object_ids: list[str], person: Person) -> dict[str, Any]:
    if not object_ids:
        return {}
    if len(object_ids) <= GROUP_LIMIT:
        return {"groups": sorted(object_ids)}
    # The address is still that of the retired Azure AD Graph.
    endpoint = (
        f"https://graph.windows.net/{person.directory.tenant_id}/users/{person.object_id}"
        "/getMemberObjects"
    )
    return {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": endpoint}},
    }
