"""Microsoft Graph's permissions, and the scopes and resources that name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import Refusal

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_RESOURCE = "https://graph.microsoft.com"
# Graph's retired predecessor, v1's default resource.
AZURE_AD_GRAPH = "00000002-0000-0000-c000-000000000000"
OIDC_SCOPES = ("openid", "profile", "email", "offline_access")

# Everybody can consent to these for themselves; the text is that of the consent page.
USER_CONSENT = {
    "User.Read": "Sign you in and read your profile",
    "User.ReadWrite": "Read and update your profile",
    "User.ReadBasic.All": "Read all users' basic profiles",
    "Calendars.Read": "Read your calendars",
    "Contacts.Read": "Read your contacts",
    "Files.Read": "Read your files",
    "Mail.Read": "Read your mail",
    "Mail.Send": "Send mail as you",
    "People.Read": "Read your relevant people list",
}
ADMIN_CONSENT = {
    "Application.Read.All": "Read applications",
    "AuditLog.Read.All": "Read audit log data",
    "Directory.AccessAsUser.All": "Access the directory as you",
    "Directory.Read.All": "Read directory data",
    "Directory.ReadWrite.All": "Read and write directory data",
    "Domain.Read.All": "Read domains",
    "Group.Read.All": "Read all groups",
    "Group.ReadWrite.All": "Read and write all groups",
    "GroupMember.Read.All": "Read group memberships",
    "Organization.Read.All": "Read organization information",
    "RoleManagement.Read.Directory": "Read directory RBAC settings",
    "User.Read.All": "Read all users' full profiles",
    "User.ReadWrite.All": "Read and write all users' full profiles",
}
DELEGATED = USER_CONSENT | ADMIN_CONSENT
APPLICATION = {
    name: text for name, text in ADMIN_CONSENT.items() if name != "Directory.AccessAsUser.All"
} | {
    "Application.ReadWrite.All": "Read and write all applications",
    "Application.ReadWrite.OwnedBy": "Manage apps that this app creates or owns",
    "Mail.Read": "Read mail in all mailboxes",
    "User.ReadBasic.All": "Read all users' basic profiles",
}

_CANONICAL = {name.lower(): name for name in DELEGATED}


def known_names(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names as a list; ValueError on one that Graph does not have."""
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise ValueError(f"Microsoft Graph has no permission {name!r} of this kind here")
    return wanted


@dataclass(frozen=True)
class Scopes:
    """The scopes of a v2 request: OpenID's own, and those of Graph by their bare names.

    `default`: `.default` was requested, which is all that the app is registered with. `prefix` is
    the resource as it was written before the names, since answers repeat it. `api`: the names of
    scopes of an app's own API, if the request is for one; `prefix` names it then.
    """

    oidc: tuple[str, ...]
    graph: tuple[str, ...]
    default: bool = False
    prefix: str = ""
    api: tuple[str, ...] = ()

    def wanted(self, registered: Iterable[str]) -> frozenset[str]:
        return frozenset(self.graph) | (frozenset(registered) if self.default else frozenset())

    def answer(self, granted: Iterable[str]) -> str:
        """The `scope` of a token response: all that is granted, possibly more than was
        requested."""
        oidc = [name for name in self.oidc if name != "offline_access"]
        if self.api:
            return " ".join(f"{self.prefix}{name}" for name in self.api)
        further = sorted(set(granted) - set(self.graph))
        return " ".join([*oidc, *(f"{self.prefix}{name}" for name in (*self.graph, *further))])


def parse_scopes(text: str, graph_urls: Iterable[str], *, app_name: str = "") -> Scopes:
    """Parse the parameter `scope`. Raises Refusal for scopes of another or of several resources."""
    oidc: list[str] = []
    names: list[str] = []
    prefixes: dict[str, None] = {}
    resources = set()
    for scope in text.split():
        if scope.lower() in OIDC_SCOPES:
            oidc.append(scope.lower())
            continue
        resource, slash, name = scope.rpartition("/")
        if slash and not is_graph(resource, graph_urls):
            resources.add(resource)
            continue
        resources.add(GRAPH_RESOURCE)
        if slash:
            prefixes[f"{resource}/"] = None
        names.append(_graph_name(name, app_name))
    _one_resource(resources, text)
    return Scopes(
        oidc=tuple(dict.fromkeys(oidc)),
        graph=tuple(dict.fromkeys(name for name in names if name != ".default")),
        default=".default" in names,
        prefix=next(iter(prefixes), ""),
    )


def is_graph(resource: str, graph_urls: Iterable[str]) -> bool:
    """Whether a resource is Microsoft Graph: by its real name, its app ID, or our own address."""
    names = {GRAPH_RESOURCE, GRAPH_APP_ID, *(url.lower() for url in graph_urls)}
    return resource.lower().rstrip("/") in names


def _graph_name(name: str, app_name: str) -> str:
    if name == ".default":
        return name
    canonical = _CANONICAL.get(name.lower())
    if canonical is None:
        raise Refusal(650053, app_name=app_name, scope=name, resource=GRAPH_APP_ID)
    return canonical


def _one_resource(resources: set[str], text: str) -> None:
    if len(resources) > 1:
        raise Refusal(28000, scope=text)
    unknown = resources - {GRAPH_RESOURCE}
    if unknown:
        raise Refusal(500011, resource=unknown.pop())
