"""Every page of ours: by tour, its name and the URL pattern that shows it.

A tour is a test that walks through its pages. It fails for a page that it did not show, and for one
that another pattern showed. Each URL pattern of ours is here or in ``NO_PAGE``.
"""

from __future__ import annotations

from azuread_connections.login.log.failures import FAILURES

from .inspector import Kind

_OWN = "azuread_connections"
_STEP = f"{_OWN}:setup_step"
_ADMIN = f"admin:{_OWN}"
_SCIM = "admin:azuread_scim"
_PROVIDER_URLS = "azuread_provider"
_PROVIDER = "admin:azuread_provider"


def _crud(model: str, prefix: str, *names: str, app: str = _ADMIN) -> dict[str, str]:
    """Django's pages of a model: list, add, change, delete, history."""
    return {f"{prefix}-{name}": f"{app}_{model}_{name}" for name in names}


_LIST, _ADD, _CHANGE, _DELETE, _HISTORY = "changelist", "add", "change", "delete", "history"

TOURS: dict[str, tuple[Kind, dict[str, str]]] = {
    "sign-in": (
        Kind.EMPLOYEE,
        {
            "sign-in": f"{_OWN}:sign_in",
            "sign-in-unknown-address": f"{_OWN}:sign_in",
            "sign-in-several-connections": f"{_OWN}:sign_in",
            "sign-in-other-account": f"{_OWN}:sign_in",
            "sign-in-many-connections": f"{_OWN}:sign_in",
            "sign-in-no-connection": f"{_OWN}:sign_in",
            "sign-in-without-access": f"{_OWN}:sign_in",
            "sign-in-in-between": f"{_OWN}:sign_in",
            "switch-user": f"{_OWN}:callback",
            "start-of-no-connection": f"{_OWN}:start",
        },
    ),
    "accounts": (
        Kind.EMPLOYEE,
        {
            "accounts-none": f"{_OWN}:accounts",
            "accounts-one": f"{_OWN}:accounts",
            "accounts-after-a-while": f"{_OWN}:accounts",
            "accounts-many-connections": f"{_OWN}:accounts",
            "accounts-unknown-address": f"{_OWN}:accounts",
            "accounts-error": f"{_OWN}:accounts",
            "step-up": "needs_step_up",
        },
    ),
    "errors": (
        Kind.EMPLOYEE,
        {f"error-{code}": f"{_OWN}:callback" for code in FAILURES}
        | {
            "error-already-signed-in": f"{_OWN}:callback",
            "consent-granted": f"{_OWN}:callback",
            "consent-declined": f"{_OWN}:callback",
        },
    ),
    "set-up": (
        Kind.SETUP,
        {
            "set-up-opening": f"{_OWN}:setup",
            "set-up-welcome": _STEP,
            "set-up-register": _STEP,
            "set-up-credentials": _STEP,
            "set-up-credentials-refused": _STEP,
            "set-up-domains": _STEP,
            "set-up-domains-record": _STEP,
            "set-up-domains-refused": _STEP,
            "set-up-permissions": _STEP,
            "set-up-permissions-declined": _STEP,
            "set-up-permissions-granted": _STEP,
            "set-up-try": _STEP,
            "set-up-try-open": _STEP,
            "set-up-try-error-code": _STEP,
            "set-up-try-failed": _STEP,
            "set-up-error": f"{_OWN}:callback",
            "set-up-try-works": _STEP,
            "set-up-done-waiting": _STEP,
            "set-up-done-approved": _STEP,
            "set-up-read-only": _STEP,
            "set-up-link-revoked": f"{_OWN}:setup",
            "set-up-step-revoked": _STEP,
        },
    ),
    "renewal": (
        Kind.SETUP,
        {
            "renewal-opening": f"{_OWN}:setup",
            "renewal-credentials": _STEP,
            "renewal-done": _STEP,
        },
    ),
    "connections": (
        Kind.ADMIN,
        {
            "admin-sign-in": "admin:login",
            "admin-index": "admin:index",
            **_crud("connection", "connection", _LIST, _CHANGE, _DELETE, _HISTORY),
            "connection-add": f"{_ADMIN}_connection_add",
            "connection-add-errors": f"{_ADMIN}_connection_add",
            "connection-change-errors": f"{_ADMIN}_connection_change",
            "connection-change-removal": f"{_ADMIN}_connection_change",
            "connection-change-read-only": f"{_ADMIN}_connection_change",
            "connections-delete": f"{_ADMIN}_connection_changelist",
            "connection-sign-out": f"{_ADMIN}_connection_sign_out",
            "connection-certificate": f"{_ADMIN}_connection_certificate",
            "connection-certificate-errors": f"{_ADMIN}_connection_certificate",
            "connection-federated": f"{_ADMIN}_connection_federated",
            "connection-federated-errors": f"{_ADMIN}_connection_federated",
        },
    ),
    "checks": (
        Kind.ADMIN,
        {
            "check": f"{_ADMIN}_connection_check",
            "check-passed": f"{_ADMIN}_connection_check",
            "check-failed": f"{_ADMIN}_connection_check",
            "try": f"{_ADMIN}_connection_try",
            "try-open": f"{_ADMIN}_connection_try",
            "try-works": f"{_ADMIN}_connection_try",
            "try-failed": f"{_ADMIN}_connection_try",
            "users": f"{_ADMIN}_connection_users",
            "users-none": f"{_ADMIN}_connection_users",
            "users-not-granted": f"{_ADMIN}_connection_users",
            "rotate": f"{_ADMIN}_connection_rotate",
            "rotate-done": f"{_ADMIN}_connection_rotate",
            "rotate-failed": f"{_ADMIN}_connection_rotate",
        },
    ),
    "invitations": (
        Kind.ADMIN,
        {
            "invite-new": f"{_ADMIN}_connection_invite_new",
            "invite-errors": f"{_ADMIN}_connection_invite_new",
            "invite-address": f"{_ADMIN}_connection_invite_new",
            "invite-twice": f"{_ADMIN}_connection_invite_new",
            "invite-again": f"{_ADMIN}_connection_invite",
            **_crud("setuplink", "set-up-link", _LIST, _CHANGE, _HISTORY),
            "set-up-link-approve": f"{_ADMIN}_setuplink_approve",
            "set-up-link-revoke": f"{_ADMIN}_setuplink_revoke",
        },
    ),
    "other-models": (
        Kind.ADMIN,
        {
            **_crud("application", "application", _LIST, _ADD, _CHANGE, _DELETE, _HISTORY),
            "application-errors": f"{_ADMIN}_application_add",
            **_crud("directory", "directory", _LIST, _ADD, _CHANGE, _DELETE, _HISTORY),
            **_crud("identity", "identity", _LIST, _CHANGE, _DELETE, _HISTORY),
            **_crud("event", "event", _LIST, _CHANGE, _HISTORY),
        },
    ),
    # Of the provider, with tests.provider.settings.
    "clients": (
        Kind.EMPLOYEE,
        {
            "client-consent": f"{_PROVIDER_URLS}:authorize",
            "client-continue": f"{_PROVIDER_URLS}:authorize",
            "client-unknown": f"{_PROVIDER_URLS}:authorize",
            "client-form-post": f"{_PROVIDER_URLS}:authorize",
            "client-web-message": f"{_PROVIDER_URLS}:authorize",
            "client-expired": f"{_PROVIDER_URLS}:resume",
            "client-consent-expired": f"{_PROVIDER_URLS}:consent",
            "client-logout": f"{_PROVIDER_URLS}:oidc_logout",
            "client-logout-refused": f"{_PROVIDER_URLS}:oidc_logout",
            "client-auth0-logout": f"{_PROVIDER_URLS}:auth0_logout",
            "device": f"{_PROVIDER_URLS}:activate",
            "device-unknown-code": f"{_PROVIDER_URLS}:activate",
            "device-confirm": f"{_PROVIDER_URLS}:activate",
            "device-refused": f"{_PROVIDER_URLS}:activate",
            "device-denied": f"{_PROVIDER_URLS}:activate",
            "device-allowed": f"{_PROVIDER_URLS}:activate",
        },
    ),
    "client-admin": (
        Kind.ADMIN,
        {
            "client-application-add": f"{_ADMIN}_application_add",
            "client-application-errors": f"{_ADMIN}_application_add",
            "client-application": f"{_ADMIN}_application_change",
            "client-application-public": f"{_ADMIN}_application_change",
            "client-add-secret": f"{_ADMIN}_application_add_secret",
            "client-add-secret-errors": f"{_ADMIN}_application_add_secret",
            "client-secret": f"{_ADMIN}_application_add_secret",
            "client-delete-secret": f"{_ADMIN}_application_delete_secret",
            "client-remove": f"{_ADMIN}_application_remove_client",
            **_crud("api", "api", _LIST, _ADD, _CHANGE, _DELETE, _HISTORY, app=_PROVIDER),
            **_crud("logoutnotice", "notice", _LIST, _CHANGE, _HISTORY, app=_PROVIDER),
        },
    ),
    # Of provisioning, with tests.scim.settings.
    "provisioning": (
        Kind.ADMIN,
        {
            "provisioned-connection": f"{_ADMIN}_connection_change",
            "token-add": f"{_SCIM}_scimtoken_add_to",
            "token-add-errors": f"{_SCIM}_scimtoken_add_to",
            "token-shown": f"{_SCIM}_scimtoken_add_to",
            "token-remove": f"{_SCIM}_scimtoken_remove",
            **_crud("provisionedperson", "person", _LIST, _CHANGE, _HISTORY, app=_SCIM),
            **_crud("provisionedgroup", "group", _LIST, _CHANGE, _HISTORY, app=_SCIM),
            **_crud("provisioningrequest", "request", _LIST, _CHANGE, _HISTORY, app=_SCIM),
        },
    ),
    "stand-in": (
        Kind.STANDIN,
        {
            "stand-in-picker": "/TENANT/oauth2/v2.0/authorize",
            "stand-in-picker-v1": "/TENANT/oauth2/authorize",
            "stand-in-picker-of-many": "/TENANT/oauth2/v2.0/authorize",
            "stand-in-consent": "/TENANT/oauth2/v2.0/authorize/pick",
            "stand-in-consent-v1": "/TENANT/oauth2/authorize/pick",
            "stand-in-approval": "/TENANT/oauth2/v2.0/authorize/pick",
            "stand-in-error": "/TENANT/oauth2/v2.0/authorize",
            "stand-in-form-post": "/TENANT/oauth2/v2.0/authorize/pick",
            "stand-in-admin-consent": "/TENANT/v2.0/adminconsent/decide",
            "stand-in-signed-out": "/TENANT/oauth2/v2.0/logout",
            "stand-in-signed-out-v1": "/TENANT/oauth2/logout",
            "stand-in-control": "/_standin/",
            "stand-in-provisioning": "/_standin/provisioning",
            "stand-in-dns": "/_standin/dns",
            "stand-in-dns-error": "/_standin/dns",
            "stand-in-error-code": "/error",
        },
    ),
    "portal": (
        Kind.STANDIN,
        {
            "portal-choose": "portal",
            "portal-not-found": "portal",
            "portal-overview": "portal:",
            "portal-domains": "portal:domains",
            "portal-users": "portal:users",
            "portal-apps": "portal:apps",
            "portal-register": "portal:apps/new",
            "portal-register-errors": "portal:apps/new",
            "portal-enterprise": "portal:enterprise",
            "portal-enterprise-app": "portal:enterprise/APP",
            "portal-app": "portal:apps/APP/",
            "portal-authentication": "portal:apps/APP/authentication",
            "portal-credentials": "portal:apps/APP/credentials",
            "portal-new-secret": "portal:apps/APP/credentials",
            "portal-permissions": "portal:apps/APP/permissions",
        },
    ),
}

