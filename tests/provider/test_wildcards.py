"""A ``*`` in an allowed address: what it lets in, and where it cannot stand."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from azuread_connections.admin.widgets.lines import URLsField
from azuread_connections.models import Application
from azuread_connections.models.destinations import is_listed
from azuread_connections.provider.redirect_uris import is_allowed
from azuread_connections.provider.wildcards import listed_wildcards, wildcard_fault
from tests.company import Company, error_code, query_of
from tests.factories import ApplicationFactory
from tests.provider.relying_party import RelyingParty

PREVIEWS = "https://*.preview.example.com/cb"
BRANCHES = "https://app-*-web.example.com:8443/cb?a=1"


@pytest.mark.parametrize(
    ("uri", "pattern"),
    [
        ("https://a.preview.example.com/cb", PREVIEWS),
        ("https://branch-7.preview.example.com/cb", PREVIEWS),
        ("https://xn--bcher-kva.preview.example.com/cb", PREVIEWS),
        (f"https://{'a' * 63}.preview.example.com/cb", PREVIEWS),
        ("https://app-7-web.example.com:8443/cb?a=1", BRANCHES),
        ("https://app-a-b-web.example.com:8443/cb?a=1", BRANCHES),
        ("https://a.example.com", "https://*.example.com"),
    ],
)
@pytest.mark.parametrize("is_native", [False, True])
def test_let_in(uri: str, pattern: str, is_native: bool) -> None:
    assert is_allowed(uri, [pattern], is_native=is_native)


ATTACKS = [
    # Another host.
    "https://preview.example.com/cb",
    "https://.preview.example.com/cb",
    "https://a.b.preview.example.com/cb",
    "https://evil.example/cb",
    "https://apreview.example.com/cb",
    "https://a.preview.example.com.evil.example/cb",
    "https://evil.example/.preview.example.com/cb",
    "https://evil.example/a.preview.example.com/cb",
    "https://evil.example?.preview.example.com/cb",
    "https://evil.example#.preview.example.com/cb",
    "https://evil.example\\.preview.example.com/cb",
    "https://evil.example\\@a.preview.example.com/cb",
    # User info.
    "https://evil.example@a.preview.example.com/cb",
    "https://user:pass@a.preview.example.com/cb",
    "https://a@.preview.example.com/cb",
    "https://a:b.preview.example.com/cb",
    "https://a.preview.example.com@evil.example/cb",
    # Encoded, or read in several ways.
    "https://evil.example%2f.preview.example.com/cb",
    "https://evil%2eexample%2f.preview.example.com/cb",
    "https://%61.preview.example.com/cb",
    "https://a%00.preview.example.com/cb",
    "https://a\t.preview.example.com/cb",
    "https://a\n.preview.example.com/cb",
    "https://a .preview.example.com/cb",
    "https://ａ.preview.example.com/cb",
    "https://bücher.preview.example.com/cb",
    "https://evil.example。.preview.example.com/cb",
    "https://a\u200b.preview.example.com/cb",
    # Not a label.
    "https://A.preview.example.com/cb",
    "https://-a.preview.example.com/cb",
    "https://a-.preview.example.com/cb",
    "https://a_b.preview.example.com/cb",
    "https://*.preview.example.com/cb",
    f"https://{'a' * 64}.preview.example.com/cb",
    # The rest to the letter.
    "http://a.preview.example.com/cb",
    "HTTPS://a.preview.example.com/cb",
    "//a.preview.example.com/cb",
    "https:/a.preview.example.com/cb",
    "https://a.preview.example.com/cb/",
    "https://a.preview.example.com/cb?x",
    "https://a.preview.example.com/cb#x",
    "https://a.preview.example.com/CB",
    "https://a.preview.example.com/x/../cb",
    "https://a.preview.example.com:443/cb",
    "https://a.preview.example.com:8443/cb",
    "https://a.PREVIEW.example.com/cb",
    "https://a.preview.example.com./cb",
    "javascript:alert(1)//.preview.example.com/cb",
    "",
]


@pytest.mark.parametrize("uri", ATTACKS)
@pytest.mark.parametrize("is_native", [False, True])
def test_everything_else_is_refused(uri: str, is_native: bool) -> None:
    assert not is_allowed(uri, [PREVIEWS], is_native=is_native)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app--web.example.com:8443/cb?a=1",
        "https://app-7-web.example.com/cb?a=1",
        "https://app-7-web.example.com:8444/cb?a=1",
        "https://app-7-web.example.com:8443/cb?a=2",
        "https://app-7-web.example.com:8443/cb",
        "https://app-7.web.example.com:8443/cb?a=1",
        "https://xapp-7-web.example.com:8443/cb?a=1",
    ],
)
def test_what_stands_next_to_the_wildcard_counts(uri: str) -> None:
    assert not is_allowed(uri, [BRANCHES], is_native=False)


REFUSED = [
    # Not in the first part of the host, or not one.
    ("https://a.*.example.com/cb", "one “*” is allowed"),
    ("https://*.*.example.com/cb", "one “*” is allowed"),
    ("https://**.example.com/cb", "one “*” is allowed"),
    ("https://*", "one “*” is allowed"),
    ("https://*/cb", "one “*” is allowed"),
    ("https://*:8000/cb", "one “*” is allowed"),
    ("https://example.com/*", "one “*” is allowed"),
    ("https://example.com/cb?*", "one “*” is allowed"),
    ("https://example.com:*/cb", "one “*” is allowed"),
    ("https://*@example.com/cb", "one “*” is allowed"),
    ("*://a.example.com/cb", "one “*” is allowed"),
    ("http://*.example.com/cb", "one “*” is allowed"),
    ("com.example.*:/cb", "one “*” is allowed"),
    ("//*.example.com/cb", "one “*” is allowed"),
    # Nobody's own.
    ("https://*.com/cb", "nobody's own"),
    ("https://*.co.uk/cb", "nobody's own"),
    ("https://*.github.io/cb", "nobody's own"),
    ("https://*.azurewebsites.net/cb", "nobody's own"),
    ("https://app-*.vercel.app/cb", "nobody's own"),
    ("https://*.example/cb", "nobody's own"),
    ("https://*.localhost/cb", "nobody's own"),
    ("https://*.0.0.1/cb", "nobody's own"),
    # Not as browsers write it.
    ("https://A*.example.com/cb", "lower-case"),
    ("https://-*.example.com/cb", "lower-case"),
    ("https://*-.example.com/cb", "lower-case"),
    ("https://ü*.example.com/cb", "lower-case"),
    ("https://xn--*.example.com/cb", "lower-case"),
    ("https://*.Example.com/cb", "lower case"),
    ("https://*.bücher.example/cb", "lower case"),
    ("https://*.example..com/cb", "lower case"),
    ("https://*.example.com./cb", "lower case"),
    ("https://*.a_b.example.com/cb", "lower case"),
]


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_a_pattern_that_lets_in_strangers_is_refused(pattern: str, reason: str) -> None:
    assert reason in str(wildcard_fault(pattern))
    for application_type in Application.Type.values:
        application = ApplicationFactory.build(
            application_type=application_type, allowed_callback_urls=[pattern]
        )
        with pytest.raises(ValidationError):
            application.clean_fields()
    with pytest.raises(ValidationError):
        URLsField().clean(pattern)
    # A program can have stored it without validating it.
    for part in ("a", "evil", "7"):
        assert not is_allowed(pattern.replace("*", part), [pattern], is_native=False)


@pytest.mark.parametrize("pattern", [PREVIEWS, BRANCHES, "https://*.xn--bcher-kva.example/cb"])
def test_a_pattern_below_a_name_of_ones_own_can_be_listed(pattern: str) -> None:
    assert not wildcard_fault(pattern)
    application = ApplicationFactory.build(
        allowed_callback_urls=[pattern], allowed_logout_urls=[pattern]
    )
    application.clean_fields()
    assert URLsField().clean(pattern) == [pattern]
    assert listed_wildcards(application) == [pattern]


@pytest.mark.parametrize("fragment", ["#x", "/../#"])
def test_the_other_rules_hold_for_a_pattern_too(fragment: str) -> None:
    with pytest.raises(ValidationError):
        URLsField().clean(PREVIEWS + fragment)


@pytest.mark.parametrize("listed", [[], None, "https://*.a.example.com/", [7, None], {}])
def test_without_a_pattern_there_is_nothing_to_warn_of(listed: object) -> None:
    application = ApplicationFactory.build(
        allowed_callback_urls=listed, allowed_logout_urls=["https://app.example.com/"]
    )
    assert listed_wildcards(application) == []


def test_a_destination_of_this_site_is_no_pattern() -> None:
    assert not is_listed("https://a.preview.example.com/cb", [PREVIEWS])
    assert not is_listed(PREVIEWS, [PREVIEWS])


@pytest.mark.django_db
def test_a_client_gets_its_code_where_the_pattern_lets_it(contoso: Company) -> None:
    party = RelyingParty.create(contoso, callback=PREVIEWS)
    Application.objects.filter(pk=party.application.pk).update(
        allowed_logout_urls=["https://*.preview.example.com/"]
    )
    browser = Client()
    contoso.sign_in(browser, application=party.application.slug)
    here, there = (PREVIEWS.replace("*", name) for name in ("a", "b"))
    response = party.authorize(browser, redirect_uri=here)
    assert response["Location"].startswith(f"{here}?")
    code = query_of(response["Location"])["code"]
    assert party.exchange(code, redirect_uri=there).json()["error"] == "invalid_grant"
    code = query_of(party.authorize(browser, redirect_uri=here)["Location"])["code"]
    tokens = party.exchange(code, redirect_uri=here)
    assert tokens.status_code == 200
    for uri in (PREVIEWS, "https://a.b.preview.example.com/cb"):
        assert error_code(party.authorize(browser, redirect_uri=uri)) == "invalid_request"
    form = {"id_token_hint": tokens.json()["id_token"]}
    home = {"post_logout_redirect_uri": "https://a.preview.example.com/"}
    assert (
        browser.get("/id/oidc/logout", form | home)["Location"] == "https://a.preview.example.com/"
    )
