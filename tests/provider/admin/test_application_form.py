"""What the form of a client offers and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.provider.models import OAuthClient
from azuread_connections.provider.models.client import SUPPORTED_GRANT_TYPES
from tests.admin.pages import field_errors
from tests.provider.admin.pages import ADD, filled_in, page_of
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def test_only_grant_types_that_work_are_offered(admin_client: Client) -> None:
    form = admin_client.get(ADD).context["adminform"].form
    offered = {value for value, _label in form.fields["grant_types"].choices}
    assert offered == SUPPORTED_GRANT_TYPES
    assert not offered & {"implicit", "password"}
    assert "Machine to Machine: Client Credentials." in form.fields["grant_types"].help_text
    for refused in ("implicit", "password"):
        errors = field_errors(admin_client.post(ADD, filled_in(grant_types=[refused])))
        assert list(errors) == ["grant_types"]


def test_each_type_is_a_card_with_a_sentence(admin_client: Client) -> None:
    form = admin_client.get(ADD).context["adminform"].form
    cards = dict(form.fields["application_type"].choices)
    assert set(cards) == set(Application.Type.values)
    for value, card in cards.items():
        assert f"<strong>{Application.Type(value).label}</strong> <span>" in card


def test_the_page_knows_each_types_grant_types(admin_client: Client, portal: RelyingParty) -> None:
    attrs = admin_client.get(ADD).context["adminform"].form.fields["application_type"].widget.attrs
    usual, possible = (json.loads(attrs[f"data-azuread-{name}"]) for name in ("grants", "possible"))
    assert usual["native"] == ["authorization_code", "refresh_token"]
    assert usual["machine_to_machine"] == possible["machine_to_machine"] == ["client_credentials"]
    assert "client_credentials" not in possible["spa"]
    for kind, grants in usual.items():
        assert set(grants) <= set(possible[kind])
    # Nothing is ticked automatically for a stored one.
    page = admin_client.get(page_of(portal.application)).content.decode()
    assert "data-azuread-grants" not in page
    assert "data-azuread-possible" in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("web_origins", "app.example", "“app.example” is not an origin"),
        ("web_origins", "https://a.example/x", "“https://a.example/x” is not an origin"),
        ("web_origins", "http://a.example", "“http://a.example” is not an origin"),
        ("web_origins", "https://*.a.example", "is not an origin"),
        ("web_origins", "null", "“null” is not an origin"),
        ("logo_uri", "http://a.example/x.svg", "it must begin with https://"),
        ("logo_uri", "javascript:alert(1)", "Enter a valid URL."),
        ("logo_uri", "ftp://a.example/x.svg", "begins with https://"),
        ("backchannel_logout_uri", "http://a.example/", "it must begin with https://"),
        ("backchannel_logout_uri", "https://a.example/#x", "remove the part from “#” on."),
        ("backchannel_logout_uri", "https://u:p@a.example/", "remove the user name and password."),
        ("metadata", "gold", "“gold” is not an entry"),
        ("metadata", f"plan = {'x' * 256}", "at most 255 characters"),
        ("metadata", "\n".join(f"n{n} = x" for n in range(11)), "At most 10 entries."),
        ("id_token_lifetime", "59", "greater than or equal to 60"),
        ("id_token_lifetime", "", "This field is required."),
        ("refresh_token_lifetime", "x", "Enter a whole number."),
        ("allowed_callback_urls", "https://a.example/\nftp://b.example/", "“ftp://b.example/”"),
    ],
)
def test_a_wrong_value_is_named_at_its_field(
    admin_client: Client, field: str, value: str, message: str
) -> None:
    errors = field_errors(admin_client.post(ADD, filled_in(**{field: value})))
    assert list(errors) == [field]
    assert message in " ".join(errors[field])
    assert not OAuthClient.objects.exists()


@pytest.mark.parametrize("field", ["logo_uri", "backchannel_logout_uri"])
def test_http_is_allowed_on_loopback(admin_client: Client, field: str) -> None:
    url = "http://localhost:3000/x"
    assert admin_client.post(ADD, filled_in(**{field: url})).status_code == 302
    assert getattr(OAuthClient.objects.get(), field) == url


def test_a_refused_change_stores_nothing(admin_client: Client, portal: RelyingParty) -> None:
    data: dict[str, Any] = filled_in(name="Renamed", is_first_party=None, metadata="gold")
    assert "metadata" in field_errors(admin_client.post(page_of(portal.application), data))
    stored = OAuthClient.objects.get()
    assert stored.is_first_party
    assert stored.application.name != "Renamed"


@pytest.mark.parametrize("client_id", ["azuread|x", "with space", "naïve"])
def test_an_id_that_no_client_can_have_is_named(admin_client: Client, client_id: str) -> None:
    errors = field_errors(admin_client.post(ADD, filled_in(new_client_id=client_id)))
    assert list(errors) == ["new_client_id"]
    assert not OAuthClient.objects.exists()
