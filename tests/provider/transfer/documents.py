"""Files as Auth0's deploy CLI writes them, and what the commands say about them."""

from __future__ import annotations

import copy
import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

SECRET = "q0Vt7ZkP3xN9wLc2RfB8mHs5TdY1uJg6aEoWiQnKvXrCzMpDhSlUbFyGtA4eI-_7"
OTHER_SECRET = "Zx81mQpW4nLr7TcVb2HsYd9KfGj3AuEo6iRtNwXvMqPzBlCkJhDgFySaUeIO0_-5"
#: Whole, as the deploy CLI writes it: four clients, two APIs, three grants, and one connection.
DOCUMENT: dict[str, Any] = {
    "tenant": {"friendly_name": "Contoso"},
    "databases": [{"name": "Username-Password-Authentication", "strategy": "auth0"}],
    "connections": [
        {
            "name": "contoso",
            "strategy": "waad",
            "enabled_clients": ["Portal", "Shop Page", "Phone"],
            "options": {
                "tenant_domain": "contoso.com",
                "client_id": "11111111-2222-3333-4444-555555555555",
                "client_secret": "##CONTOSO_SECRET##",
                "identity_api": "microsoft-identity-platform-v2.0",
            },
        }
    ],
    "clients": [
        {
            "name": "Portal",
            "tenant": "contoso",
            "global": False,
            "client_id": "PortalIdAtAuth0xxxxxxxxxxxxxxx01",
            "client_secret": SECRET,
            "app_type": "regular_web",
            "description": "Orders and invoices",
            "logo_uri": "https://portal.example.com/logo.png",
            "callbacks": ["https://portal.example.com/callback", "http://localhost:3000/callback"],
            "allowed_logout_urls": ["https://portal.example.com/bye"],
            "web_origins": [],
            "grant_types": ["authorization_code", "implicit", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post",
            "is_first_party": True,
            "oidc_conformant": True,
            "sso_disabled": False,
            "cross_origin_authentication": False,
            "custom_login_page_on": True,
            "is_token_endpoint_ip_header_trusted": False,
            "jwt_configuration": {
                "alg": "RS256",
                "lifetime_in_seconds": 36000,
                "secret_encoded": False,
                "scopes": {},
            },
            "refresh_token": {
                "rotation_type": "non-rotating",
                "expiration_type": "non-expiring",
                "leeway": 0,
                "token_lifetime": 31557600,
                "idle_token_lifetime": 2592000,
                "infinite_token_lifetime": True,
                "infinite_idle_token_lifetime": True,
            },
            "client_metadata": {"team": "sales"},
            "signing_keys": [{"cert": "x", "pkcs7": "x", "subject": "x"}],
        },
        {
            "name": "Shop Page",
            "client_id": "ShopIdAtAuth0xxxxxxxxxxxxxxxxx02",
            "client_secret": OTHER_SECRET,
            "app_type": "spa",
            "callbacks": ["https://shop.example.com/"],
            "allowed_logout_urls": [],
            "web_origins": ["https://shop.example.com", "http://localhost:4200"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
            "is_first_party": True,
            "refresh_token": {
                "rotation_type": "rotating",
                "expiration_type": "expiring",
                "token_lifetime": 604800,
                "idle_token_lifetime": 86400,
            },
        },
        {
            "name": "Phone",
            "client_id": "PhoneIdAtAuth0xxxxxxxxxxxxxxxx03",
            "app_type": "native",
            "callbacks": ["com.example.phone://callback"],
            "grant_types": ["authorization_code", "password"],
            "token_endpoint_auth_method": "none",
            "is_first_party": False,
        },
        {
            "name": "Nightly Job",
            "client_id": "NightlyIdAtAuth0xxxxxxxxxxxxxx04",
            "client_secret": OTHER_SECRET,
            "app_type": "non_interactive",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_basic",
            "is_first_party": True,
        },
        {
            "name": "All Applications",
            "client_id": "GlobalIdAtAuth0xxxxxxxxxxxxxxx05",
            "global": True,
        },
        {
            "name": "auth0-deploy-cli-extension",
            "client_id": "DeployIdAtAuth0xxxxxxxxxxxxxxx06",
            "app_type": "non_interactive",
        },
    ],
    "resourceServers": [
        {
            "name": "Orders",
            "identifier": "https://orders.example.com/",
            "scopes": [
                {"value": "read:orders", "description": "See your orders"},
                {"value": "write:orders", "description": "Change your orders"},
            ],
            "token_lifetime": 86400,
            "token_lifetime_for_web": 7200,
            "signing_alg": "RS256",
            "allow_offline_access": False,
            "skip_consent_for_verifiable_first_party_clients": True,
        },
        {
            "name": "Stock",
            "identifier": "urn:example:stock",
            "scopes": [{"value": "read:stock"}],
            "token_lifetime": 3600,
        },
        {
            "name": "Auth0 Management API",
            "identifier": "https://contoso.eu.auth0.com/api/v2/",
            "is_system": True,
            "scopes": [{"value": "read:client_grants", "description": "Read Client Grants"}],
        },
    ],
    "clientGrants": [
        {
            "client_id": "Nightly Job",
            "audience": "https://orders.example.com/",
            "scope": ["read:orders", "write:orders"],
        },
        {"client_id": "Nightly Job", "audience": "urn:example:stock", "scope": ["read:stock"]},
        {
            "client_id": "PhoneIdAtAuth0xxxxxxxxxxxxxxxx03",
            "audience": "https://orders.example.com/",
            "scope": ["read:orders"],
        },
        {
            "client_id": "auth0-deploy-cli-extension",
            "audience": "https://contoso.eu.auth0.com/api/v2/",
            "scope": ["read:client_grants"],
        },
    ],
}


def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


def portal(**changes: Any) -> dict[str, Any]:
    """The client of a server, with other values. ``...`` leaves a key out."""
    entry = {**document()["clients"][0], **changes}
    return {key: value for key, value in entry.items() if value is not ...}


def run(command: str, tmp_path: Path, content: Any, *arguments: str) -> str:
    file = tmp_path / "file.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    out = StringIO()
    call_command(command, str(file), *arguments, stdout=out)
    return out.getvalue()


def import_file(tmp_path: Path, content: Any, *arguments: str) -> str:
    return run("import_applications", tmp_path, content, *arguments)


def refused(tmp_path: Path, content: Any, *arguments: str) -> str:
    """Import a file that has mistakes; return what is printed."""
    try:
        printed = import_file(tmp_path, content, *arguments)
    except CommandError as error:
        return str(error)
    raise AssertionError(printed)


def export() -> str:
    out = StringIO()
    call_command("export_applications", stdout=out)
    return out.getvalue()
