"""Single-page applications in Chromium, on a page of another origin than the site."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from azuread_connections.models import Identity, Revocation
from azuread_connections.provider.models import API
from tests.company import Company
from tests.provider.clients.pages import PageServer
from tests.provider.clients.site import Site
from tests.provider.relying_party import RelyingParty

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AUDIENCE = "https://api.example.com/"


class OidcClientTs:
    """A page's code with oidc-client-ts, as docs/provider-clients.md shows it."""

    def __init__(self, page: Page, server: PageServer, issuer: str, client_id: str) -> None:
        self.page = page
        self.settings = json.dumps(
            {
                "authority": issuer,
                "client_id": client_id,
                "redirect_uri": f"{server.origin}/callback",
                "post_logout_redirect_uri": f"{server.origin}/bye",
                "scope": "openid profile email offline_access",
            }
        )

    def run(self, code: str) -> Any:
        return self.page.evaluate(
            f"async () => {{ const manager = new oidc.UserManager({self.settings}); {code} }}"
        )


class Auth0:
    """A page's code with auth0-spa-js, which is given a domain and a client ID."""

    def __init__(
        self, page: Page, server: PageServer, domain: str, client_id: str, **options: Any
    ) -> None:
        self.page = page
        self.settings = json.dumps(
            {
                "domain": domain,
                "clientId": client_id,
                "cacheLocation": "localstorage",
                "authorizationParams": {"redirect_uri": f"{server.origin}/callback", **options},
            }
        )

    def run(self, code: str, **options: Any) -> Any:
        return self.page.evaluate(
            f"async () => {{ const client = new auth0.Auth0Client({{...{self.settings}, "
            f"...{json.dumps(options)}}}); {code} }}"
        )


