from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.microsoft.client import find_directory
from azuread_connections.models import Application, Connection, Identity
from azuread_connections.models import connection as connection_model
from azuread_connections.testing.standin import StandIn
from tests.admin.conftest import CLIENT_ID
from tests.admin.pages import ADD, change_page, field_errors, filled_in, messages_on, text

OTHER_GUID = "99998888-aaaa-7777-bbbb-6666cccc5555"


def directory_of(microsoft: StandIn, domain: str) -> str:
    return find_directory(domain=domain, cloud="global", identity_api="v2.0")


def test_a_connection_is_created_with_its_directory_found(
    boss: Client, microsoft: StandIn, application: Application
) -> None:
    response = boss.post(ADD, filled_in(enabled_applications=[application.pk]), follow=True)

    connection = Connection.objects.get()
    assert connection.tenant_id == directory_of(microsoft, "contoso.com")
    assert list(connection.applications.all()) == [application]
    found = f"The domain contoso.com is directory {connection.tenant_id}."
    assert ("success", found) in messages_on(response)
    assert ("warning", "Nobody can sign in with contoso until it has a credential.") in (
        messages_on(response)
    )


def test_a_sole_application_is_preselected(boss: Client, application: Application) -> None:
    form = boss.get(ADD).context["adminform"].form
    assert form.initial["enabled_applications"] == [application.pk]


def test_of_several_applications_none_is_preselected(
    boss: Client, application: Application
) -> None:
    Application.objects.create(name="Portal", slug="portal")
    form = boss.get(ADD).context["adminform"].form
    assert form.initial["enabled_applications"] == []


def test_applications_are_enabled_and_disabled(boss: Client, connection: Connection) -> None:
    portal = Application.objects.create(name="Portal", slug="portal")
    boss.post(change_page(connection), filled_in(connection, enabled_applications=[portal.pk]))
    assert list(connection.applications.all()) == [portal]
    boss.post(change_page(connection), filled_in(connection, enabled_applications=[]))
    assert not connection.applications.exists()


def test_the_headings_and_callback_url_are_shown(boss: Client, connection: Connection) -> None:
    for url in (ADD, change_page(connection)):
        response = boss.get(url)
        page = text(response)
        position = 0
        for words in (
            "Callback URL to register in Azure (platform Web)",
            "http://testserver/login/callback",
            "General",
            "Connection name",
            "Display name",
            "Logo URL",
            "Microsoft Azure AD Domain",
            "Domain aliases",
            "Find by the Azure AD domain",
            "Cloud",
            "Credentials",
            "Client ID",
            "Client Secret",
            "Expiry date",
            "Options",
            "Identity API",
            "Use common endpoint",
            "New directories",
            "Attributes",
            "Basic Profile",
            "Extended Profile",
            "Security Groups",
            "Nested groups",
            "Groups to keep",
            "Enable Users API",
            "Sync user profile attributes at each login",
            "Who gets in",
            "Create users at their first sign-in",
            "Let guests of the directory in",
            "Link existing users by email",
            "Applications",
            "Show as button",
        ):
            position = page.index(words, position)


def test_every_host_of_an_application_has_its_callback_url(
    boss: Client, application: Application
) -> None:
    application.set_hosts(["portal.example.com"])
    assert "http://portal.example.com/login/callback" in text(boss.get(ADD))


def test_the_page_has_no_inline_script_of_ours(boss: Client, connection: Connection) -> None:
    html = boss.get(change_page(connection)).content.decode()
    assert "azuread_connections/admin.js" in html
    assert " onclick=" not in html
    assert " style=" not in html


def test_the_button_and_logo_are_previewed(boss: Client, connection: Connection) -> None:
    connection.logo_url = "https://contoso.com/logo.png"
    connection.save()
    response = boss.get(change_page(connection))
    assert "Continue with Contoso" in text(response)
    assert (
        '<img class="azuread-logo" width="20" height="20" alt="" src="https://contoso.com/logo.png"'
    ) in response.content.decode()


