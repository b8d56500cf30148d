"""Quick start: settings for one client, ready to paste, for the libraries that fit it.

The values of the client are filled in; the client secret is a placeholder, as no page can show it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from string import Template
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ...models import Application
from ..issuer import endpoint, issuer
from ..models import OAuthClient
from ..models.client import is_public_type

SECRET_PLACEHOLDER = "YOUR_CLIENT_SECRET"  # noqa: S105  # what it is called where it is missing
CALLBACK_PLACEHOLDER = "https://client.example.com/callback"

_Type = Application.Type
_GrantType = Application.GrantType


@dataclass(frozen=True)
class Facts:
    """What the examples of a client are made of."""

    application_type: str
    grant_types: frozenset[str]
    issuer: str
    authorize: str
    token: str
    userinfo: str
    device: str
    jwks: str
    client_id: str
    callback: str
    scope: str
    #: The identifier of an API that the client has been granted, or "".
    audience: str

    @property
    def is_at_root(self) -> bool:
        """Whether a client finds the endpoints by the domain alone."""
        return urlsplit(self.issuer).path == "/"

    @property
    def shares_cookies(self) -> bool:
        """Whether browsers send the client's cookies to this site, too: they ignore the port."""
        return urlsplit(self.callback).hostname == urlsplit(self.issuer).hostname


@dataclass(frozen=True)
class Example:
    title: str
    #: Where the code goes, or what it needs.
    note: str | Promise
    code: str


def examples(client: OAuthClient, request: HttpRequest) -> list[Example]:
    """Return the examples that fit a client's type and its ticked grant types."""
    return list(_examples(facts_of(client, request)))


def facts_of(client: OAuthClient, request: HttpRequest) -> Facts:
    grant = client.grants.select_related("api").order_by("api__name").first()
    refresh = " offline_access" if _GrantType.REFRESH_TOKEN in client.grant_types else ""
    urls = client.application.allowed_callback_urls
    return Facts(
        application_type=client.application.application_type,
        grant_types=client.grant_types,
        issuer=issuer(request),
        authorize=endpoint(request, "authorize"),
        token=endpoint(request, "token"),
        userinfo=endpoint(request, "userinfo"),
        device=endpoint(request, "device_code"),
        jwks=endpoint(request, "jwks"),
        client_id=client.client_id,
        callback=urls[0] if urls else CALLBACK_PLACEHOLDER,
        scope=f"openid profile email{refresh}",
        audience=grant.api.identifier if grant else "",
    )


def _examples(facts: Facts) -> Iterator[Example]:
    by_browser = _GrantType.AUTHORIZATION_CODE in facts.grant_types
    if by_browser and facts.application_type == _Type.REGULAR_WEB:
        yield Example(
            "Django, Authlib",
            _("For a Django site. Install Authlib and requests."),
            _in_python(AUTHLIB_DJANGO, facts) + _cookie_name(facts, "# In settings.py, as "),
        )
        yield Example(
            "Django, mozilla-django-oidc",
            _("In settings.py. Its callback URL ends in /oidc/callback/, as its own URLs have it."),
            _in_python(MOZILLA, facts) + _cookie_name(facts, "# As "),
        )
    if by_browser and facts.application_type == _Type.SPA:
        if facts.is_at_root:
            yield Example("auth0-spa-js", _("npm install @auth0/auth0-spa-js"), _auth0_spa(facts))
        yield Example("oidc-client-ts", _("npm install oidc-client-ts"), _oidc_client(facts))
    if by_browser and facts.application_type == _Type.NATIVE:
        yield Example(
            "Python, Authlib",
            _("For an application on a computer. Install Authlib and requests."),
            _in_python(AUTHLIB_NATIVE, facts),
        )
    if _GrantType.CLIENT_CREDENTIALS in facts.grant_types:
        note = (
            _("A token for the application itself.")
            if facts.audience
            else _("Grant the application an API under “APIs” first, and save.")
        )
        yield Example("Client credentials, curl", note, _curl_client_credentials(facts))
        yield Example("Client credentials, Authlib", note, _authlib_machine(facts))
    if _GrantType.DEVICE_CODE in facts.grant_types:
        yield Example(
            "Device flow, curl",
            _("For a device without a browser: the person enters a code elsewhere."),
            _curl_device(facts),
        )


def _fill(template: Template, facts: Facts, quote: Callable[[str], str]) -> str:
    """Fill in an example; ``quote`` makes a text a literal of its language."""
    names = (
        *("issuer", "authorize", "token", "userinfo", "device", "jwks"),
        *("client_id", "callback", "scope"),
    )
    values = {name: quote(getattr(facts, name)) for name in names}
    values |= {
        "secret": quote(SECRET_PLACEHOLDER),
        "discovery": quote(f"{facts.issuer}.well-known/openid-configuration"),
        "audience": quote(facts.audience or "https://api.example.com/"),
        # auth0-spa-js takes https where the domain does not say otherwise.
        "domain": quote(facts.issuer.removeprefix("https://").rstrip("/")),
    }
    return template.substitute(values).strip() + "\n"


