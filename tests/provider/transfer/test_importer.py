from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_application_model

from azuread_connections.models import Application, Connection, EnabledConnection
from azuread_connections.provider.models import API, ClientGrant, OAuthClient, OAuthClientSecret
from tests.company import Company
from tests.factories import ApplicationFactory, ConnectionFactory, EnabledConnectionFactory
from tests.provider.relying_party import RelyingParty
from tests.provider.transfer.documents import (
    DOCUMENT,
    OTHER_SECRET,
    SECRET,
    document,
    import_file,
    portal,
    refused,
    run,
)

pytestmark = pytest.mark.django_db

PORTAL, SHOP, PHONE, NIGHTLY = (entry["client_id"] for entry in DOCUMENT["clients"][:4])


def client(client_id: str = PORTAL) -> OAuthClient:
    return OAuthClient.objects.get(oauth_application__client_id=client_id)


def rows() -> list[Any]:
    """All that an import writes."""
    models = (Application, OAuthClient, OAuthClientSecret, API, ClientGrant, EnabledConnection)
    found = [list(model._default_manager.order_by("pk").values()) for model in models]
    found.append(list(get_application_model().objects.order_by("pk").values("pk", "client_id")))
    found.append([sorted(each.web_origins) for each in OAuthClient.objects.all()])
    return found


# --- The whole file -------------------------------------------------------------------------------


def test_a_file_of_the_deploy_cli(tmp_path: Path) -> None:
    printed = import_file(tmp_path, document())

    assert "9 created, 0 updated, 0 unchanged, 4 skipped." in printed
    assert OAuthClient.objects.count() == 4
    found = client()
    application = found.application
    assert application.name == "Portal"
    assert application.slug == "portal"
    assert application.external_id == PORTAL
    assert application.description == "Orders and invoices"
    assert application.application_type == "regular_web"
    assert application.grant_types == ["authorization_code", "refresh_token"]
    assert application.allowed_callback_urls == DOCUMENT["clients"][0]["callbacks"]
    assert application.allowed_logout_urls == ["https://portal.example.com/bye"]
    assert found.logo_uri == "https://portal.example.com/logo.png"
    assert found.id_token_lifetime == 36_000
    assert found.refresh_token_lifetime == 31_557_600
    assert found.refresh_token_idle_lifetime == 2_592_000
    assert found.metadata == {"team": "sales"}
    assert OAuthClientSecret.objects.accepts(found, SECRET)
    shop, phone, nightly = client(SHOP), client(PHONE), client(NIGHTLY)
    assert sorted(shop.web_origins) == ["http://localhost:4200", "https://shop.example.com"]
    assert shop.is_public
    assert phone.is_native
    assert not phone.is_first_party
    assert nightly.application.application_type == "machine_to_machine"
    assert OAuthClientSecret.objects.accepts(nightly, OTHER_SECRET)
    assert not shop.secrets.exists()
    orders = API.objects.get(identifier="https://orders.example.com/")
    assert orders.scopes == {
        "read:orders": "See your orders",
        "write:orders": "Change your orders",
    }
    assert orders.token_lifetime == 86_400
    stock = API.objects.get(identifier="urn:example:stock")
    assert stock.scopes == {"read:stock": "read:stock"}
    assert ClientGrant.objects.get(client=nightly, api=orders).scope == "read:orders write:orders"
    assert ClientGrant.objects.get(client=nightly, api=stock).scope == "read:stock"
    assert ClientGrant.objects.get(client=phone, api=orders).scope == "read:orders"


def test_what_is_not_imported_is_reported(tmp_path: Path) -> None:
    printed = import_file(tmp_path, document())
    for line in (
        "Client 5 (All Applications): skipped: it is one of Auth0's own.",
        "Client 6 (auth0-deploy-cli-extension): skipped: it is one of Auth0's own.",
        "API 3 (https://contoso.eu.auth0.com/api/v2/): skipped: it is one of Auth0's own.",
        "Client grant 4 (https://contoso.eu.auth0.com/api/v2/): skipped: its client or its API",
        "Client 1 (Portal): grant_types: not stored, because OAuth 2.1 has removed them: implicit.",
        "Client 3 (Phone): grant_types: not stored, because OAuth 2.1 has removed them: password.",
        "Client 1 (Portal): refresh_token.rotation_type: refresh tokens are always rotated here.",
        "Client 1 (Portal): refresh_token: refresh tokens always end here",
        "Client 2 (Shop Page): client_secret: not stored, because a public client has none.",
        "Client 1 (Portal): PKCE is not required of it, as at Auth0.",
        "Import the connections of the file with import_connections.",
        "File: not supported, ignored: tenant, databases.",
    ):
        assert line in printed, line
    assert "Portal): not supported" not in printed


