from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from azuread_connections.models import Application, Connection, Credential, EnabledConnection
from azuread_connections.transfer.changes import Action
from azuread_connections.transfer.importer import ImportRefused, import_connections
from tests.transfer.entries import (
    CLIENT_ID,
    OTHER_TENANT_ID,
    TENANT_ID,
    differences,
    entry,
    mistakes,
    only,
    quiet,
    run,
)

pytestmark = pytest.mark.django_db

V1 = "azure-active-directory-v1.0"
V2 = "microsoft-identity-platform-v2.0"


def application(slug: str, **fields: Any) -> Application:
    return Application.objects.create(slug=slug, name=slug, **fields)


def enabled(name: str = "contoso") -> set[str]:
    pairs = EnabledConnection.objects.filter(connection__name=name)
    return set(pairs.values_list("application__slug", flat=True))


def secrets(name: str = "contoso") -> dict[str, datetime | None]:
    rows = Credential.objects.filter(connection__name=name)
    return {row.value.reveal(): row.expires_at for row in rows}


# Creating and updating.


def test_a_complete_entry_becomes_a_connection():
    result = run(
        entry(
            display_name="Contoso Ltd",
            show_as_button=False,
            tenant_domain="Contoso.COM",
            client_id=CLIENT_ID.upper(),
            client_secret="s3c~the-value-of-a-secret",
            client_secret_expires_at="2027-01-31",
            identity_api=V1,
            basic_profile=True,
            set_user_root_attributes="on_first_login",
            icon_url="https://contoso.com/logo.png",
            enabled_clients=["default"],
        )
    )
    connection = Connection.objects.get()
    assert only(result).action is Action.CREATE
    assert (connection.name, connection.display_name) == ("contoso", "Contoso Ltd")
    assert connection.show_as_button is False
    assert connection.domain == "contoso.com"
    assert connection.client_id == CLIENT_ID
    assert connection.identity_api == Connection.IdentityAPI.V1
    assert connection.sync_profile == Connection.SyncProfile.FIRST_LOGIN
    assert connection.logo_url == "https://contoso.com/logo.png"
    assert connection.tenant_id == ""
    assert secrets() == {"s3c~the-value-of-a-secret": datetime(2027, 1, 31, tzinfo=UTC)}
    assert Credential.objects.get().hint == "s3c"
    assert enabled() == {"default"}


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda entry: [entry], id="a list"),
        pytest.param(lambda entry: {"start": 0, "connections": [entry]}, id="a page of the API"),
        pytest.param(lambda entry: entry, id="a single connection"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_form_in_which_auth0_and_editors_hand_it_out_is_read(wrap, encoding):
    import_connections(json.dumps(wrap(entry())).encode(encoding))
    assert Connection.objects.get().name == "contoso"


@pytest.mark.parametrize(
    ("changes", "field", "stored"),
    [
        ({"identity_api": V1}, "identity_api", "v1.0"),
        ({"identity_api": V2}, "identity_api", "v2.0"),
        ({"set_user_root_attributes": "on_each_login"}, "sync_profile", "each_login"),
        ({"set_user_root_attributes": "on_first_login"}, "sync_profile", "first_login"),
        ({"set_user_root_attributes": "never_on_login"}, "sync_profile", "never"),
        ({"tenant_domain": None, "domain": "fabrikam.com"}, "domain", "fabrikam.com"),
        ({"tenant_domain": "bücher.example"}, "domain", "xn--bcher-kva.example"),
        ({"display_name": None}, "display_name", ""),
        ({"display_name": "コントソ　株式会社"}, "display_name", "コントソ　株式会社"),
        ({"show_as_button": False}, "show_as_button", False),
        ({"tenantId": TENANT_ID.upper()}, "tenant_id", TENANT_ID),
        ({"azuread_connections": {"tenant_id": TENANT_ID}}, "tenant_id", TENANT_ID),
    ],
)
def test_a_value_of_the_file_is_stored_in_our_form(changes, field, stored):
    run(entry(**changes))
    assert getattr(Connection.objects.get(), field) == stored


def test_a_second_run_changes_nothing():
    file = entry(
        display_name="Contoso",
        client_id=CLIENT_ID.upper(),
        tenant_domain="Contoso.com",
        client_secret="s3c~value-of-a-secret",
        client_secret_expires_at="2027-01-31T09:00:00Z",
        enabled_clients=["default", "unknown-client"],
        tenantId=TENANT_ID,
    )
    run(file)
    before = Connection.objects.values().get()
    assert only(run(file)).action is Action.NONE
    assert Connection.objects.values().get() == before
    assert Credential.objects.count() == 1


def test_what_the_file_does_not_say_stays_as_it_is():
    run(
        entry(
            display_name="Contoso",
            show_as_button=False,
            icon_url="https://contoso.com/logo.png",
            identity_api=V1,
            client_secret="s3c~value-of-a-secret",
            enabled_clients=["default"],
        )
    )
    before = Connection.objects.values().get()
    result = run({"name": "contoso", "strategy": "waad", "options": {"icon_url": None}})
    assert only(result).action is Action.NONE
    assert Connection.objects.values().get() == before
    assert enabled() == {"default"}


def test_the_difference_names_what_changes_and_from_what():
    run(
        entry(display_name="Old", show_as_button=True, identity_api=V2, enabled_clients=["default"])
    )
    application("portal")
    result = run(
        entry(
            display_name="New",
            show_as_button=False,
            identity_api=V1,
            enabled_clients=["portal"],
            icon_url="https://contoso.com/logo.png",
        )
    )
    assert differences(result) == [
        "display name: Old → New",
        "show as button: yes → no",
        "identity API: Microsoft identity platform (v2.0) → Azure Active Directory (v1.0)",
        "logo URL: none → https://contoso.com/logo.png",
        "applications: default → portal",
    ]


def test_a_dry_run_reports_the_same_and_changes_nothing():
    run(entry("contoso", client_secret="old~value-of-a-secret", enabled_clients=["default"]))
    file = [
        entry(
            "contoso", display_name="New", client_secret="new~value-of-a-secret", enabled_clients=[]
        ),
        entry("fabrikam", client_secret="fab~value-of-a-secret", enabled_clients=["default"]),
    ]
    dry = run(*file, dry_run=True)
    assert Connection.objects.get().display_name == ""
    assert secrets() == {"old~value-of-a-secret": None}
    assert enabled() == {"default"}
    assert run(*file) == dry
    assert Connection.objects.count() == 2


def test_a_name_in_other_letters_is_the_same_connection_and_stays():
    run(entry("contoso"))
    result = run(entry("Contoso", display_name="New"))
    assert only(result).action is Action.UPDATE
    assert Connection.objects.get().name == "contoso"
    assert any("a name cannot be changed" in note for note in result.notes)


def test_statements_do_not_grow_with_a_file_that_changes_nothing_but_for_validation(
    django_assert_max_num_queries,
):
    file = [
        entry(f"c{number}", client_secret=f"{number}xx~value-of-a-secret") for number in range(40)
    ]
    run(*file)
    # Per entry: what Connection.clean asks of the name and the group mappings.
    with django_assert_max_num_queries(2 * 40 + 12):
        run(*file)


# The directory.


def test_a_new_domain_never_moves_the_trust_to_another_directory():
    run(entry(tenantId=TENANT_ID))
    result = run(entry(tenant_domain="fabrikam.com"))
    connection = Connection.objects.get()
    assert (connection.domain, connection.tenant_id) == ("fabrikam.com", TENANT_ID)
    assert any(f"stays pinned to the directory {TENANT_ID}" in note for note in result.notes)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"tenantId": OTHER_TENANT_ID}, "options.tenantId"),
        (
            {"azuread_connections": {"tenant_id": OTHER_TENANT_ID}},
            "options.azuread_connections.tenant_id",
        ),
    ],
)
def test_a_pinned_directory_cannot_be_changed_by_a_file(options, key):
    run(entry(tenantId=TENANT_ID))
    (mistake,) = mistakes(entry(**options))
    assert mistake.startswith(f"Entry 1 (contoso), {key}: ")
    assert Connection.objects.get().tenant_id == TENANT_ID


