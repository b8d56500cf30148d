"""The measured apps, and the directory that all of them are set up for."""

from __future__ import annotations

from dataclasses import dataclass

HOST = "login.microsoftonline.com"
LOGIN_URL = f"https://{HOST}"
DOMAIN = "contoso.com"
TENANT_ID = "5f1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b"
CLIENT_SECRET = "Abc8Q~benchmark-secret-of-forty-characters"
#: Enough people for 32 sign-ins at a time by 32 people.
PEOPLE = 64


@dataclass(frozen=True, kw_only=True)
class Package:
    """One Django app, with settings in the folder of its name. ``environment``: that of another
    one, if the packages are the same."""

    name: str
    title: str
    distribution: str = ""
    environment: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "distribution", self.distribution or self.title)
        object.__setattr__(self, "environment", self.environment or self.name)

    @property
    def settings(self) -> str:
        return f"benchmarks.peers.{self.name}.settings"


@dataclass(frozen=True, kw_only=True)
class Peer(Package):
    """One Django app for signing in. ``start`` and ``callback`` are paths of its site, ``method``
    is how a sign-in begins."""

    start: str
    callback: str
    client_id: str
    method: str = "GET"


@dataclass(frozen=True, kw_only=True)
class Provider(Package):
    """One Django app at which OAuth clients sign their users in: the paths of its endpoints."""

    authorize: str
    token: str
    userinfo: str


@dataclass(frozen=True, kw_only=True)
class Provisioning(Package):
    """One Django app that directories report people to by SCIM. ``base``: the path before that of
    a resource."""

    base: str


OURS = Peer(
    name="azuread_connections",
    title="azuread_connections",
    start="/login/contoso/",
    callback="/login/callback",
    client_id="a0000000-0000-4000-8000-000000000001",
)
OTHERS = (
    Peer(
        name="mozilla_django_oidc",
        title="mozilla-django-oidc",
        start="/oidc/authenticate/",
        callback="/oidc/callback/",
        client_id="a0000000-0000-4000-8000-000000000002",
    ),
    Peer(
        name="django_auth_adfs",
        title="django-auth-adfs",
        start="/oauth2/login",
        callback="/oauth2/callback",
        client_id="a0000000-0000-4000-8000-000000000003",
    ),
    Peer(
        name="django_allauth",
        title="django-allauth (openid_connect)",
        start="/accounts/oidc/microsoft/login/",
        callback="/accounts/oidc/microsoft/login/callback/",
        client_id="a0000000-0000-4000-8000-000000000004",
        method="POST",
        distribution="django-allauth",
    ),
    Peer(
        name="django_allauth_microsoft",
        title="django-allauth (microsoft)",
        start="/accounts/microsoft/login/",
        callback="/accounts/microsoft/login/callback/",
        client_id="a0000000-0000-4000-8000-000000000007",
        method="POST",
        distribution="django-allauth",
        environment="django_allauth",
    ),
    Peer(
        name="social_auth",
        title="social-auth-app-django",
        start="/login/azuread-v2-tenant-oauth2/",
        callback="/complete/azuread-v2-tenant-oauth2/",
        client_id="a0000000-0000-4000-8000-000000000005",
        method="POST",
    ),
)
PEERS = (OURS, *OTHERS)
#: The baseline, not a peer: it sends no request to Microsoft, and checks nothing.
ALONE = Peer(
    name="django_alone",
    title="Django alone",
    start="/start",
    callback="/callback",
    client_id="a0000000-0000-4000-8000-000000000006",
    distribution="Django",
)
EVERYBODY = (*PEERS, ALONE)

#: The optional sub-app, whose people sign in at Microsoft by the connection of ``OURS``.
OUR_PROVIDER = Provider(
    name="provider",
    title="azuread_connections.provider",
    distribution="django-oauth-toolkit",
    authorize="/authorize",
    token="/oauth/token",
    userinfo="/userinfo",
)
OTHER_PROVIDERS = (
    Provider(
        name="django_oauth_toolkit",
        title="django-oauth-toolkit",
        authorize="/o/authorize/",
        token="/o/token/",
        userinfo="/o/userinfo/",
    ),
    Provider(
        name="allauth_idp",
        title="django-allauth (idp.oidc)",
        distribution="django-allauth",
        authorize="/identity/o/authorize",
        token="/identity/o/api/token",
        userinfo="/identity/o/api/userinfo",
    ),
)
PROVIDERS = (OUR_PROVIDER, *OTHER_PROVIDERS)
#: What a client asks a provider for, in this order: each needs what the one before has given.
PROVIDER_ACTIONS = ("authorize", "code", "userinfo", "refresh", "client_credentials")
#: The optional sub-app that directories report people to.
OUR_PROVISIONING = Provisioning(
    name="scim",
    title="azuread_connections.scim",
    distribution="scim2-models",
    base="/scim/contoso/v2/",
)
OTHER_PROVISIONING = Provisioning(
    name="django_scim2", title="django-scim2", distribution="django-scim2", base="/scim/v2/"
)
PROVISIONINGS = (OUR_PROVISIONING, OTHER_PROVISIONING)
PACKAGES: tuple[Package, ...] = (*EVERYBODY, *PROVIDERS, *PROVISIONINGS)


def client_id_of(name: str) -> str:
    return next(peer.client_id for peer in PEERS if peer.name == name)