def _in_python(template: Template, facts: Facts) -> str:
    # A JSON string is a literal of Python and of JavaScript, too.
    return _fill(template, facts, json.dumps)


AUTHLIB_DJANGO = Template("""
from authlib.integrations.django_client import OAuth

oauth = OAuth()
oauth.register(
    "sso",
    client_id=$client_id,
    client_secret=$secret,  # from your environment
    server_metadata_url=$discovery,
    client_kwargs={"scope": $scope, "code_challenge_method": "S256"},
)


def sign_in(request):
    return oauth.sso.authorize_redirect(request, $callback)


def callback(request):
    tokens = oauth.sso.authorize_access_token(request)
    person = tokens["userinfo"]  # the verified claims of the ID token
""")

MOZILLA = Template("""
OIDC_RP_CLIENT_ID = $client_id
OIDC_RP_CLIENT_SECRET = $secret  # from your environment
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email"
OIDC_USE_PKCE = True
OIDC_OP_AUTHORIZATION_ENDPOINT = $authorize
OIDC_OP_TOKEN_ENDPOINT = $token
OIDC_OP_USER_ENDPOINT = $userinfo
OIDC_OP_JWKS_ENDPOINT = $jwks
""")

AUTHLIB_NATIVE = Template("""
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session(
    $client_id,
    scope=$scope,
    redirect_uri=$callback,
    code_challenge_method="S256",
    token_endpoint_auth_method="none",
)
verifier = generate_token(48)
url, state = session.create_authorization_url($authorize, code_verifier=verifier)
# Open the URL in the browser. `answer` is the address that the browser then comes back to:
tokens = session.fetch_token($token, authorization_response=answer, code_verifier=verifier)
""")


def _cookie_name(facts: Facts, beginning: str) -> str:
    """Return the setting that keeps two Django sites on one host from sharing a session cookie."""
    if not facts.shares_cookies:
        return ""
    return (
        f"\n{beginning}this client and the site where people sign in have the same host:\n"
        'SESSION_COOKIE_NAME = "client_sessionid"\n'
    )


def _audience_line(facts: Facts, line: str) -> str:
    return line.format(json.dumps(facts.audience)) if facts.audience else ""


def _auth0_spa(facts: Facts) -> str:
    refresh = _GrantType.REFRESH_TOKEN in facts.grant_types
    template = Template(
        """
import {createAuth0Client} from "@auth0/auth0-spa-js";

const auth0 = await createAuth0Client({
  domain: $domain,
  clientId: $client_id,
"""
        + ("  useRefreshTokens: true,\n" if refresh else "")
        + """  authorizationParams: {
    redirect_uri: $callback,
"""
        + _audience_line(facts, "    audience: {},\n").replace("$", "$$")
        + """  },
});
await auth0.loginWithRedirect();
// On the callback page:
await auth0.handleRedirectCallback();
const person = await auth0.getUser();
"""
    )
    return _in_python(template, facts)


def _oidc_client(facts: Facts) -> str:
    audience = _audience_line(facts, "  extraQueryParams: {{audience: {}}},\n")
    template = Template(
        """
import {UserManager} from "oidc-client-ts";

const manager = new UserManager({
  authority: $issuer,
  client_id: $client_id,
  redirect_uri: $callback,
  scope: $scope,
"""
        + audience.replace("$", "$$")
        + """});
await manager.signinRedirect();
// On the callback page:
const user = await manager.signinRedirectCallback();
"""
    )
    return _in_python(template, facts)


def _curl_client_credentials(facts: Facts) -> str:
    template = Template("""
curl $token \\
  --data-urlencode grant_type=client_credentials \\
  --data-urlencode client_id=$client_id \\
  --data-urlencode client_secret=$secret \\
  --data-urlencode audience=$audience
""")
    return _fill(template, facts, shlex.quote)


def _authlib_machine(facts: Facts) -> str:
    template = Template("""
from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session($client_id, $secret)
token = session.fetch_token($token, grant_type="client_credentials", audience=$audience)
""")
    return _in_python(template, facts)


def _curl_device(facts: Facts) -> str:
    is_public = is_public_type(facts.application_type)
    secret = "" if is_public else "  --data-urlencode client_secret=$secret \\\n"
    template = Template(
        f"""
curl $device \\
  --data-urlencode client_id=$client_id \\
{secret}  --data-urlencode scope=$scope
# Show "verification_uri" and "user_code" to the person. Then, every five seconds:
curl $token \\
  --data-urlencode grant_type={_GrantType.DEVICE_CODE.value} \\
  --data-urlencode client_id=$client_id \\
{secret}  --data-urlencode device_code=DEVICE_CODE
"""
    )
    return _fill(template, facts, shlex.quote)
