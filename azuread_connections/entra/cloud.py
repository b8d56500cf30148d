"""Hosts and endpoint addresses for a cloud, a tenant and an identity API version.

Nothing here comes from a fetched document, so no response can move an endpoint to another host.
https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from .errors import IssuerMismatch

V1 = "v1.0"
V2 = "v2.0"

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: The tenant segment for people of any directory, and for personal accounts.
COMMON = "common"
#: The tenant segment for administrators of any directory.
ORGANIZATIONS = "organizations"
#: The tenant of all personal Microsoft accounts.
PERSONAL_TENANT_ID = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass(frozen=True)
class Cloud:
    """One Microsoft cloud: its login host and its Graph host."""

    name: str
    login_url: str
    #: The address of Graph. In development it can differ from ``graph_resource``, its name.
    graph_url: str
    graph_resource: str
    #: The v1.0 issuer is on another host than the endpoints.
    v1_issuer_url: str
    #: The name of this cloud in key and discovery documents (``cloud_instance_name``).
    instance_name: str
    #: Where an administrator registers apps in a browser.
    admin_center_url: str

    def moved(self, *, login_url: str = "", graph_url: str = "") -> Cloud:
        """Return this cloud with development hosts instead of Microsoft's, if any are given."""
        if not login_url and not graph_url:
            return self
        return replace(
            self, login_url=login_url or self.login_url, graph_url=graph_url or self.graph_url
        )


CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "global",
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com",
            "https://graph.microsoft.com",
            "https://sts.windows.net",
            "microsoftonline.com",
            "https://entra.microsoft.com",
        ),
        Cloud(
            "usgov",
            "https://login.microsoftonline.us",
            "https://graph.microsoft.us",
            "https://graph.microsoft.us",
            "https://sts.windows.net",
            "microsoftonline.us",
            "https://portal.azure.us",
        ),
        Cloud(
            "dod",
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us",
            "https://dod-graph.microsoft.us",
            "https://sts.windows.net",
            "microsoftonline.us",
            "https://portal.azure.us",
        ),
        Cloud(
            "china",
            "https://login.partner.microsoftonline.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn",
            "https://sts.chinacloudapi.cn",
            "partner.microsoftonline.cn",
            "https://portal.azure.cn",
        ),
    )
}


def clouds_sharing_login(cloud: str) -> tuple[str, ...]:
    """Return the names of all clouds with this one's login host, itself included.

    US Government and DoD differ only in Graph. A directory ID is the same directory in both.
    """
    login_url = CLOUDS[cloud].login_url
    return tuple(name for name, other in CLOUDS.items() if other.login_url == login_url)


def identity_cloud(cloud: str) -> str:
    """Return the one name that identities use for all clouds with this one's login host.

    So a person has one key ``(cloud, tid, oid)``, whichever of these clouds the connection names.
    """
    return clouds_sharing_login(cloud)[0]


@dataclass(frozen=True)
class Authority:
    """One tenant's endpoints under one identity API version.

    ``tenant`` is the segment in the addresses: the directory's GUID, one of its domains, or
    ``COMMON``. The order of path segments differs between Microsoft's endpoints.
    """

    cloud: Cloud
    tenant: str
    identity_api: str

    @property
    def authorize_url(self) -> str:
        return self._oauth2("authorize")

    @property
    def token_url(self) -> str:
        return self._oauth2("token")

    @property
    def logout_url(self) -> str:
        return self._oauth2("logout")

    @property
    def discovery_url(self) -> str:
        version = "" if self.identity_api == V1 else "/v2.0"
        return f"{self._base}{version}/.well-known/openid-configuration"

    @property
    def keys_url(self) -> str:
        if self.identity_api == V1:
            return f"{self.cloud.login_url}/common/discovery/keys"
        return f"{self._base}/discovery/v2.0/keys"

    def app_keys_url(self, client_id: str) -> str:
        """Return the keys' address of a registration with its own signing key (claims mapping).

        https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signature
        """
        version = "" if self.identity_api == V1 else "v2.0/"
        return f"{self._base}/discovery/{version}keys?{urlencode({'appid': client_id})}"

    @property
    def admin_consent_url(self) -> str:
        version = "" if self.identity_api == V1 else "/v2.0"
        return f"{self._base}{version}/adminconsent"

    def issuer(self, tenant_id: str) -> str:
        """Return the exact ``iss`` of ID tokens for this directory (a GUID)."""
        if self.identity_api == V1:
            return f"{self.cloud.v1_issuer_url}/{tenant_id}/"
        return f"{self.cloud.login_url}/{tenant_id}/v2.0"

    @property
    def _base(self) -> str:
        return f"{self.cloud.login_url}/{self.tenant}"

    def _oauth2(self, endpoint: str) -> str:
        version = "" if self.identity_api == V1 else "v2.0/"
        return f"{self._base}/oauth2/{version}{endpoint}"


def check_issuers(authority: Authority, issuers: Iterable[str], *, tenant_id: str | None) -> None:
    """Check the `iss` parameters of an authorization response. RFC 9207 section 2.4.

    ``tenant_id``: the directory's GUID; None accepts any directory of the authority's cloud and
    identity API. Raises ``IssuerMismatch``.
    """
    for named in issuers:
        guid = tenant_id or _guid_in(named)
        if named != authority.issuer(guid):
            raise IssuerMismatch(
                f"The response names another issuer (iss, RFC 9207): {named[:200]!r}."
            )


def _guid_in(issuer: str) -> str:
    match = _GUID.search(issuer)
    return match[0] if match else ""