def pick_person(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_oidc_client_ts_signs_in_refreshes_and_signs_out(
    site: Site,
    page: Page,
    serve_page: Callable[[str], PageServer],
    spa_at: Callable[..., RelyingParty],
) -> None:
    server = serve_page("oidc-client-ts")
    party = spa_at(server.origin)
    client = OidcClientTs(page, server, site.issuer, party.client_id)

    page.goto(server.origin)
    client.run("manager.signinRedirect({extraQueryParams: {connection: 'contoso'}})")
    pick_person(page, "Adele Vance")
    page.wait_for_url(f"{server.origin}/callback?*")
    first = client.run("return await manager.signinRedirectCallback()")
    assert first["profile"]["email"] == "adele.vance@contoso.com"
    assert first["profile"]["iss"] == site.issuer

    second = client.run("return await manager.signinSilent()")
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    told = client.run(
        "const user = await manager.getUser();"
        "const endpoint = await manager.metadataService.getUserInfoEndpoint();"
        "const headers = {Authorization: `Bearer ${user.access_token}`};"
        "return await (await fetch(endpoint, {headers})).json()"
    )
    assert told["sub"] == first["profile"]["sub"]

    client.run("manager.signoutRedirect()")
    page.wait_for_url(f"{server.origin}/bye*")
    assert client.run("return await manager.getUser()") is None
    page.goto(f"{site.url}/login/profile")
    assert page.evaluate("document.body.innerText.includes('adele.vance')") is False


def test_oidc_client_ts_is_told_that_the_person_was_revoked(
    site: Site,
    contoso: Company,
    page: Page,
    serve_page: Callable[[str], PageServer],
    spa_at: Callable[..., RelyingParty],
) -> None:
    server = serve_page("oidc-client-ts")
    client = OidcClientTs(page, server, site.issuer, spa_at(server.origin).client_id)
    page.goto(server.origin)
    client.run("manager.signinRedirect({extraQueryParams: {connection: 'contoso'}})")
    pick_person(page, "Adele Vance")
    page.wait_for_url(f"{server.origin}/callback?*")
    client.run("await manager.signinRedirectCallback()")

    Revocation.of_identity(contoso.connection, Identity.objects.get().pk)

    error = client.run(
        "try { await manager.signinSilent(); return '' } catch (e) { return e.error }"
    )
    assert error == "invalid_grant"


def test_a_script_of_an_origin_that_is_not_the_clients_reads_no_answer(
    site: Site,
    page: Page,
    serve_page: Callable[[str], PageServer],
    spa_at: Callable[..., RelyingParty],
) -> None:
    server, foreign = serve_page("oidc-client-ts"), serve_page("oidc-client-ts")
    party = spa_at(server.origin)
    endpoint = f"{site.issuer}oauth/token"
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": party.client_id}
    ask = (
        f"try {{ const body = new URLSearchParams({json.dumps(form)});"
        f"return (await fetch({json.dumps(endpoint)}, {{method: 'POST', body}})).status }}"
        "catch (error) { return String(error) }"
    )
    page.goto(server.origin)
    assert page.evaluate(f"async () => {{ {ask} }}") == 400
    page.goto(foreign.origin)
    assert "Failed to fetch" in page.evaluate(f"async () => {{ {ask} }}")


@pytest.mark.parametrize("audience", ["", AUDIENCE])
def test_auth0_spa_js_needs_the_domain_alone(
    audience: str,
    site: Site,
    page: Page,
    serve_page: Callable[[str], PageServer],
    spa_at: Callable[..., RelyingParty],
) -> None:
    API._default_manager.create(identifier=AUDIENCE, name="Orders", scopes={})
    server = serve_page("auth0-spa-js")
    party = spa_at(server.origin)
    options = {"audience": audience} if audience else {}
    client = Auth0(page, server, site.domain, party.client_id, **options)

    page.goto(server.origin)
    client.run(
        "client.loginWithRedirect({authorizationParams: {connection: 'contoso'}})",
        useRefreshTokens=True,
    )
    pick_person(page, "Adele Vance")
    page.wait_for_url(f"{server.origin}/callback?*")
    client.run("await client.handleRedirectCallback()", useRefreshTokens=True)
    user = client.run("return await client.getUser()", useRefreshTokens=True)
    assert user["email"] == "adele.vance@contoso.com"

    first, second = (
        client.run(
            f"return await client.getTokenSilently({{cacheMode: '{mode}'}})", useRefreshTokens=True
        )
        for mode in ("cache-only", "off")
    )
    assert second
    assert second != first

    client.run(
        f"client.logout({{logoutParams: {{returnTo: '{server.origin}/bye'}}}})",
        useRefreshTokens=True,
    )
    page.wait_for_url(f"{server.origin}/bye*")
    assert not client.run("return await client.isAuthenticated()", useRefreshTokens=True)
    page.goto(f"{site.url}/login/profile")
    assert urlsplit(page.url).netloc == site.domain
    assert "adele.vance" not in page.inner_text("body")


def test_auth0_spa_js_finds_the_sign_in_again_in_a_frame(
    live_server: Any,
    contoso: Company,
    page: Page,
    serve_page: Callable[[str], PageServer],
    spa_at: Callable[..., RelyingParty],
    settings: Any,
) -> None:
    """Without refresh tokens, and with its memory lost: prompt=none and response_mode=web_message.

    Without TLS, as on a developer's machine: browsers send the session's cookie into a frame of the
    same site and scheme only, and the page has no TLS.
    """
    settings.ROOT_URLCONF = "tests.provider.root_urls"
    contoso.app.redirect_uris.append(f"{live_server.url}/login/callback")
    server = serve_page("auth0-spa-js")
    party = spa_at(server.origin)
    client = Auth0(page, server, live_server.url, party.client_id)
    memory = {"cacheLocation": "memory"}

    page.goto(server.origin)
    error = client.run(
        "try { return await client.getTokenSilently() } catch (failed) { return failed.error }",
        **memory,
    )
    assert error == "login_required"

    client.run("client.loginWithRedirect({authorizationParams: {connection: 'contoso'}})", **memory)
    pick_person(page, "Adele Vance")
    page.wait_for_url(f"{server.origin}/callback?*")
    client.run("await client.handleRedirectCallback()", **memory)
    page.goto(server.origin)

    found = client.run("await client.getTokenSilently(); return await client.getUser()", **memory)
    assert found["email"] == "adele.vance@contoso.com"