#: URL patterns that show no page, with what they do instead.
NO_PAGE: dict[str, str] = {
    f"{_OWN}:profile": "answers in JSON",
    f"{_OWN}:logout": "redirects",
    f"{_OWN}:frontchannel_logout": "is loaded in a hidden frame by Microsoft's page",
    f"{_ADMIN}_connection_cer": "is a download",
    f"{_ADMIN}_connection_consent": "redirects to Microsoft",
    f"{_ADMIN}_connection_directories": "takes a form and redirects",
    "azuread_metrics:metrics": "answers in the text format of Prometheus",
    **dict.fromkeys(
        (
            f"{_PROVIDER_URLS}:openid_configuration",
            f"{_PROVIDER_URLS}:authorization_server",
            f"{_PROVIDER_URLS}:jwks",
            f"{_PROVIDER_URLS}:device_code",
            f"{_PROVIDER_URLS}:token",
            f"{_PROVIDER_URLS}:revoke",
            f"{_PROVIDER_URLS}:introspect",
            f"{_PROVIDER_URLS}:userinfo",
            "azuread_scim:base",
            "azuread_scim:unnamed <str:name>/v2/",
            "azuread_scim:service_provider_config",
            "azuread_scim:endpoint",
        ),
        "answers in JSON",
    ),
    **dict.fromkeys(
        (
            f"{_ADMIN}_event_add",
            f"{_ADMIN}_event_delete",
            f"{_ADMIN}_identity_add",
            f"{_ADMIN}_setuplink_add",
            f"{_ADMIN}_setuplink_delete",
            f"{_PROVIDER}_logoutnotice_add",
            f"{_PROVIDER}_logoutnotice_delete",
            *(
                f"{_SCIM}_{model}_{action}"
                for model in ("provisionedperson", "provisionedgroup", "provisioningrequest")
                for action in ("add", "delete")
            ),
        ),
        "is refused to everybody",
    ),
}

#: The same of the stand-in's routes.
STANDIN_NO_PAGE: dict[str, str] = {
    "/": "redirects to the control page",
    "/_standin/ACTION": "is /_standin/ and /_standin/provisioning in the table",
    "/TENANT/oauth2/v2.0/authorize/consent": "redirects, or shows a page of the picker's",
    "/TENANT/oauth2/authorize/consent": "redirects, or shows a page of the picker's",
    "/TENANT/v2.0/adminconsent": "shows the picker",
    "/TENANT/adminconsent": "shows the picker",
    "/TENANT/adminconsent/decide": "shows what the other version's route shows",
} | dict.fromkeys(
    (
        "/TENANT/v2.0/.well-known/openid-configuration",
        "/TENANT/.well-known/openid-configuration",
        "/TENANT/discovery/v2.0/keys",
        "/TENANT/discovery/keys",
        "/TENANT/oauth2/v2.0/token",
        "/TENANT/oauth2/token",
        "/metadata/identity/oauth2/token",
        "/msi/token",
        "/oidc/userinfo",
    ),
    "answers in JSON",
)