def test_no_secret_is_printed(tmp_path: Path) -> None:
    printed = import_file(tmp_path, document())
    assert SECRET[:3] in printed
    assert SECRET[:8] not in printed
    assert OTHER_SECRET[:8] not in printed


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    before = rows()
    printed = import_file(tmp_path, document())
    assert "0 created, 0 updated, 9 unchanged, 4 skipped." in printed
    assert rows() == before


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    before = rows()
    printed = import_file(tmp_path, document(), "--dry-run")
    assert rows() == before
    first, *others = printed.splitlines()
    assert first == "Dry run: this is what would happen. Nothing was changed."
    assert others == import_file(tmp_path, document()).splitlines()


def test_the_client_signs_people_in_with_what_it_had_at_auth0(
    tmp_path: Path, contoso: Company
) -> None:
    import_file(tmp_path, [portal()])
    EnabledConnectionFactory.create(application=client().application, connection=contoso.connection)
    party = RelyingParty(client(), SECRET, "https://portal.example.com/callback")
    answer = party.sign_in(contoso, Client(), code_challenge=None, code_challenge_method=None)
    response = party.exchange(answer["code"], code_verifier=None)
    assert response.status_code == 200, response.content
    assert party.refresh(response.json()["refresh_token"]).status_code == 200


def test_a_machine_gets_its_token(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    party = RelyingParty(client(NIGHTLY), OTHER_SECRET)
    answer = party.token(
        grant_type="client_credentials", audience="https://orders.example.com/"
    ).json()
    assert answer["scope"] == "read:orders write:orders"
    assert answer["expires_in"] == 86_400


def test_auth0_subjects(tmp_path: Path) -> None:
    import_file(tmp_path, [portal()])
    assert not client().uses_auth0_subjects
    printed = import_file(tmp_path, [portal()], "--auth0-subjects")
    assert "0 created, 1 updated" in printed
    assert client().uses_auth0_subjects
    import_file(tmp_path, [portal()])
    assert client().uses_auth0_subjects


# --- Shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        [portal()],
        portal(),
        {"clients": [portal()]},
        {"clients": [portal()], "start": 0, "limit": 50, "total": 1},
    ],
    ids=["list", "single", "document", "page"],
)
def test_a_client_in_each_shape(tmp_path: Path, content: Any) -> None:
    assert "1 created, 0 updated, 0 unchanged." in import_file(tmp_path, content)


def test_pages_of_the_management_api(tmp_path: Path) -> None:
    found = document()
    grant = {**found["clientGrants"][0], "client_id": NIGHTLY, "id": "cgr_1"}
    content = {
        "clients": [found["clients"][3]],
        "resource_servers": found["resourceServers"][:1],
        "client_grants": [grant],
    }
    assert "3 created" in import_file(tmp_path, content)


def test_apis_and_grants_without_clients_in_the_file(tmp_path: Path) -> None:
    import_file(tmp_path, {"clients": [DOCUMENT["clients"][3]]})
    import_file(tmp_path, {"resourceServers": document()["resourceServers"]})
    assert "2 created" in import_file(tmp_path, {"clientGrants": document()["clientGrants"][:2]})


