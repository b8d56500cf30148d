"""Graph's properties of people, groups, roles, apps and the directory itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..directory.apps import App, AppSecret
from ..directory.credentials import AppCertificate
from ..directory.directories import Directory
from ..directory.groups import DirectoryRole, Group
from ..oauth.access import AccessToken

READS_GROUPS: tuple[str, ...] = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
READS_ROLES: tuple[str, ...] = ("RoleManagement.Read.Directory", "Directory.Read.All")

GROUP_PROPERTIES = frozenset(
    {
        *("id", "deletedDateTime", "classification", "createdDateTime", "description"),
        *("displayName", "groupTypes", "isAssignableToRole", "mail", "mailEnabled"),
        *("mailNickname", "membershipRule", "onPremisesDomainName", "onPremisesNetBiosName"),
        *("onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"),
        *("proxyAddresses", "renewedDateTime", "securityEnabled", "securityIdentifier"),
        *("theme", "visibility"),
    }
)
ROLE_PROPERTIES = frozenset(
    {"id", "deletedDateTime", "description", "displayName", "roleTemplateId"}
)
APP_PROPERTIES = frozenset(
    {
        *("id", "appId", "displayName", "createdDateTime", "identifierUris", "keyCredentials"),
        *("passwordCredentials", "publisherDomain", "signInAudience", "web", "spa", "publicClient"),
        *("requiredResourceAccess", "optionalClaims", "groupMembershipClaims", "notes"),
    }
)


def group_properties(group: Group) -> dict[str, Any]:
    nickname = "".join(sign for sign in group.name if sign.isascii() and sign.isalnum())
    mail = f"{nickname}@{group.directory.domain}" if not group.security else None
    return dict.fromkeys(GROUP_PROPERTIES) | {
        "id": group.object_id,
        "createdDateTime": "2024-03-01T09:00:00Z",
        "description": group.description,
        "displayName": group.name,
        "groupTypes": [] if group.security else ["Unified"],
        "mail": mail,
        "mailEnabled": not group.security,
        "mailNickname": nickname or group.object_id[:8],
        "proxyAddresses": [f"SMTP:{mail}"] if mail else [],
        "securityEnabled": group.security,
        "visibility": None if group.security else "Private",
    }


def role_properties(role: DirectoryRole) -> dict[str, Any]:
    return {
        "id": role.object_id,
        "deletedDateTime": None,
        "description": f"What a {role.name} may do.",
        "displayName": role.name,
        "roleTemplateId": role.template_id,
    }


def membership(
    item: Group | DirectoryRole, token: AccessToken, select: Sequence[str] | None, *, cast: bool
) -> dict[str, Any]:
    """One entry of memberOf. Without the permission to read such objects it has only an id."""
    if isinstance(item, Group):
        kind, readers, properties = "group", READS_GROUPS, group_properties(item)
    else:
        kind, readers, properties = "directoryRole", READS_ROLES, role_properties(item)
    if not token.may(*readers):
        properties = dict.fromkeys(properties) | {"id": properties["id"]}
    shown = properties
    if select is not None:
        shown = {name: properties[name] for name in select if name in properties}
    return shown if cast else {"@odata.type": f"#microsoft.graph.{kind}", **shown}


def app_properties(app: App) -> dict[str, Any]:
    audience = "AzureADMyOrg"
    if app.multi_tenant:
        audience = (
            "AzureADandPersonalMicrosoftAccount" if app.personal_accounts else "AzureADMultipleOrgs"
        )
    return dict.fromkeys(APP_PROPERTIES) | {
        "id": app.object_id,
        "appId": app.client_id,
        "displayName": app.name,
        "createdDateTime": "2024-03-01T09:00:00Z",
        "groupMembershipClaims": app.group_membership_claims,
        "identifierUris": [],
        "keyCredentials": [key_credential(certificate) for certificate in app.certificates],
        "passwordCredentials": [password_credential(secret) for secret in app.secrets],
        "publisherDomain": app.directory.domain,
        "requiredResourceAccess": [],
        "signInAudience": audience,
        "publicClient": {"redirectUris": app.redirect_uris_of("public")},
        "spa": {"redirectUris": app.redirect_uris_of("spa")},
        "web": {"redirectUris": app.redirect_uris_of("web")},
    }


def organization(directory: Directory) -> dict[str, Any]:
    return {
        "id": directory.tenant_id,
        "displayName": directory.name,
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": name == directory.domain,
                "isInitial": name == directory.initial_domain,
                "name": name,
                "type": "Managed",
            }
            for name in directory.domains
        ],
    }


def password_credential(secret: AppSecret) -> dict[str, Any]:
    """A secret as it can be read later: never its text, only the first three characters."""
    # Without an end the portal's longest lifetime is used: a secret of Azure always expires.
    ends = secret.expires_at if secret.expires_at is not None else secret.added_at + 2 * 365 * 86400
    return {
        "customKeyIdentifier": None,
        "displayName": secret.name,
        "endDateTime": _time(ends),
        "hint": secret.hint,
        "keyId": secret.key_id,
        "secretText": None,
        "startDateTime": _time(min(secret.added_at, ends)),
    }


def key_credential(certificate: AppCertificate) -> dict[str, Any]:
    """A certificate as it can be read later: `key` only where it was selected by itself."""
    found = certificate.certificate
    return {
        "customKeyIdentifier": certificate.thumbprint,
        "displayName": certificate.name or found.subject.rfc4514_string(),
        "endDateTime": _time(found.not_valid_after_utc.timestamp()),
        "key": certificate.content,
        "keyId": certificate.key_id,
        "startDateTime": _time(found.not_valid_before_utc.timestamp()),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