def test_a_file_may_pin_what_is_not_pinned_yet():
    run(entry())
    assert differences(run(entry(tenantId=TENANT_ID))) == [f"directory ID: none → {TENANT_ID}"]
    assert Connection.objects.get().tenant_id == TENANT_ID


# Secrets.


def test_another_secret_is_added_to_the_stored_one():
    run(entry(client_secret="old~value-of-a-secret", client_secret_expires_at="2027-01-31"))
    result = run(
        entry(client_secret="new~value-of-a-secret", client_secret_expires_at="2028-06-30")
    )
    assert secrets() == {
        "old~value-of-a-secret": datetime(2027, 1, 31, tzinfo=UTC),
        "new~value-of-a-secret": datetime(2028, 6, 30, tzinfo=UTC),
    }
    (difference,) = differences(result)
    assert difference.startswith("client secret: new… (expires 2028-06-30")
    assert "~value" not in difference


def test_a_date_is_reported_as_in_the_file_in_every_time_zone():
    with timezone.override("America/New_York"):
        result = run(
            entry(client_secret="new~value-of-a-secret", client_secret_expires_at="2028-06-30")
        )
        told = " ".join(differences(result))
    assert "(expires 2028-06-30 00:00+00:00)" in told


def test_the_same_secret_with_another_date_gets_the_date():
    run(entry(client_secret="s3c~value-of-a-secret"))
    result = run(
        entry(client_secret="s3c~value-of-a-secret", client_secret_expires_at="2027-01-31")
    )
    assert secrets() == {"s3c~value-of-a-secret": datetime(2027, 1, 31, tzinfo=UTC)}
    assert len(differences(result)) == 1
    # And an import without a date does not change it.
    assert only(run(entry(client_secret="s3c~value-of-a-secret"))).action is Action.NONE