# --- Which application ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "known", [{"external_id": PORTAL, "name": "Old name"}, {"name": "Portal", "external_id": ""}]
)
def test_an_application_that_is_there_becomes_the_client(
    tmp_path: Path, known: dict[str, str]
) -> None:
    application = ApplicationFactory.create(slug="kept", **known)
    printed = import_file(tmp_path, [portal()])
    assert "the application “kept”, which is here already, becomes this client." in printed
    application.refresh_from_db()
    assert client().application == application
    assert (application.name, application.slug) == ("Portal", "kept")
    assert application.external_id == PORTAL
    assert Application.objects.filter(name="Portal").count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"name": "Default App"},
            "Client 1 (Default App), name: This site's own application, “default”, has this name. "
            "Rename the client in the file, or the application here.",
        ),
        (
            {"client_id": "ThisSiteAtAuth0"},
            "Client 1 (Portal), client_id: This site's own application, “default”, has this "
            "external ID.",
        ),
    ],
)
def test_this_sites_own_application_never_becomes_a_client(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    Application.objects.filter(slug="default").update(external_id="ThisSiteAtAuth0")
    assert message in refused(tmp_path, [portal(**changes)])
    assert not OAuthClient.objects.exists()


def test_an_own_application_that_was_made_a_client_is_updated(tmp_path: Path) -> None:
    application = Application.objects.get(slug="default")
    OAuthClient.objects.register(application, client_id=PORTAL)
    import_file(tmp_path, [portal(name="Default App", description="Of this site")])
    application.refresh_from_db()
    assert application.description == "Of this site"


def test_the_client_id_takes_precedence(tmp_path: Path) -> None:
    import_file(tmp_path, [portal()])
    ApplicationFactory.create(name="Another", external_id=PORTAL)
    printed = import_file(tmp_path, [portal(name="Renamed")])
    assert "Portal → Renamed" in printed
    assert client().application.name == "Renamed"
    assert get_application_model().objects.get(client_id=PORTAL).name == "Renamed"


def test_a_slug_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    ApplicationFactory.create(name="Other", slug="portal")
    import_file(tmp_path, [portal()])
    assert client().application.slug == "portal-2"


@pytest.mark.parametrize("name", ["ポータル", "門"])
def test_a_name_without_latin_letters_gets_a_slug(tmp_path: Path, name: str) -> None:
    import_file(tmp_path, [portal(name=name)])
    assert client().application.slug == "application"


def test_what_the_file_does_not_give_stays(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    before = rows()
    printed = import_file(tmp_path, [{"name": "Portal", "client_id": PORTAL}])
    assert "1 unchanged" in printed
    assert rows() == before


def test_what_differs_is_updated_and_named(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    changed = portal(
        callbacks=["https://portal.example.com/new"],
        description="",
        web_origins=["https://x.example.com"],
    )
    printed = import_file(tmp_path, [changed])
    assert "→ https://portal.example.com/new" in printed
    assert "web origins: none → https://x.example.com" in printed
    assert client().application.allowed_callback_urls == ["https://portal.example.com/new"]
    assert client().application.description == ""


def test_a_client_without_an_id_is_found_by_its_name(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    found = document()
    for entry in found["clients"]:
        del entry["client_id"]
    del found["clientGrants"][2]
    assert "8 unchanged" in import_file(tmp_path, found)


# --- Secrets and placeholders ---------------------------------------------------------------------


def test_another_secret_is_added_beside_the_stored_one(tmp_path: Path) -> None:
    import_file(tmp_path, [portal()])
    assert "1 updated" in import_file(tmp_path, [portal(client_secret=OTHER_SECRET)])
    for secret in (SECRET, OTHER_SECRET):
        assert OAuthClientSecret.objects.accepts(client(), secret)


def test_a_secret_that_has_expired_here_stays_expired(tmp_path: Path) -> None:
    import_file(tmp_path, [portal()])
    OAuthClientSecret.objects.update(expires_at=timezone.now() - timedelta(days=1))
    printed = import_file(tmp_path, [portal()])
    assert "client_secret: it is stored already, and has expired here." in printed
    assert not OAuthClientSecret.objects.accepts(client(), SECRET)


@pytest.mark.parametrize(
    "secret",
    [
        "##PORTAL_SECRET##",
        "@@PORTAL_SECRET@@",
        "${PORTAL_SECRET}",
        "*" * 64,
        "[REDACTED]",
        "your-client-secret-goes-here-please-1",
    ],
)
def test_a_placeholder_is_not_stored_as_a_secret(tmp_path: Path, secret: str) -> None:
    printed = import_file(tmp_path, [portal(client_secret=secret)])
    assert "client_secret: not stored, because it is a placeholder." in printed
    assert "it has no client secret" in printed
    assert not OAuthClientSecret.objects.exists()
    assert "1 unchanged" in import_file(tmp_path, [portal(client_secret=secret)])


def test_the_deploy_clis_placeholders_are_stored_nowhere(tmp_path: Path) -> None:
    found = document()
    first = found["clients"][0]
    first |= {
        "callbacks": ["##PORTAL_URL##/callback", "https://portal.example.com/callback"],
        "allowed_logout_urls": "@@LOGOUT_URLS@@",
        "web_origins": ["##ORIGIN##"],
        "logo_uri": "##LOGO##",
        "description": "The ##ENVIRONMENT## portal",
        "client_metadata": {"team": "##TEAM##", "floor": "2"},
        "client_secret": "##PORTAL_SECRET##",
    }
    first["jwt_configuration"]["lifetime_in_seconds"] = "@@LIFETIME@@"
    found["resourceServers"][0]["token_lifetime"] = "@@LIFETIME@@"
    printed = import_file(tmp_path, found)
    for key in (
        "callbacks",
        "allowed_logout_urls",
        "web_origins",
        "logo_uri",
        "description",
        "client_metadata.team",
        "client_secret",
        "jwt_configuration.lifetime_in_seconds",
        "token_lifetime",
    ):
        assert f"{key}: not stored, because it is a placeholder." in printed, key
    assert "##" not in str(rows())
    assert "@@" not in str(rows())
    assert client().application.allowed_callback_urls == ["https://portal.example.com/callback"]
    assert client().metadata == {"floor": "2"}
    assert "9 unchanged" in import_file(tmp_path, found)


def test_a_list_with_placeholders_removes_nothing(tmp_path: Path) -> None:
    import_file(tmp_path, [portal(web_origins=["https://a.example.com"])])
    before = rows()
    found = portal(
        callbacks=["##URL##/callback"],
        web_origins=["##URL##"],
        grant_types=["@@X@@"],
        client_metadata={"team": "##TEAM##"},
    )
    assert "1 unchanged" in import_file(tmp_path, [found])
    assert rows() == before


# --- Connections ----------------------------------------------------------------------------------


def import_connections(tmp_path: Path) -> str:
    found = document()
    found["connections"][0]["options"]["client_secret"] = "Abc8Q~0123456789012345678901234567890aZ"
    return run("import_connections", tmp_path, found)


@pytest.mark.parametrize("applications_first", [True, False])
def test_connections_are_enabled_in_either_order(
    tmp_path: Path, applications_first: bool, microsoft: Any
) -> None:
    if applications_first:
        import_file(tmp_path, document())
        import_connections(tmp_path)
    else:
        import_connections(tmp_path)
        import_file(tmp_path, document())
    enabled = EnabledConnection.objects.values_list("application__name", flat=True)
    assert sorted(enabled) == ["Phone", "Portal", "Shop Page"]
    assert "9 unchanged" in import_file(tmp_path, document())
    assert "1 unchanged" in import_connections(tmp_path)


def test_a_connection_that_was_enabled_here_stays_enabled(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    other = ConnectionFactory.create(name="fabrikam")
    EnabledConnectionFactory.create(application=client().application, connection=other)
    ConnectionFactory.create(name="contoso")
    printed = import_file(tmp_path, document())
    assert "connections: fabrikam → fabrikam, contoso" in printed
    assert Connection.objects.filter(applications=client().application).count() == 2


# --- Mistakes -------------------------------------------------------------------------------------


def test_a_mistake_in_one_entry_changes_nothing(tmp_path: Path) -> None:
    found = document()
    found["clients"][3]["app_type"] = "nightly"
    before = rows()
    printed = refused(tmp_path, found)
    assert "1 mistake." in printed
    assert "Client 4 (Nightly Job), app_type: This must be one of: native, spa," in printed
    assert printed.endswith("Nothing was changed.")
    assert rows() == before


def test_each_wrong_line_is_named(tmp_path: Path) -> None:
    found = portal(
        callbacks=["https://ok.example.com/", "http://portal.example.com/cb", "portal"],
        allowed_logout_urls=["javascript:alert(1)"],
        web_origins=["https://ok.example.com", "https://ok.example.com/path", "*"],
    )
    printed = refused(tmp_path, [found])
    place = "Client 1 (Portal), "
    assert f"{place}callbacks: “http://portal.example.com/cb”: it must begin with" in printed
    assert f"{place}callbacks: “portal”: " in printed
    assert f"{place}allowed_logout_urls: “javascript:alert(1)”: " in printed
    assert f"{place}web_origins: “https://ok.example.com/path” is not an origin" in printed
    assert f"{place}web_origins: “*” is not an origin" in printed
    assert "5 mistakes." in printed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ...}, "Client 1, name: This key is missing."),
        ({"name": "##NAME##"}, "name: This is a placeholder."),
        ({"name": "x" * 101}, "name: Ensure this value has at most 100 characters"),
        ({"name": 5}, "name: This must be a string"),
        ({"client_id": ...}, "client_id: The client ID is missing"),
        ({"client_id": "##ID##"}, "client_id: The client ID is missing"),
        ({"client_id": "x" * 256}, "client_id: Ensure this value has at most 128 characters"),
        ({"client_id": "with space"}, "client_id: A client ID has only ASCII characters"),
        ({"client_id": "waad|adele"}, "client_id: A client ID contains no “|”"),
        ({"client_id": "a\x00b"}, "client_id: This string contains control characters."),
        ({"client_secret": "short"}, "client_secret: A client secret has at least 32 characters."),
        ({"client_secret": 12345}, "client_secret: This must be a string"),
        ({"app_type": "web"}, "app_type: This must be one of: native, spa, regular_web"),
        ({"description": "x" * 141}, "description: Ensure this value has at most 140 characters"),
        ({"logo_uri": "logo.png"}, "logo_uri: Enter a valid URL."),
        ({"callbacks": "https://x.example.com/"}, "callbacks: This must be a list of strings"),
        ({"callbacks": [5]}, "callbacks: This must be a list of strings"),
        ({"grant_types": "implicit"}, "grant_types: This must be a list of strings"),
        ({"is_first_party": "yes"}, "is_first_party: This must be true or false"),
        ({"jwt_configuration": []}, "jwt_configuration: This must be an object"),
        (
            {"jwt_configuration": {"lifetime_in_seconds": 5}},
            "jwt_configuration.lifetime_in_seconds: Ensure this value is greater than or equal to",
        ),
        (
            {"jwt_configuration": {"lifetime_in_seconds": -5}},
            "jwt_configuration.lifetime_in_seconds: This must be a whole number",
        ),
        (
            {"refresh_token": {"token_lifetime": 99_999_999}},
            "refresh_token.token_lifetime: Ensure this value is less than or equal to",
        ),
        (
            {"refresh_token": {"idle_token_lifetime": 1}},
            "refresh_token.idle_token_lifetime: Ensure this value is greater than",
        ),
        ({"client_metadata": []}, "client_metadata: This must be an object"),
        ({"client_metadata": {"a": 1}}, "client_metadata.a: This must be a string"),
        (
            {
                "oidc_logout": {
                    "backchannel_logout_urls": ["https://a.example", "https://b.example"]
                }
            },
            "oidc_logout.backchannel_logout_urls: There can be one address only.",
        ),
        (
            {"oidc_logout": {"backchannel_logout_urls": ["nowhere"]}},
            "oidc_logout.backchannel_logout_urls: Enter a valid URL.",
        ),
        ({"azuread_connections": {"slug": "no slug"}}, "azuread_connections.slug: Enter a valid"),
    ],
)
def test_a_bad_client_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    before = rows()
    printed = refused(tmp_path, [portal(**changes)])
    assert message in printed
    assert "Client 1" in printed
    assert rows() == before
    assert SECRET not in printed


ORDERS: dict[str, Any] = DOCUMENT["resourceServers"][0]
GRANT: dict[str, Any] = DOCUMENT["clientGrants"][0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"identifier": None}, "API 1, identifier: This key is missing."),
        ({"identifier": "##API##"}, "identifier: This is a placeholder."),
        ({"identifier": "x" * 256}, "identifier: Ensure this value has at most 255 characters"),
        ({"name": "x" * 101}, "name: Ensure this value has at most 100 characters"),
        ({"token_lifetime": 1}, "token_lifetime: Ensure this value is greater than"),
        ({"token_lifetime": "long"}, "token_lifetime: This must be a whole number"),
        ({"scopes": ["read"]}, "scopes: This must be a list of objects"),
        ({"scopes": [{"value": "a b"}]}, "scopes, item 1, value: “a b” is not a scope."),
        ({"scopes": [{"value": "a=b"}]}, "scopes, item 1, value: A scope cannot contain “=”"),
        ({"scopes": [{"value": "email"}]}, "value: “email” is a scope of OpenID Connect."),
        ({"scopes": [{"value": "a"}, {"value": "a"}]}, "item 2, value: This scope is given twice."),
        ({"scopes": [{"description": "a"}]}, "scopes, item 1, value: This key is missing."),
    ],
)
def test_a_bad_api_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    before = rows()
    assert message in refused(tmp_path, {"resourceServers": [{**ORDERS, **changes}]})
    assert rows() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": "Nobody"}, "client_id: There is no client “Nobody”, here or in the file."),
        ({"client_id": None}, "client_id: This key is missing."),
        ({"audience": "urn:x"}, "audience: There is no API “urn:x”, here or in the file."),
        ({"scope": ["delete:orders"]}, "scope: The API does not have these scopes: delete:orders."),
        ({"scope": "read:orders"}, "scope: This must be a list of strings"),
    ],
)
def test_a_bad_grant_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    before = rows()
    printed = refused(tmp_path, {**document(), "clientGrants": [{**GRANT, **changes}]})
    assert message in printed
    assert "Client grant 1" in printed
    assert rows() == before


