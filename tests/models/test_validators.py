from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model

from azuread_connections.models import Connection, Directory, GroupMapping
from azuread_connections.models.validators import (
    clean_alias,
    clean_client_id,
    clean_domain,
    expiry_warning,
    validate_client_id,
    validate_client_secret,
    validate_connection_name,
    validate_logo_url,
    validate_plain_text,
)

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"
BARE = GUID.replace("-", "")
NOW = datetime(2026, 12, 4, 15, 0, tzinfo=UTC)


def refusal(validate, value: str) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        validate(value)
    return str(caught.value.code), caught.value.messages[0]


# Names.


ESCAPE = "\x1b[2J\x1b[31m"


@pytest.mark.parametrize("name", ["c", "contoso", "Contoso-2", "2-b", "a--b", "x" * 300])
def test_letters_digits_and_inner_dashes_make_a_name(name):
    validate_connection_name(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((name, "name_characters") for name in ("", "-a", "a-", "a b", "a_b", "ü", "a\n", "a/b")),
        *((name, "name_reserved") for name in ("callback", "Profile", "LOGOUT")),
        ("frontchannel-logout", "name_reserved"),
    ],
)
def test_a_name_that_does_not_fit_into_a_url_is_refused(name, code):
    assert refusal(validate_connection_name, name)[0] == code


# Domains.


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("contoso.com", "contoso.com"),
        (" Contoso.COM. ", "contoso.com"),
        ("contoso.onmicrosoft.com", "contoso.onmicrosoft.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("microsoft.com", "microsoft.com"),
    ],
)
def test_a_domain_is_stored_in_lower_case_ascii(value, stored):
    assert clean_domain(value) == stored


@pytest.mark.parametrize(
    "value",
    [
        "login.microsoftonline.com",
        "Login.MicrosoftOnline.com",
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/",
        "https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps",
        "entra.microsoft.com",
        "adele@entra.microsoft.com",
    ],
)
def test_microsofts_own_domain_is_refused(value):
    assert refusal(clean_domain, value) == (
        "domain_microsoft",
        "This is Microsoft's address. Enter one of the directory's domains, such as contoso.com.",
    )


@pytest.mark.parametrize("value", [GUID, GUID.upper(), f"{{{GUID}}}", BARE])
def test_a_directorys_id_is_distinguished_from_its_domain(value):
    assert refusal(clean_domain, value)[0] == "domain_guid"


@pytest.mark.parametrize(
    "value",
    [
        "https://contoso.com/sign-in",
        "adele@contoso.com",
        "contoso.com/",
        "contoso. com",
        "contoso.com:443",
    ],
)
def test_a_domain_among_other_things_is_suggested(value):
    assert refusal(clean_domain, value) == (
        "domain_corrected",
        "Enter the domain alone: contoso.com",
    )


@pytest.mark.parametrize("value", ["", "contoso", "a..b", "-a.com", "1.2.3.4", "https://[x", "@"])
def test_text_without_a_domain_is_refused(value):
    assert refusal(clean_domain, value)[0] == "domain_invalid"


@pytest.mark.parametrize("value", ["gmail.com", "Outlook.COM"])
def test_a_public_mail_domain_is_not_a_valid_alias(value):
    assert refusal(clean_alias, value)[0] == "alias_consumer"
    assert clean_domain(value)


# Client IDs.


@pytest.mark.parametrize("value", [GUID, GUID.upper()])
def test_a_client_id_is_a_guid(value):
    validate_client_id(value)
    assert clean_client_id(value) == GUID


@pytest.mark.parametrize("value", [f"{{{GUID}}}", BARE, f"urn:uuid:{GUID.upper()}", f" {GUID} "])
def test_a_client_id_written_another_way_is_understood_and_suggested(value):
    assert clean_client_id(value) == GUID
    assert refusal(validate_client_id, value) == (
        "client_id_corrected",
        f"Enter the client ID alone, with its dashes: {GUID}",
    )


@pytest.mark.parametrize("value", ["", "contoso", GUID[:-1], GUID + "0", f"{GUID} {GUID}"])
def test_anything_else_is_not_a_valid_client_id(value):
    assert refusal(validate_client_id, value)[0] == "client_id_guid"
    assert refusal(clean_client_id, value)[0] == "client_id_guid"


# Secrets.