def test_markup_in_a_name_is_shown_and_not_run(boss: Client, connection: Connection) -> None:
    connection.display_name = "<script>alert(1)</script>"
    connection.save()
    for url in (change_page(connection), "/admin/azuread_connections/connection/"):
        assert b"<script>alert(1)" not in boss.get(url).content


# --- Bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Enter a name"),
        ("name", "con toso", "Use only letters, digits and “-”"),
        ("name", "-contoso", "Use only letters, digits and “-”"),
        ("name", "contoso_", "Use only letters, digits and “-”"),
        ("name", "cöntoso", "Use only letters, digits and “-”"),
        ("name", "callback", "reserved for the sign-in addresses"),
        ("name", "x" * 129, "128"),
        ("domain", "", "Enter the directory's domain"),
        ("domain", "https://contoso.com/start", "Enter the domain alone: contoso.com"),
        ("domain", "megan@contoso.com", "Enter the domain alone: contoso.com"),
        ("domain", "contoso .com", "Enter the domain alone: contoso.com"),
        ("domain", "contoso", "Enter a domain such as contoso.com"),
        ("domain", OTHER_GUID, "This is the directory's ID"),
        ("client_id", "", "Enter the registration's “Application (client) ID”"),
        ("client_id", "contoso-app", "Enter the “Application (client) ID”"),
        ("client_id", CLIENT_ID + "0", "Enter the “Application (client) ID”"),
        ("new_secret", OTHER_GUID, "This is the secret's ID. Copy the column “Value”"),
        ("new_secret", "two words", "A client secret has no spaces"),
        ("logo_url", "http://contoso.com/logo.png", "begins with https://"),
        ("logo_url", "javascript:alert(1)", "begins with https://"),
        (
            "new_secret_expires",
            "2027-04-30",
            "Also enter the client secret that expires on this day",
        ),
    ],
)
def test_a_wrong_value_gets_one_message_at_its_field_and_nothing_is_stored(
    boss: Client, microsoft: StandIn, field: str, value: str, message: str
) -> None:
    response = boss.post(ADD, filled_in(**{field: value}))
    errors = field_errors(response)
    others = set(errors) - {field, "new_secret"}
    assert not others
    assert len(errors[field]) == 1
    assert message in errors[field][0]
    assert not Connection.objects.exists()
    # Microsoft is asked about a form only if everything else is valid.
    assert microsoft.requests == []


def test_an_impossible_date_is_refused(boss: Client, microsoft: StandIn) -> None:
    data = filled_in(new_secret="abc8Q~secret-0123456789", new_secret_expires="2027-02-30")
    errors = field_errors(boss.post(ADD, data))
    assert errors["new_secret_expires"] == ["Enter a date such as 2027-04-30."]


@pytest.mark.parametrize("name", ["contoso", "CONTOSO"])
def test_a_name_is_taken_in_any_case(
    boss: Client, microsoft: StandIn, connection: Connection, name: str
) -> None:
    errors = field_errors(boss.post(ADD, filled_in(name=name)))
    assert "A connection called" in errors["name"][0]
    assert Connection.objects.count() == 1


def test_a_name_never_changes(boss: Client, connection: Connection) -> None:
    assert b'name="name" value="contoso"' in boss.get(change_page(connection)).content
    assert (
        boss.get(change_page(connection))
        .context["adminform"]
        .form["name"]
        .as_widget()
        .count("readonly")
    )
    response = boss.post(change_page(connection), filled_in(connection, name="fabrikam"))
    assert field_errors(response) == {
        "name": ["The name is part of addresses and cannot be changed. It stays “contoso”."]
    }
    connection.refresh_from_db()
    assert connection.name == "contoso"