def test_a_stored_secret_that_no_key_opens_counts_as_another(settings):
    run(entry(client_secret="s3c~value-of-a-secret"))
    new_key = Fernet.generate_key().decode()
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": [new_key]}
    assert only(run(entry(client_secret="s3c~value-of-a-secret"))).action is Action.UPDATE
    assert Credential.objects.count() == 2
    assert only(run(entry(client_secret="s3c~value-of-a-secret"))).action is Action.NONE


def test_white_space_that_was_copied_along_is_dropped():
    run(entry(client_secret=" s3c~value-of-a-secret "))
    assert list(secrets()) == ["s3c~value-of-a-secret"]
    assert only(run(entry(client_secret="s3c~value-of-a-secret"))).action is Action.NONE


@pytest.mark.parametrize("secret", [None, ""])
def test_a_blank_secret_keeps_the_stored_one(secret):
    run(entry(client_secret="s3c~value-of-a-secret"))
    assert only(run(entry(client_secret=secret))).action is Action.NONE
    assert list(secrets()) == ["s3c~value-of-a-secret"]


def test_a_new_connection_without_a_secret_is_reported():
    assert any("no credential" in note for note in run(entry()).notes)
    assert run(entry()).notes == ()


def test_a_secret_without_a_date_is_reported_when_it_is_added():
    file = quiet(client_secret_expires_at=None)
    (note,) = run(file).notes
    assert note == (
        "Entry 1 (contoso): no expiry date (options.client_secret_expires_at): check_secrets "
        "cannot warn before it expires."
    )
    assert run(file).notes == ()


@pytest.mark.parametrize("clients", [None, [], ["Xk29"]])
def test_a_new_connection_that_no_application_uses_is_reported(clients):
    notes = run(quiet(enabled_clients=clients)).notes
    assert "Entry 1 (contoso): not enabled for any application: nobody can use it." in notes
    assert run(quiet(enabled_clients=None)).notes == ()