@pytest.mark.parametrize("value", ["Abc8Q~" + "x" * 34, "x" * 16, "!\"#$%&'()*+,-./:;<=>?@[]"])
def test_a_secret_is_one_word_of_at_least_16_characters(value):
    validate_client_secret(value)


@pytest.mark.parametrize("value", [GUID, GUID.upper(), f"{{{GUID}}}", BARE])
def test_the_id_of_a_secret_is_distinguished_from_its_value(value):
    code, message = refusal(validate_client_secret, value)
    assert code == "secret_is_id"
    assert "Copy the column “Value” instead" in message


@pytest.mark.parametrize(
    "value", ["two words that are long enough", "ümlaut-" + "x" * 20, "x" * 20 + "\n"]
)
def test_letters_that_no_secret_has_are_refused(value):
    assert refusal(validate_client_secret, value)[0] == "secret_characters"


@pytest.mark.parametrize("value", ["x" * 15, "Abc8Q~", "***"])
def test_a_secret_that_was_cut_off_is_refused(value):
    code, message = refusal(validate_client_secret, value)
    assert code == "secret_short"
    assert "about 40 characters: copy the whole value" in message


# Logos.


@pytest.mark.parametrize("value", ["https://contoso.com/logo.png", "https://cdn.example/a?b=@c"])
def test_a_logo_has_an_https_address(value):
    validate_logo_url(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("http://contoso.com/logo.png", "logo_https"),
        ("//contoso.com/logo.png", "logo_https"),
        ("javascript:alert(1)", "logo_https"),
        ("logo.png", "logo_https"),
        ("https://adele:password@contoso.com/logo.png", "logo_userinfo"),
        ("https://adele@contoso.com/logo.png", "logo_userinfo"),
    ],
)
def test_other_addresses_are_not_valid_logos(value, code):
    assert refusal(validate_logo_url, value)[0] == code


# Expiry dates.


@pytest.mark.parametrize(
    ("expires_at", "words"),
    [
        (None, None),
        (datetime(2027, 3, 1, tzinfo=UTC), None),
        (datetime(2026, 12, 5, tzinfo=UTC), None),
        (NOW + timedelta(minutes=1), "expires today"),
        # A date without a time.
        (datetime(2026, 12, 4, tzinfo=UTC), "expires today"),
        (NOW - timedelta(minutes=1), "in the past"),
        (NOW, "in the past"),
        (datetime(2026, 12, 3, tzinfo=UTC), "in the past"),
        (NOW + timedelta(days=731), None),
        (NOW + timedelta(days=732), "over 24 months"),
    ],
)
def test_an_unusual_date_causes_a_warning(expires_at, words):
    warning = expiry_warning(expires_at, NOW)
    assert (words in warning) if words else (warning is None)


def test_a_bare_date_is_known_without_time_zone_support_too(settings):
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Berlin"
    now = datetime(2026, 12, 4, 16, 0)
    assert "expires today" in str(expiry_warning(datetime(2026, 12, 4, 1, 0), now))
    assert "in the past" in str(expiry_warning(datetime(2026, 12, 4, 2, 0), now))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["frontchannel-logout", "Callback", "PROFILE"])
def test_words_of_our_urls_are_not_valid_names(name):
    with pytest.raises(ValidationError):
        validate_connection_name(name)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["Abc8Q~\u00e9", "Abc8Q~\x07x", "Abc 8Q", "Abc8Q~\n"])
def test_unusual_characters_are_not_a_valid_secret(value):
    with pytest.raises(ValidationError):
        validate_client_secret(value)


@pytest.mark.parametrize("text", ["A\tB", ESCAPE, "a\nb", "\x00", "\u2028", "\ud800"])
def test_what_is_not_plain(text: str) -> None:
    with pytest.raises(ValidationError, match="invisible character"):
        validate_plain_text(text)


@pytest.mark.parametrize("text", ["", "Contoso & “Söhne” コントソ", "a\u200db"])
def test_what_is_plain(text: str) -> None:
    validate_plain_text(text)


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Connection, "display_name", f"Contoso{ESCAPE}"),
        (Connection, "logo_url", f"https://contoso.com/{ESCAPE}.png"),
        (Connection, "contact_email", '"\x1b"@contoso.com'),
        (Directory, "domain", f"contoso.com{ESCAPE}"),
        (GroupMapping, "label", f"Staff{ESCAPE}"),
    ],
)
def test_no_field_takes_them(model: type[Model], name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        model._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]