def test_spaces_and_case_around_ids_are_put_right_silently(
    boss: Client, microsoft: StandIn
) -> None:
    data = filled_in(client_id=f"  {CLIENT_ID.upper()} ", domain=" Contoso.COM ")
    assert boss.post(ADD, data).status_code == 302
    connection = Connection.objects.get()
    assert (connection.client_id, connection.domain) == (CLIENT_ID, "contoso.com")


# --- The directory --------------------------------------------------------------------------


def test_an_unknown_domain_is_an_error_at_its_field(boss: Client, microsoft: StandIn) -> None:
    errors = field_errors(boss.post(ADD, filled_in(domain="contosso.com")))
    assert errors == {
        "domain": ["Microsoft knows no directory with the domain contosso.com: check the spelling."]
    }
    assert not Connection.objects.exists()


@pytest.mark.parametrize("api", ["v1.0", "v2.0"])
@pytest.mark.parametrize(
    ("cloud", "label"),
    [
        ("usgov", "US Government (GCC High)"),
        ("dod", "US Government (DoD)"),
        ("china", "China (21Vianet)"),
    ],
)
def test_a_directory_in_another_cloud_is_an_error_at_the_cloud_that_names_it(
    boss: Client, microsoft: StandIn, cloud: Any, label: str, api: str
) -> None:
    microsoft.add_directory("agency.example", cloud=cloud)
    data = filled_in(domain="agency.example", identity_api=api)
    assert field_errors(boss.post(ADD, data)) == {
        "cloud": [
            f"This directory is in the cloud “{label}”. Choose this cloud, and register the app "
            "in it: no other cloud knows the app."
        ]
    }
    assert not Connection.objects.exists()


def test_a_directory_for_customers_is_an_error_at_the_domain(
    boss: Client, microsoft: StandIn
) -> None:
    microsoft.add_directory("shop.example", cloud="external_id")
    [message] = field_errors(boss.post(ADD, filled_in(domain="shop.example")))["domain"]
    assert "External ID (ciamlogin.com)" in message
    assert not Connection.objects.exists()


def test_a_gcc_directory_is_found_in_the_global_cloud(boss: Client, microsoft: StandIn) -> None:
    agency = microsoft.add_directory("agency.example", cloud="gcc")
    assert boss.post(ADD, filled_in(domain="agency.example")).status_code == 302
    assert Connection.objects.get().tenant_id == agency.tenant_id


def test_saving_does_not_fail_because_microsoft_is_down(boss: Client, microsoft: StandIn) -> None:
    microsoft.stop()
    response = boss.post(ADD, filled_in(), follow=True)
    connection = Connection.objects.get()
    assert connection.tenant_id == ""
    warnings = [message for level, message in messages_on(response) if level == "warning"]
    assert warnings[0].startswith(
        "Saved, but Microsoft could not be asked about the domain contoso.com. Its directory "
        "will be looked up at the first sign-in."
    )


