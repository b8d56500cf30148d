"""Discovery: finds the directory that owns a domain, and the cloud of that directory.

https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .cloud import CLOUDS, Authority, Cloud
from .errors import MalformedResponse, MicrosoftError, OtherCloud
from .transport import Transport

#: Values of ``OtherCloud.found`` for directories for customers, which are not supported.
EXTERNAL_ID = "external_id"
B2C = "b2c"

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CUSTOMER_HOSTS = {".ciamlogin.com": EXTERNAL_ID, ".b2clogin.com": B2C}
_ADDRESSES = ("issuer", "token_endpoint", "authorization_endpoint", "jwks_uri")
#: The ``tenant_region_sub_scope`` of DoD. US Government (GCC High) has DODCON.
_US_DOD = "DOD"


def find_tenant_id(transport: Transport, authority: Authority) -> str:
    """Return the GUID of the directory that owns ``authority.tenant``, a domain.

    Only the GUID is taken from the discovery document. Raises ``OtherCloud`` if the directory is
    in another cloud than the authority's, ``DirectoryNotFound``, other ``MicrosoftError``,
    ``MalformedResponse`` and ``Unreachable``.
    """
    answer = transport.get(authority.discovery_url)
    document = answer.json()
    if answer.status != 200:
        raise MicrosoftError.from_response(document, retry_after=answer.retry_after)
    _check_cloud(document, authority.cloud)
    tenant_ids = {_guid_in(document.get(member)) for member in ("issuer", "token_endpoint")}
    tenant_id = tenant_ids.pop()
    if tenant_ids or not tenant_id:
        raise MalformedResponse("The discovery document does not name one directory.")
    return tenant_id


def _check_cloud(document: Mapping[str, Any], asked: Cloud) -> None:
    """Raise ``OtherCloud`` if the document names another cloud than the one that was asked.

    The global endpoint answers for directories of other clouds, too. A document without a name, as
    older ones and other stand-ins have, is accepted.
    """
    hosts = [_host(document.get(member)) for member in _ADDRESSES]
    for suffix, kind in _CUSTOMER_HOSTS.items():
        if any(host.endswith(suffix) for host in hosts):
            raise OtherCloud(kind, suffix.removeprefix("."))
    named = document.get("cloud_instance_name") or ""
    if not isinstance(named, str):
        raise MalformedResponse("The cloud_instance_name of the discovery document is not a text.")
    instances = {cloud.instance_name for cloud in CLOUDS.values()}
    by_host = {name for name in instances for host in hosts if host.endswith(f".{name}")}
    for instance in filter(None, (named.lower(), *sorted(by_host))):
        if instance != asked.instance_name:
            raise OtherCloud(_cloud_of(instance, document), instance)


def _cloud_of(instance: str, document: Mapping[str, Any]) -> str:
    clouds = [cloud.name for cloud in CLOUDS.values() if cloud.instance_name == instance]
    if "dod" in clouds and document.get("tenant_region_sub_scope") == _US_DOD:
        return "dod"
    return clouds[0] if clouds else ""


def _guid_in(url: object) -> str:
    match = _GUID.search(url.lower()) if isinstance(url, str) else None
    return match[0] if match else ""


def _host(url: object) -> str:
    try:
        return (urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except ValueError:
        return ""