def test_a_date_without_a_secret_is_reported():
    run(entry(client_secret="s3c~value-of-a-secret"))
    (note,) = run(entry(client_secret_expires_at="2027-01-31")).notes
    assert "options.client_secret_expires_at" in note


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T09:30:00Z", datetime(2027, 1, 31, 9, 30, tzinfo=UTC)),
        ("2027-01-31T09:30:00", datetime(2027, 1, 31, 9, 30, tzinfo=UTC)),
        ("2027-01-31T09:30:00+02:00", datetime(2027, 1, 31, 7, 30, tzinfo=UTC)),
        ("2027-01-31T09:30:00.1234567Z", datetime(2027, 1, 31, 9, 30, 0, 123456, UTC)),
    ],
)
def test_a_date_is_its_start_in_utc_and_a_bare_time_is_utc(text, moment):
    run(entry(client_secret="s3c~value-of-a-secret", client_secret_expires_at=text))
    assert secrets() == {"s3c~value-of-a-secret": moment}


def test_a_date_is_stored_in_local_time_without_time_zone_support(settings):
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Berlin"
    file = entry(client_secret="s3c~value-of-a-secret", client_secret_expires_at="2027-01-31")
    run(file)
    assert secrets() == {"s3c~value-of-a-secret": datetime(2027, 1, 31, 1, 0)}
    assert only(run(file)).action is Action.NONE


@pytest.mark.parametrize(("days", "words"), [(-3, "in the past"), (900, "over 24 months away")])
def test_an_odd_date_is_taken_and_reported(days, words):
    moment = (timezone.now() + timedelta(days=days)).isoformat()
    result = run(entry(client_secret="s3c~value-of-a-secret", client_secret_expires_at=moment))
    assert any(words in note for note in result.notes)
    assert len(secrets()) == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_secrets_without_a_key_to_encrypt_them_are_refused(settings, dry_run):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS"):
        run(entry(client_secret="s3c~value-of-a-secret"), dry_run=dry_run)
    assert not Connection.objects.exists()
    run(entry())


def test_no_secret_shows_in_an_entry_or_a_result():
    result = run(entry(client_secret="s3c~the-value-of-a-secret"))
    assert "the-value" not in repr(result)


# Applications.


def test_clients_are_found_by_slug_and_by_external_id():
    application("portal")
    application("wiki", external_id="Xk29")
    run(entry(enabled_clients=["portal", "Xk29", "portal"]))
    assert enabled() == {"portal", "wiki"}


def test_clients_that_are_listed_are_enabled_and_others_are_not_any_more():
    application("portal")
    run(entry(enabled_clients=["portal", "default"]))
    run(entry(enabled_clients=["portal"]))
    assert enabled() == {"portal"}
    run(entry())
    assert enabled() == {"portal"}
    run(entry(enabled_clients=[]))
    assert enabled() == set()


def test_an_unknown_client_is_reported_and_not_enabled():
    result = run(quiet(enabled_clients=["default", "Xk29"]))
    (note,) = result.notes
    assert "Entry 1 (contoso)" in note
    assert "Xk29" in note
    assert enabled() == {"default"}


def test_a_client_that_two_applications_claim_is_not_guessed():
    application("portal", external_id="Xk29")
    application("wiki", external_id="Xk29")
    result = run(entry(enabled_clients=["Xk29"]))
    assert enabled() == set()
    assert any("Xk29" in note for note in result.notes)


def test_a_client_is_mapped_by_argument_before_anything_else():
    application("portal", external_id="Xk29")
    application("wiki")
    run(entry(enabled_clients=["Xk29"]), application_slugs={"Xk29": "wiki"})
    assert enabled() == {"wiki"}


def test_a_mapping_to_an_unknown_application_is_an_error():
    (mistake,) = mistakes(entry(enabled_clients=[]), application_slugs={"Xk29": "nope"})
    assert mistake.startswith("--application Xk29=nope: ")
    assert not Connection.objects.exists()


def test_a_mapping_that_no_entry_needs_is_reported():
    result = run(quiet(), application_slugs={"Xk29": "default"})
    assert any("--application Xk29" in note for note in result.notes)