def test_a_grant_on_behalf_of_people_gives_the_client_nothing_for_itself(tmp_path: Path) -> None:
    found = document()
    found["clientGrants"] = [{**GRANT, "subject_type": "user"}]
    printed = import_file(tmp_path, found)
    assert "Client grant 1 (https://orders.example.com/): skipped: it is for access on" in printed
    assert not ClientGrant.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "This is not JSON: line 1"),
        ("5", "This must be a list of clients"),
        ({"connections": []}, "This must be a list of clients"),
        ({"clients": {}}, "“clients” must be a list."),
        ([5], "Client 1: This must be an object, in braces."),
        (
            {"clients": [portal()], "start": 0, "total": 60},
            "This is one page of several: it has 1 of 60 clients.",
        ),
        (
            {"statusCode": 401, "error": "Unauthorized", "message": "Invalid token"},
            "This is an error of the API, not a list of clients: 401, Unauthorized, Invalid token",
        ),
        (
            [portal(), portal(client_id="other")],
            "Client 2 (Portal), name: The same as in: Client 1",
        ),
        ([portal(), portal(name="B")], "Client 2 (B), client_id: The same as in: Client 1"),
        ('[{"name": "A", "name": "B", "client_id": "x"}]', "name: This key is given twice."),
        ({"resourceServers": [ORDERS, ORDERS]}, "API 2 (https://orders.example.com/), identifier:"),
        (
            {**DOCUMENT, "clientGrants": [GRANT, {**GRANT, "client_id": NIGHTLY}]},
            "Client grant 2 (https://orders.example.com/), client_id: The grant of this client",
        ),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    before = rows()
    assert message in refused(tmp_path, content)
    assert rows() == before