def test_a_directory_not_found_before_is_found_at_the_next_save(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    Connection.objects.update(tenant_id="")
    boss.post(change_page(connection), filled_in(connection))
    connection.refresh_from_db()
    assert connection.tenant_id == directory_of(microsoft, "contoso.com")


def test_microsoft_is_not_asked_about_a_domain_that_stays(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    boss.post(change_page(connection), filled_in(connection, display_name="Contoso Ltd"))
    assert microsoft.requests == []
    connection.refresh_from_db()
    assert connection.display_name == "Contoso Ltd"


def test_another_domain_of_the_same_directory_is_accepted(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    microsoft.add_directory("contoso.example", tenant_id=connection.tenant_id)
    response = boss.post(change_page(connection), filled_in(connection, domain="contoso.example"))
    assert response.status_code == 302
    connection.refresh_from_db()
    assert connection.domain == "contoso.example"


@pytest.fixture
def person(connection: Connection, boss: Client, django_user_model: Any) -> Identity:
    return Identity.objects.create(
        user=django_user_model.objects.get(),
        cloud="global",
        tenant_id=connection.tenant_id,
        object_id=OTHER_GUID,
        connection=connection,
    )


def test_another_directory_is_trusted_only_on_request(
    boss: Client, microsoft: StandIn, connection: Connection, person: Identity
) -> None:
    pinned = connection.tenant_id
    fabrikam = microsoft.add_directory("fabrikam.com").tenant_id
    assert "Trust the other directory" not in visible_labels(boss.get(change_page(connection)))

    response = boss.post(change_page(connection), filled_in(connection, domain="fabrikam.com"))
    errors = field_errors(response)
    assert errors["domain"] == [
        f"fabrikam.com belongs to another directory ({fabrikam}) than the one this connection "
        f"trusts ({pinned}). 1 person of the present directory last signed in with this "
        "connection. If you trust the other one, people of the present one can no longer sign in. "
        "To do so, tick the box below."
    ]
    assert "Trust the other directory" in visible_labels(response)
    connection.refresh_from_db()
    assert (connection.domain, connection.tenant_id) == ("contoso.com", pinned)

    data = filled_in(connection, domain="fabrikam.com", trust_directory=fabrikam)
    response = boss.post(change_page(connection), data, follow=True)
    connection.refresh_from_db()
    assert (connection.domain, connection.tenant_id) == ("fabrikam.com", fabrikam)
    assert ("success", f"The domain fabrikam.com is directory {fabrikam}.") in messages_on(response)


def test_a_moved_trust_ends_in_the_log_and_the_list(
    boss: Client, microsoft: StandIn, connection: Connection, person: Identity
) -> None:
    connection.use_common_endpoint = True
    connection.save()
    pinned = connection.tenant_id
    fabrikam = microsoft.add_directory("fabrikam.com").tenant_id
    data = filled_in(connection, domain="fabrikam.com", trust_directory=fabrikam)
    assert boss.post(change_page(connection), data).status_code == 302
    connection.refresh_from_db()
    assert connection.directories.get(tenant_id=pinned).status_today == "refused"
    assert connection.directories.get(tenant_id=fabrikam).status_today == "allowed"
    assert pinned in connection.events.get(kind="directory_moved").message


def personal_accounts(microsoft: StandIn) -> None:
    base = f"{microsoft.url}/{PERSONAL_TENANT_ID}"
    document = {"issuer": f"{base}/v2.0", "token_endpoint": f"{base}/oauth2/v2.0/token"}
    body, kind = json.dumps(document), "application/json"
    microsoft.fault("discovery", times=None, status=200, body=body, content_type=kind)


@pytest.mark.parametrize("common", ["", "on"])
def test_a_domain_of_personal_accounts_is_refused(
    boss: Client, microsoft: StandIn, application: Application, common: str
) -> None:
    personal_accounts(microsoft)
    data = filled_in(domain="mail.example", enabled_applications=[application.pk])
    data |= {"use_common_endpoint": common} if common else {}
    errors = field_errors(boss.post(ADD, data))
    assert "belongs to the directory of personal Microsoft accounts" in errors["domain"][0]
    assert not Connection.objects.exists()


def test_one_that_was_pinned_to_them_before_is_put_right_by_the_form(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    own = connection.tenant_id
    contoso = microsoft.directories[0].tenant_id
    assert own != PERSONAL_TENANT_ID
    Connection.objects.update(tenant_id=PERSONAL_TENANT_ID)
    personal_accounts(microsoft)
    assert "domain" in field_errors(boss.post(change_page(connection), filled_in(connection)))
    microsoft.clear_faults()
    assert boss.post(change_page(connection), filled_in(connection)).status_code == 302
    connection.refresh_from_db()
    assert connection.tenant_id == contoso


def test_trusting_one_directory_does_not_trust_a_third(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    fabrikam = microsoft.add_directory("fabrikam.com").tenant_id
    microsoft.add_directory("northwind.com")
    data = filled_in(connection, domain="northwind.com", trust_directory=fabrikam)
    assert "domain" in field_errors(boss.post(change_page(connection), data))


def test_a_changed_domain_keeps_the_directory_while_microsoft_is_down(
    boss: Client, microsoft: StandIn, connection: Connection
) -> None:
    microsoft.stop()
    data = filled_in(connection, domain="fabrikam.com")
    response = boss.post(change_page(connection), data, follow=True)
    pinned = connection.tenant_id
    connection.refresh_from_db()
    assert (connection.domain, connection.tenant_id) == ("fabrikam.com", pinned)
    warnings = " ".join(message for level, message in messages_on(response) if level == "warning")
    assert f"still trusts the directory {pinned}" in warnings


def test_the_directory_is_shown_once_known(boss: Client, connection: Connection) -> None:
    assert connection.tenant_id in text(boss.get(change_page(connection)))
    assert "Directory ID:" in text(boss.get(change_page(connection)))
    Connection.objects.update(tenant_id="")
    assert "Directory ID:" not in text(boss.get(change_page(connection)))


def test_the_directory_cannot_be_posted(boss: Client, connection: Connection) -> None:
    data = filled_in(connection, tenant_id=OTHER_GUID, verified_at="")
    boss.post(change_page(connection), data)
    pinned = connection.tenant_id
    connection.refresh_from_db()
    assert connection.tenant_id == pinned
    assert connection.aliases.verified().exists()


def visible_labels(response: Any) -> str:
    lines = [line for fieldset in response.context["adminform"] for line in fieldset]
    return " ".join(
        str(field.label_tag()) for line in lines if line.has_visible_field for field in line
    )


# --- View permission only -------------------------------------------------------------------


def test_who_may_only_look_sees_everything_and_changes_nothing(
    staff: Callable[..., Client], connection: Connection
) -> None:
    client = staff("view_connection")
    page = text(client.get(change_page(connection)))
    for words in ("contoso.com", CLIENT_ID, connection.tenant_id, "Basic Profile", "Default App"):
        assert words in page
    html = client.get(change_page(connection)).content.decode()
    assert 'name="new_secret"' not in html
    assert 'name="_save"' not in html
    response = client.post(change_page(connection), filled_in(connection, display_name="Mine"))
    assert response.status_code == 403
    assert client.post(ADD, filled_in(name="mine")).status_code == 403
    assert Connection.objects.get().display_name == "Contoso"


def test_without_permission_there_is_no_page(
    staff: Callable[..., Client], connection: Connection
) -> None:
    client = staff()
    for url in (ADD, change_page(connection), "/admin/azuread_connections/connection/"):
        assert client.get(url).status_code == 403


# --- A double click on "Save" ---------------------------------------------------------------


def stored_meanwhile(**kwargs: Any) -> str:
    """Microsoft's answer, during which the first of two clicks stores its connection."""
    Connection.objects.create(name="Contoso", domain="contoso.com", client_id=CLIENT_ID)
    return find_directory(**kwargs)


def test_a_double_click_adds_one_connection_with_a_message(
    boss: Client, microsoft: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azuread_connections.microsoft.client.find_directory", stored_meanwhile)
    errors = field_errors(boss.post(ADD, filled_in()))
    assert "A connection called “contoso” already" in errors["name"][0]
    assert Connection.objects.count() == 1


def test_two_saves_at_the_very_same_moment_add_one_connection(
    boss: Client, microsoft: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first one's connection becomes visible only after the second one's two checks.
    looks = iter([False, False])
    monkeypatch.setattr(
        "azuread_connections.admin.connection.forms.is_taken", lambda _name: next(looks)
    )
    real = connection_model.is_taken
    monkeypatch.setattr(connection_model, "is_taken", lambda name: next(looks, True) and real(name))
    Connection.objects.create(name="contoso", domain="contoso.com", client_id=CLIENT_ID)
    errors = field_errors(boss.post(ADD, filled_in()))
    assert "A connection called “contoso” already" in errors["name"][0]