# What is not supported.


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"waad_protocol": "ws-federation"}, "options.waad_protocol"),
        ({"userid_attribute": "sub"}, "options.userid_attribute"),
        ({"never_heard_of": 0}, "options.never_heard_of"),
        ({"azuread_connections": {"policy": "x"}}, "options.azuread_connections.policy"),
        ({"basic_profile": False}, "options.basic_profile"),
        ({"domain": "fabrikam.com"}, "options.domain"),
        ({"useCommonEndpoint": False, "waad_common_endpoint": True}, "waad_common_endpoint"),
        ({"ext_nested_groups": True}, "options.ext_nested_groups has no effect without"),
        (
            {"azuread_connections": {"directories": [{"tenant_id": TENANT_ID, "consent": "x"}]}},
            "options.azuread_connections.directories, item 1: not supported, ignored: consent",
        ),
    ],
)
def test_what_is_not_done_is_reported_by_its_key(options, key):
    (note,) = run(quiet(**options)).notes
    assert note.startswith("Entry 1 (contoso)")
    assert key in note


@pytest.mark.parametrize(
    "options",
    [
        {"ext_groups": False},
        {"domain_aliases": []},
        {"upstream_params": {}},
        {"federated_connections_access_tokens": {"active": False}},
        {"app_domain": ""},
        {"max_groups_to_retrieve": None},
        {"waad_protocol": "openid-connect"},
        {"granted": True},
        {"domain": "contoso.com"},
        {"azuread_connections": {}},
        {"useCommonEndpoint": False, "waad_common_endpoint": False},
        {"max_groups_to_retrieve": ""},
    ],
)
def test_what_asks_for_nothing_needs_no_report(options):
    assert run(quiet(**options)).notes == ()


def test_what_auth0_writes_around_every_connection_needs_no_report():
    around = {
        "id": "con_0000000000000001",
        "realms": ["contoso"],
        "is_domain_connection": False,
        "provisioning_ticket_url": "https://example.com/p/waad/12345678",
        "authentication": {"active": True},
        "connected_accounts": {"active": False},
    }
    assert run(quiet() | around).notes == ()
    (note,) = run(quiet("fabrikam") | around | {"metadata": {"a": "b"}}).notes
    assert "metadata" in note
    assert "realms" in note


def test_other_strategies_are_skipped_with_a_report():
    result = run(
        {"name": "people", "strategy": "auth0", "options": {}},
        entry(client_secret="s3c~value-of-a-secret"),
    )
    assert [outcome.name for outcome in result.outcomes] == ["contoso"]
    assert result.skipped == 1
    assert "Entry 1 (people)" in result.notes[0]