def test_ambiguity_is_refused(tmp_path: Path) -> None:
    for slug in ("a", "b"):
        ApplicationFactory.create(slug=slug, external_id=PORTAL)
    printed = refused(tmp_path, [portal()])
    assert "client_id: Several applications have this external ID: a, b." in printed


def test_two_entries_for_one_application_are_refused(tmp_path: Path) -> None:
    ApplicationFactory.create(name="Phone", external_id=PORTAL)
    printed = refused(tmp_path, [portal(), document()["clients"][2]])
    assert "Client 2 (Phone): It is the same application as: Client 1 (Portal)." in printed


def test_a_client_with_another_id_is_not_changed(tmp_path: Path) -> None:
    import_file(tmp_path, [portal()])
    before = rows()
    printed = refused(tmp_path, [portal(client_id="another")])
    assert f"The application “Portal” is a client with another ID, {PORTAL}." in printed
    assert rows() == before


def test_a_client_id_of_django_oauth_toolkits_own_is_refused(tmp_path: Path) -> None:
    get_application_model().objects.create(
        client_id=PORTAL, client_type="public", authorization_grant_type="authorization-code"
    )
    assert "another application with this client ID" in refused(tmp_path, [portal()])


def test_a_type_under_which_stored_addresses_are_not_allowed(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    printed = refused(tmp_path, [{"name": "Phone", "client_id": PHONE, "app_type": "spa"}])
    assert "callbacks: “com.example.phone://callback”: only a native application" in printed


_ODD: list[Any] = [None, 5, 10**30, -1, 1.5, True, "", " ", "x", "\x00", "\ud800", "\u202e"]
_ODD += [[], {}, [[]], [{}], [None], {"": ""}, {"a": [1]}, ["\ud800"], ["x" * 10_000]]


@pytest.mark.parametrize("odd", _ODD, ids=lambda odd: ascii(odd)[:20])
def test_no_odd_value_is_more_than_a_mistake(tmp_path: Path, odd: Any) -> None:
    first = DOCUMENT["clients"][0]
    nested = {
        name: {**first[name], key: odd}
        for name in ("jwt_configuration", "refresh_token")
        for key in first[name]
    }
    entries = [{**first, name: value} for name, value in nested.items()]
    entries += [{**first, key: odd} for key in [*first, "oidc_logout", "azuread_connections"]]
    found = [{"clients": [entry]} for entry in entries]
    found += [{"resourceServers": [{**ORDERS, key: odd}]} for key in ORDERS]
    found += [{"clients": [first], "clientGrants": [{**GRANT, key: odd}]} for key in GRANT]
    found += [{**DOCUMENT, key: odd} for key in DOCUMENT]
    connection = DOCUMENT["connections"][0]
    found += [{**DOCUMENT, "connections": [{**connection, key: odd}]} for key in connection]
    for content in found:
        with suppress(CommandError):
            import_file(tmp_path, content, "--dry-run")


# --- Reported -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"addons": {"samlp": {"audience": "x"}}}, "not supported, ignored: addons."),
        ({"allowed_origins": ["https://x.example"]}, "not supported, ignored: allowed_origins."),
        (
            {"jwt_configuration": {"alg": "HS256"}},
            "not supported, ignored: jwt_configuration.alg.",
        ),
        ({"app_type": None}, "app_type: not given, so it becomes a Regular Web Application."),
        ({"grant_types": ["urn:x"]}, "grant_types: not supported, not stored: urn:x."),
        ({"grant_types": ["implicit"]}, "no grant type is left"),
        ({"token_endpoint_auth_method": "none"}, "“none” is not for its type."),
        ({"token_endpoint_auth_method": "tls"}, "“tls” is not imported."),
        (
            {"app_type": "spa", "token_endpoint_auth_method": "client_secret_post"},
            "“client_secret_post” is not for its type.",
        ),
        ({"logo_uri": "http://x.example/l.png"}, "logo_uri: not stored, because it does not begin"),
        ({"refresh_token": {"leeway": 5}}, "refresh_token.leeway: a refresh token that is used"),
        ({"client_secret": None}, "it has no client secret"),
    ],
)
def test_what_differs_here_is_reported(tmp_path: Path, changes: dict[str, Any], note: str) -> None:
    assert note in import_file(tmp_path, [portal(**changes)])
    assert not client().logo_uri.startswith("http:")


def test_clients_of_other_protocols_are_skipped(tmp_path: Path) -> None:
    printed = import_file(tmp_path, [portal(app_type="sso_integration")])
    assert "Client 1 (Portal): skipped: its type is “sso_integration”." in printed
    assert "0 created, 0 updated, 0 unchanged, 1 skipped." in printed
