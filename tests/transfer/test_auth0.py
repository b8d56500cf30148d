"""Files as Auth0's tools write them, each with the result of its import."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    Directory,
    DomainAlias,
    EnabledConnection,
)
from azuread_connections.transfer.changes import Action
from azuread_connections.transfer.importer import ImportRefused, ImportResult, import_connections
from tests.field_cases import case, case_path
from tests.transfer.entries import OTHER_TENANT_ID, entry, only, quiet, run
from tests.transfer.test_placeholders import PLACEHOLDERS

pytestmark = pytest.mark.django_db

SECRET = case("F05")["options"]["client_secret"]
TENANT_ID = case("F06b")["options"]["tenant_domain"]


def bring_in(number: str, **options: Any) -> ImportResult:
    return import_connections(case_path(number).read_bytes(), **options)


def refused(number: str, **options: Any) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        bring_in(number, **options)
    assert not Connection.objects.exists()
    return [str(mistake) for mistake in caught.value.mistakes]


def enabled() -> set[str]:
    return set(EnabledConnection.objects.values_list("application__slug", flat=True))


def secrets() -> list[str]:
    return [secret.value.reveal() for secret in Credential.objects.all()]


# F03: a masked export.


def test_a_placeholder_is_not_stored_and_is_reported() -> None:
    Application.objects.create(slug="spa", name="My SPA")
    result = bring_in("F03a")
    assert secrets() == []
    assert any("options.client_secret: not stored" in note for note in result.notes)
    assert any("no credential" in note for note in result.notes)
    assert not any("CONNECTIONS_WAAD_SECRET" in note for note in result.notes)
    assert enabled() == {"spa"}
    again = bring_in("F03a")
    assert only(again).action is Action.NONE
    assert any("options.client_secret: not stored" in note for note in again.notes)


def test_a_placeholder_leaves_the_stored_secret_as_it_is() -> None:
    run(quiet(client_secret=SECRET))
    result = run(quiet(client_secret="##CONNECTIONS_WAAD_SECRET##"))
    assert only(result).action is Action.NONE
    assert secrets() == [SECRET]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_no_placeholder_is_stored_in_any_spelling(text: str) -> None:
    result = run(entry(client_secret=text))
    assert secrets() == []
    assert any("options.client_secret: not stored" in note for note in result.notes)


def test_placeholders_alone_need_no_key_to_encrypt_them(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    bring_in("F03a")
    assert Connection.objects.exists()


# F04: pages.


@pytest.mark.parametrize("number", ["F04a", "F04b"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_one_page_of_several_is_refused(number: str, dry_run: bool) -> None:
    (mistake,) = refused(number, dry_run=dry_run)
    assert mistake.startswith("File: This is one page of several")
    assert "into one list" in mistake


def test_a_page_says_how_many_it_lacks() -> None:
    assert "1 of 3 connections" in refused("F04a")[0]


@pytest.mark.parametrize(
    "page",
    [
        {"start": 0, "limit": 50, "length": 1, "total": 1},
        {"start": 0, "limit": 1, "length": 1, "total": 1, "next": None},
        {"next": ""},
        {"total": True},
        {"total": "3"},
    ],
)
def test_a_page_that_holds_all_is_taken_over(page: dict[str, Any]) -> None:
    import_connections(json.dumps({**page, "connections": [entry()]}).encode())
    assert Connection.objects.get().name == "contoso"


@pytest.mark.parametrize("page", [{"start": 50}, {"start": 50, "total": 1}, {"next": "cursor"}])
def test_a_later_page_is_refused_too(page: dict[str, Any]) -> None:
    with pytest.raises(ImportRefused, match="one page of several"):
        import_connections(json.dumps({**page, "connections": [entry()]}).encode())


# F05: clients by name.


def test_a_client_is_found_by_the_applications_name() -> None:
    Application.objects.create(slug="spa", name="My SPA")
    result = bring_in("F05")
    assert enabled() == {"spa"}
    assert not any("enabled_clients" in note for note in result.notes)
    assert only(bring_in("F05")).action is Action.NONE


@pytest.mark.parametrize(
    "other",
    [{"external_id": "My SPA"}, {"slug": "my-spa"}],
    ids=["external ID", "a slug that looks like it"],
)
def test_a_name_that_could_be_another_application_is_not_guessed(other: dict[str, str]) -> None:
    Application.objects.create(**({"slug": "other", "name": "Other"} | other))
    if "external_id" not in other:
        result = bring_in("F05")
        assert any("no application has this slug" in note for note in result.notes)
    else:
        Application.objects.create(slug="spa", name="My SPA")
        result = bring_in("F05")
        (note,) = [note for note in result.notes if "several applications" in note]
        assert "My SPA (other, spa)" in note
    assert enabled() == set()


def test_a_slug_goes_before_another_applications_name() -> None:
    """An export contains slugs, and its import must give the same."""
    Application.objects.create(slug="spa", name="Single page")
    Application.objects.create(slug="other", name="spa")
    run(entry(enabled_clients=["spa"]))
    assert enabled() == {"spa"}


# F06: other values instead of the domain.


def test_a_common_endpoint_without_a_domain_asks_for_one() -> None:
    (mistake,) = refused("F06a")
    assert mistake.startswith("Entry 1 (contoso), options.tenant_domain: The directory's domain")
    assert "--domain contoso=DOMAIN" in mistake


@pytest.mark.parametrize("name", ["contoso", "Contoso"])
def test_the_domain_of_a_common_endpoint_can_be_given(name: str) -> None:
    output = io.StringIO()
    call_command(
        "import_connections", case_path("F06a"), "--domain", f"{name}=Contoso.com", stdout=output
    )
    connection = Connection.objects.get()
    assert (connection.domain, connection.tenant_id) == ("contoso.com", "")
    assert connection.use_common_endpoint
    assert "--domain" not in output.getvalue()
    assert only(bring_in("F06a")).action is Action.NONE
    assert only(bring_in("F06a", domains={name: "contoso.com"})).action is Action.NONE


def test_a_wrong_domain_given_is_refused_where_it_was_given() -> None:
    (mistake,) = refused("F06a", domains={"contoso": "https://contoso.com"})
    assert mistake.startswith("Entry 1 (contoso), --domain: ")


def test_a_domain_given_for_nobody_is_reported() -> None:
    result = bring_in("F06c", domains={"contoso": "fabrikam.com", "nobody": "fabrikam.com"})
    assert Connection.objects.get().domain == "contoso.com"
    assert len([note for note in result.notes if note.startswith("--domain")]) == 2


@pytest.mark.parametrize("argument", ["contoso", "=contoso.com", "contoso="])
def test_half_a_domain_argument_is_refused(argument: str) -> None:
    with pytest.raises(CommandError, match="give NAME=DOMAIN"):
        call_command("import_connections", case_path("F06a"), "--domain", argument)


def test_a_domain_given_twice_is_refused() -> None:
    twice = ["--domain", "contoso=a.com", "--domain", "Contoso=b.com"]
    with pytest.raises(CommandError, match="--domain: the same key is given twice"):
        call_command("import_connections", case_path("F06a"), *twice)


@pytest.mark.parametrize("word", ["common", "Common", "organizations"])
def test_a_path_segment_is_not_a_domain(word: str) -> None:
    run(entry(tenant_domain=word, domain="contoso.com"))
    connection = Connection.objects.get()
    assert (connection.domain, connection.use_common_endpoint) == ("contoso.com", False)


def test_a_directory_id_in_the_place_of_the_domain_is_the_directory() -> None:
    assert TENANT_ID in " ".join(map(str, only(bring_in("F06b")).differences))
    connection = Connection.objects.get()
    assert (connection.domain, connection.tenant_id) == ("contoso.com", TENANT_ID)
    assert Directory.objects.get().tenant_id == TENANT_ID
    assert only(bring_in("F06b")).action is Action.NONE


def test_a_directory_id_says_nothing_of_whose_the_domain_is() -> None:
    """Microsoft has to be asked before names in the domain are trusted."""
    bring_in("F06b")
    assert not DomainAlias.objects.exclude(verified_at=None).exists()


def test_a_directory_id_never_moves_a_pin() -> None:
    run(entry(tenantId=OTHER_TENANT_ID))
    with pytest.raises(ImportRefused) as caught:
        bring_in("F06b")
    (mistake,) = map(str, caught.value.mistakes)
    assert mistake.startswith("Entry 1 (contoso), options.tenant_domain: ")
    assert Connection.objects.get().tenant_id == OTHER_TENANT_ID


@pytest.mark.parametrize("key", ["tenantId", "domain"])
def test_two_directory_ids_that_differ_are_refused(key: str) -> None:
    with pytest.raises(ImportRefused, match="differs from the one in options"):
        run(entry(**{"tenant_domain": TENANT_ID, key: OTHER_TENANT_ID}))


def test_an_empty_domain_leaves_the_other_key_to_say_it() -> None:
    assert not any("differs" in note for note in bring_in("F06c").notes)
    assert Connection.objects.get().domain == "contoso.com"


# F07: options that the token may not read.


def test_an_error_of_the_api_is_reported_as_one() -> None:
    (mistake,) = refused("F07a")
    assert mistake == (
        "File: This is an error of the API, not a list of connections: "
        "403, Forbidden, Insufficient scope, insufficient_scope"
    )


@pytest.mark.parametrize(
    "error",
    [
        {"error": "access_denied", "error_description": "Unauthorized"},
        {"statusCode": 429, "message": "\x1b[2JToo many requests" + "x" * 5000},
        {"error": {"code": 5}},
    ],
)
def test_any_error_is_reported_in_one_line(error: dict[str, Any]) -> None:
    with pytest.raises(ImportRefused) as caught:
        import_connections(json.dumps(error).encode())
    (mistake,) = map(str, caught.value.mistakes)
    assert "error of the API" in mistake
    assert mistake.isprintable()
    assert len(mistake) < 600


@pytest.mark.parametrize("content", [{}, {"clients": []}, {"tenant": "contoso"}])
def test_an_object_that_is_not_a_connection_is_not_read_as_one(content: dict[str, Any]) -> None:
    with pytest.raises(ImportRefused, match="must be a list of connections"):
        import_connections(json.dumps(content).encode())


def test_withheld_options_are_reported_for_each_new_connection() -> None:
    (mistake,) = refused("F07b")
    assert mistake.startswith("Entry 1 (contoso), options: the options are missing")
    assert "read:connections_options" in mistake


def test_withheld_options_change_nothing_of_a_stored_connection_and_are_reported() -> None:
    run(quiet())
    before = Connection.objects.values().get()
    result = bring_in("F07b")
    assert any("Entry 1 (contoso): the options are missing" in note for note in result.notes)
    after = Connection.objects.values().get()
    assert after | {"updated_at": 0} == before | {
        **{"display_name": "Contoso", "show_as_button": True, "updated_at": 0}
    }


def test_a_connection_from_before_there_was_a_choice_keeps_the_identity_api_it_has() -> None:
    assert "identity API: Azure Active Directory (v1.0)" in map(
        str, only(bring_in("F07c")).differences
    )
    assert Connection.objects.get().identity_api == Connection.IdentityAPI.V1


def test_what_the_file_does_not_say_of_a_stored_connection_stays() -> None:
    run(quiet(identity_api="microsoft-identity-platform-v2.0", show_as_button=True))
    run(quiet())
    connection = Connection.objects.get()
    assert connection.identity_api == Connection.IdentityAPI.V2
    assert connection.show_as_button is True


def test_a_new_connection_that_says_nothing_of_a_button_has_none_as_at_auth0() -> None:
    result = run(entry())
    assert Connection.objects.get().show_as_button is False
    assert "show as button: no" in map(str, only(result).differences)