# Errors.


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ({"strategy": "waad", "options": {}}, "Entry 1, name"),
        ({"name": "contoso"}, "Entry 1 (contoso), strategy"),
        (entry("con toso"), "Entry 1 (con toso), name"),
        (entry("callback"), "Entry 1 (callback), name"),
        (entry("c" * 129), f"Entry 1 ({'c' * 129}), name"),
        (entry(tenant_domain=None), "Entry 1 (contoso), options.tenant_domain"),
        (entry(tenant_domain=""), "Entry 1 (contoso), options.tenant_domain"),
        (entry(tenant_domain=5), "Entry 1 (contoso), options.tenant_domain"),
        (entry(tenant_domain="https://contoso.com/"), "Entry 1 (contoso), options.tenant_domain"),
        (entry(tenant_domain=None, domain="a b"), "Entry 1 (contoso), options.domain"),
        (entry(client_id=None), "Entry 1 (contoso), options.client_id"),
        (entry(client_id="contoso"), "Entry 1 (contoso), options.client_id"),
        (entry(client_secret=CLIENT_ID), "Entry 1 (contoso), options.client_secret"),
        (entry(client_secret=["s3c"]), "Entry 1 (contoso), options.client_secret"),
        (entry(client_secret="a b"), "Entry 1 (contoso), options.client_secret"),
        (
            entry(client_secret="s3c~value-of-a-secret", client_secret_expires_at="soon"),
            "Entry 1 (contoso), options.client_secret_expires_at",
        ),
        (
            entry(
                client_secret="s3c~value-of-a-secret",
                client_secret_expires_at="0001-01-01T00:00:00Z",
            ),
            "Entry 1 (contoso), options.client_secret_expires_at",
        ),
        (
            entry(client_secret="s3c~value-of-a-secret", client_secret_expires_at=1801353600),
            "Entry 1 (contoso), options.client_secret_expires_at",
        ),
        (entry(identity_api="v2"), "Entry 1 (contoso), options.identity_api"),
        (
            entry(set_user_root_attributes="sometimes"),
            "Entry 1 (contoso), options.set_user_root_attributes",
        ),
        (entry(icon_url="http://contoso.com/a.png"), "Entry 1 (contoso), options.icon_url"),
        (entry(basic_profile="yes"), "Entry 1 (contoso), options.basic_profile"),
        (entry(tenantId="contoso"), "Entry 1 (contoso), options.tenantId"),
        (
            entry(tenantId=TENANT_ID, azuread_connections={"tenant_id": OTHER_TENANT_ID}),
            "Entry 1 (contoso), options.tenantId",
        ),
        (entry(azuread_connections=[]), "Entry 1 (contoso), options.azuread_connections"),
        (entry(display_name="d" * 129), "Entry 1 (contoso), display_name"),
        (entry(display_name="a\x00b"), "Entry 1 (contoso), display_name"),
        (entry(display_name="a\ud800b"), "Entry 1 (contoso), display_name"),
        (entry(show_as_button="true"), "Entry 1 (contoso), show_as_button"),
        (entry(enabled_clients="default"), "Entry 1 (contoso), enabled_clients"),
        (entry(enabled_clients=[1]), "Entry 1 (contoso), enabled_clients"),
        ("contoso", "Entry 1"),
    ],
)
def test_a_mistake_names_the_entry_and_the_key_and_changes_nothing(file, place):
    # In the same file as a valid entry, which must not be stored, either.
    found = mistakes(file, entry("fabrikam", client_secret="s3c~value-of-a-secret"))
    assert [mistake.split(": ")[0] for mistake in found] == [place]
    assert not Connection.objects.exists()


def test_options_that_are_not_an_object_are_an_error():
    found = mistakes({"name": "contoso", "strategy": "waad", "options": []})
    assert found[0].startswith("Entry 1 (contoso), options: ")


def test_all_errors_of_a_file_are_reported_together():
    found = mistakes(
        entry("contoso", client_id="x", icon_url="ftp://x"),
        entry("fabrikam", tenant_domain=None),
        entry("north wind"),
    )
    assert sorted(mistake.split(": ")[0] for mistake in found) == [
        "Entry 1 (contoso), options.client_id",
        "Entry 1 (contoso), options.icon_url",
        "Entry 2 (fabrikam), options.tenant_domain",
        "Entry 3 (north wind), name",
    ]


def test_a_name_given_twice_is_a_mistake_in_upper_case_too():
    (mistake,) = mistakes(entry("contoso"), entry("fabrikam"), entry("Contoso"))
    assert mistake.startswith("Entry 3 (Contoso), name: ")
    assert "Entry 1 (contoso)" in mistake
    assert not Connection.objects.exists()


def test_a_key_given_twice_in_one_entry_is_a_mistake():
    text = json.dumps(entry()).replace('"client_id"', '"client_id": "x", "client_id"')
    with pytest.raises(ImportRefused, match=r"Entry 1 \(contoso\), options.client_id: .*twice"):
        import_connections(text.encode())


def test_no_mistake_repeats_a_secret():
    found = mistakes(
        entry(client_secret="the secret"),
        entry("fabrikam", client_id="the-secret", identity_api="the-secret", tenantId="the-secret"),
    )
    assert not any("the-secret" in mistake or "the secret" in mistake for mistake in found)


def test_an_empty_list_is_nothing_to_do():
    assert run().outcomes == ()


def test_a_failure_half_way_leaves_nothing(monkeypatch):
    def broken(self: Credential, *args: object, **options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Credential, "save", broken)
    with pytest.raises(RuntimeError):
        run(entry("contoso"), entry("fabrikam", client_secret="s3c~value-of-a-secret"))
    assert not Connection.objects.exists()
