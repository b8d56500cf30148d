"""The page of an application with its OAuth client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.test import Client
from django.urls import include, path

from azuread_connections.admin import ApplicationAdmin as CoreApplicationAdmin
from azuread_connections.models import Application
from azuread_connections.provider.admin import APIAdmin, ApplicationAdmin
from azuread_connections.provider.admin import application as application_page
from azuread_connections.provider.models import API, OAuthClient, OAuthClientSecret
from tests.admin.pages import messages_on, text
from tests.company import Company
from tests.factories import ApplicationFactory
from tests.provider.admin.pages import ADD, APPLICATIONS, filled_in, page_of
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

backoffice = AdminSite(name="backoffice")
backoffice.register(Application, ApplicationAdmin)
backoffice.register(API, APIAdmin)

urlpatterns = [
    path("id/", include("azuread_connections.provider.urls")),
    path("backoffice/", backoffice.urls),
]


def test_it_replaces_the_cores_page() -> None:
    assert type(admin.site.get_model_admin(Application)) is ApplicationAdmin
    assert issubclass(ApplicationAdmin, CoreApplicationAdmin)
    assert not admin.site.is_registered(OAuthClient)


def test_it_works_on_a_custom_admin_site(
    admin_client: Client, portal: RelyingParty, settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    base = f"/backoffice/azuread_connections/application/{portal.application.pk}"
    secret = OAuthClientSecret.objects.get()
    for page in (
        "../",
        "../add/",
        "change/",
        "history/",
        "add-secret/",
        f"delete-secret/?secret={secret.pk}",
        "remove-client/",
    ):
        response = admin_client.get(f"{base}/{page}".replace(f"/{portal.application.pk}/..", ""))
        assert response.status_code == 200, page
        assert 'href="/admin/' not in response.content.decode()
    assert "/backoffice/" in admin_client.post(f"{base}/remove-client/")["Location"]


# --- Becoming a client ----------------------------------------------------------------------------


def test_a_new_application_becomes_a_client(admin_client: Client) -> None:
    form = admin_client.get(ADD).context["adminform"].form
    assert form["is_client"].value() is True
    data = filled_in(
        allowed_callback_urls="https://orders.example/callback",
        web_origins="https://Orders.example\nhttps://orders.example:443",
        logo_uri="https://orders.example/logo.svg",
        id_token_lifetime=600,
        backchannel_logout_uri="https://orders.example/logged-out",
        uses_auth0_subjects="on",
        metadata="plan = gold\nformula = a=b, c",
        is_first_party=None,
    )
    response = admin_client.post(ADD, data, follow=True)
    client = OAuthClient.objects.get()
    # The page of the application follows, with what its developers need.
    assert response.redirect_chain[-1][0] == page_of(client.application)
    assert client.client_id in text(response)
    assert "Now add a client secret." in text(response)
    assert client.web_origins == ["https://orders.example"]
    assert (client.is_first_party, client.is_pkce_required) == (False, True)
    assert client.logo_uri == "https://orders.example/logo.svg"
    assert (client.id_token_lifetime, client.refresh_token_lifetime) == (600, 2592000)
    assert client.backchannel_logout_uri == "https://orders.example/logged-out"
    assert client.uses_auth0_subjects
    assert client.metadata == {"plan": "gold", "formula": "a=b, c"}
    assert f"Added OAuth client “{client.client_id}”" in text(
        admin_client.get(page_of(client.application, "history"))
    )


def test_a_section_of_this_site_does_not(admin_client: Client) -> None:
    """What is wrong with the hidden fields is no reason to refuse it."""
    data = filled_in(is_client=None, grant_types=None, web_origins="x", id_token_lifetime="")
    assert admin_client.post(ADD, data)["Location"] == APPLICATIONS
    assert not OAuthClient.objects.exists()
    assert Application.objects.get(slug="orders").why_no_sign_in == ""


def test_people_can_sign_in_to_a_section_without_a_box_for_it(admin_client: Client) -> None:
    application = ApplicationFactory.create(grant_types=["implicit"])
    assert application.why_no_sign_in
    admin_client.post(page_of(application), filled_in(is_client=None, grant_types=None))
    application.refresh_from_db()
    assert application.grant_types == ["implicit", "authorization_code"]
    assert application.why_no_sign_in == ""


def test_a_stored_application_becomes_a_client_on_its_page(admin_client: Client) -> None:
    application = ApplicationFactory.create(external_id="KeptId")
    page = admin_client.get(page_of(application))
    assert page.context["adminform"].form["is_client"].value() is False
    assert "Quick start" not in text(page)
    data = filled_in(name=application.name, external_id="KeptId")
    response = admin_client.post(page_of(application), data)
    assert response["Location"] == page_of(application)
    assert OAuthClient.objects.get().client_id == "KeptId"
    form = admin_client.get(page_of(application)).context["adminform"].form
    assert not {"is_client", "new_client_id"} & set(form.fields)


def test_a_client_can_keep_its_id(admin_client: Client, portal: RelyingParty) -> None:
    refused = admin_client.post(ADD, filled_in(new_client_id=portal.client_id))
    assert f"The client ID “{portal.client_id}” is taken." in text(refused)
    assert admin_client.post(ADD, filled_in(new_client_id="FromAuth0")).status_code == 302
    assert OAuthClient.objects.latest("pk").client_id == "FromAuth0"


# --- Changing it ----------------------------------------------------------------------------------


def test_a_client_is_changed(admin_client: Client, portal: RelyingParty) -> None:
    page = admin_client.get(page_of(portal.application))
    assert portal.client_id in text(page)
    assert portal.secret not in page.content.decode()
    data = filled_in(
        name="Portal", is_first_party=None, web_origins="https://b.example", metadata="a = b"
    )
    assert admin_client.post(page_of(portal.application), data)["Location"] == APPLICATIONS
    client = OAuthClient.objects.get()
    assert not client.is_first_party
    assert client.web_origins == ["https://b.example"]
    assert client.metadata == {"a": "b"}
    client.application.refresh_from_db()
    assert client.application.grant_types == ["authorization_code", "refresh_token"]
    assert "a = b" in admin_client.get(page_of(portal.application)).content.decode()


def test_a_client_that_becomes_public_is_warned_of(
    admin_client: Client, portal: RelyingParty
) -> None:
    warning = "Once you save, the client is public"
    assert warning in text(admin_client.get(page_of(portal.application)))
    data = filled_in(name="Portal", application_type="spa")
    response = admin_client.post(page_of(portal.application), data, follow=True)
    levels = [level for level, _text in messages_on(response)]
    assert levels.count("warning") == 1
    page = text(admin_client.get(page_of(portal.application)))
    assert warning not in page
    assert "A client of this type can keep no secret" in page
    # Not again at the next change.
    response = admin_client.post(page_of(portal.application), data, follow=True)
    assert "warning" not in [level for level, _text in messages_on(response)]


def test_a_wildcard_is_warned_of_when_it_is_saved(
    admin_client: Client, portal: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [f"https://*.{name}.example.com/cb" for name in ("a", "b")]
    page = page_of(portal.application)
    data = filled_in(name="Portal", slug=None, is_client=None)
    form = data | {
        "allowed_callback_urls": "\n".join(urls),
        "allowed_logout_urls": "https://a.test/",
    }
    warning = "can receive people's sign-ins"
    response = admin_client.post(page, form, follow=True)
    (told,) = [each for _level, each in messages_on(response) if warning in each]
    assert ", ".join(urls) in told
    unchanged = admin_client.post(page, form | {"description": "x"}, follow=True)
    assert not [each for _level, each in messages_on(unchanged) if warning in each]
    monkeypatch.setattr(application_page, "NAMED_WILDCARDS", 1)
    response = admin_client.post(page, form | {"allowed_logout_urls": urls[0]}, follow=True)
    (told,) = [each for _level, each in messages_on(response) if warning in each]
    assert f"{urls[0]} …" in told


def test_a_section_of_this_site_sends_nobody_to_a_wildcard(admin_client: Client) -> None:
    form = filled_in(is_client=None, allowed_callback_urls="https://*.a.example.com/cb")
    response = admin_client.post(ADD, form, follow=True)
    assert Application.objects.filter(slug="orders").exists()
    assert not [each for _level, each in messages_on(response) if "can receive" in each]


def test_without_a_grant_type_for_people_nobody_signs_in(
    admin_client: Client, contoso: Company, portal: RelyingParty
) -> None:
    data = filled_in(
        name="Portal",
        grant_types=["client_credentials"],
        enabled_connections=[contoso.connection.pk],
    )
    admin_client.post(page_of(portal.application), data)
    why = "The grant type “Authorization Code” is not ticked."
    assert why in text(admin_client.get(page_of(portal.application)))
    address = f"/login/?application={portal.application.slug}"
    assert why in text(Client().get(address))
    data["grant_types"] = ["authorization_code"]
    admin_client.post(page_of(portal.application), data)
    assert why not in text(Client().get(address))


# --- The list -------------------------------------------------------------------------------------


def test_the_list_names_and_finds_clients(admin_client: Client, portal: RelyingParty) -> None:
    ApplicationFactory.create(name="Intranet")
    assert portal.client_id in text(admin_client.get(APPLICATIONS))
    found = text(admin_client.get(APPLICATIONS, {"q": portal.client_id}))
    assert portal.application.slug in found
    assert "Intranet" not in found
    for only, (shown, hidden) in {
        "yes": (portal.application.name, "Intranet"),
        "no": ("Intranet", portal.application.name),
    }.items():
        rows = admin_client.get(APPLICATIONS, {"client": only}).context["cl"].result_list
        names = [row.name for row in rows]
        assert shown in names
        assert hidden not in names
    assert admin_client.get(APPLICATIONS, {"client": "x", "o": "4"}).status_code == 200


# --- Permissions ----------------------------------------------------------------------------------


def test_who_may_only_look_changes_nothing(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    portal.client.metadata = {"plan": "gold"}
    portal.client.save()
    client = staff("view_application", "view_oauthclient")
    page = client.get(page_of(portal.application))
    assert portal.client_id in text(page)
    for words in ("plan = gold", "Quick start", "3600"):
        assert words in text(page)
    html = page.content.decode()
    for name in ("grant_types", "metadata", "web_origins", "is_client"):
        assert f'name="{name}"' not in html
    for word in ("add-secret", "delete-secret", "remove-client"):
        assert f"/{word}/" not in html
        assert client.get(page_of(portal.application, word)).status_code == 403
        assert client.post(page_of(portal.application, word)).status_code == 403
    assert client.post(page_of(portal.application), filled_in()).status_code == 403


def test_clients_stay_hidden_from_those_who_may_not_see_them(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    client = staff("view_application")
    for address in (APPLICATIONS, page_of(portal.application)):
        assert portal.client_id not in client.get(address).content.decode()


def test_changing_an_application_does_not_change_its_client(
    staff: Callable[..., Client], portal: RelyingParty
) -> None:
    client = staff("change_application", "view_oauthclient")
    data = filled_in(
        name="Renamed", is_first_party=None, web_origins="https://evil.example", grant_types=None
    )
    before = portal.application.grant_types
    assert client.post(page_of(portal.application), data).status_code == 302
    stored = OAuthClient.objects.get()
    assert stored.application.name == "Renamed"
    assert stored.application.grant_types == before
    assert stored.is_first_party
    assert stored.web_origins == []


def test_registering_a_client_needs_its_own_permission(staff: Callable[..., Client]) -> None:
    client = staff("add_application", "view_application", "change_oauthclient")
    assert 'name="is_client"' not in client.get(ADD).content.decode()
    assert client.post(ADD, filled_in()).status_code == 302
    assert not OAuthClient.objects.exists()
    assert Application.objects.get(slug="orders").why_no_sign_in == ""


def test_an_application_that_is_no_client_has_none_of_its_pages(admin_client: Client) -> None:
    application = ApplicationFactory.create()
    for word in ("add-secret", "delete-secret", "remove-client"):
        assert admin_client.get(page_of(application, word)).status_code == 404


def test_a_site_without_the_endpoints_says_so(
    admin_client: Client, portal: RelyingParty, settings: Any
) -> None:
    settings.ROOT_URLCONF = "project.urls"
    page = text(admin_client.get(page_of(portal.application)))
    assert "add azuread_connections.provider.urls to its URL configuration" in page
