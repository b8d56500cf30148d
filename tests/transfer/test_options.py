"""The common endpoint, our own options, and the lists: aliases, directories, group mappings."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.models import Connection, DomainAlias, GroupMapping
from azuread_connections.transfer.changes import Action
from tests.transfer.entries import (
    CLIENT_ID,
    GROUP_ID,
    OTHER_GROUP_ID,
    OTHER_TENANT_ID,
    OWN,
    TENANT_ID,
    differences,
    entry,
    mistakes,
    only,
    own,
    quiet,
    run,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("options", "field", "stored"),
    [
        ({"client_id": f"{{{CLIENT_ID.upper()}}}"}, "client_id", CLIENT_ID),
        ({"client_id": CLIENT_ID.replace("-", "")}, "client_id", CLIENT_ID),
        ({"useCommonEndpoint": True}, "use_common_endpoint", True),
        ({"waad_common_endpoint": True}, "use_common_endpoint", True),
        ({"ext_profile": True}, "extended_profile", True),
        ({"ext_groups": True}, "security_groups", True),
        ({"ext_nested_groups": True}, "nested_groups", True),
        ({"max_groups_to_retrieve": "250"}, "max_groups", 250),
        ({"max_groups_to_retrieve": 0}, "max_groups", 0),
        ({"max_groups_to_retrieve": ""}, "max_groups", 500),
        ({"api_enable_users": True}, "enable_users_api", True),
        ({"azuread_connections": {"cloud": "china"}}, "cloud", "china"),
        ({"azuread_connections": {"new_directories": "listed"}}, "new_directories", "listed"),
        ({"azuread_connections": {"prompt": "login"}}, "prompt", "login"),
        ({"azuread_connections": {"prompt": "none"}}, "prompt", ""),
        ({"azuread_connections": {"discover_domain": False}}, "discover_domain", False),
        ({"azuread_connections": {"create_users": False}}, "create_users", False),
        ({"azuread_connections": {"allow_guests": False}}, "allow_guests", False),
        ({"azuread_connections": {"link_by_email": True}}, "link_by_email", True),
        ({"azuread_connections": {"app_roles": True}}, "app_roles", True),
        ({"azuread_connections": {"optional_claims": ["ctry"]}}, "optional_claims", ["ctry"]),
        ({"azuread_connections": {"contact_email": "it@x.org"}}, "contact_email", "it@x.org"),
    ],
)
def test_an_option_of_the_file_is_stored_and_stays_when_a_file_does_not_name_it(
    options, field, stored
):
    run(entry(**options))
    assert getattr(Connection.objects.get(), field) == stored
    assert only(run(entry())).action is Action.NONE
    assert getattr(Connection.objects.get(), field) == stored


@pytest.mark.parametrize(
    "options", [{"tenant_domain": "fabrikam.com"}, {"azuread_connections": {"cloud": "usgov"}}]
)
def test_a_domain_or_cloud_from_a_file_is_not_verified_any_more(options):
    run(entry(tenantId=TENANT_ID))
    DomainAlias.objects.mark_verified(TENANT_ID)
    run(entry(display_name="Contoso"))
    assert DomainAlias.objects.verified().exists()
    run(entry(**options))
    assert not DomainAlias.objects.exclude(verified_at=None).exists()


def test_a_directory_from_a_file_proves_nothing_of_the_domain():
    run(entry())
    DomainAlias.objects.mark_verified(TENANT_ID)
    run(entry(tenantId=TENANT_ID))
    assert not DomainAlias.objects.exclude(verified_at=None).exists()


# The common endpoint.


def test_a_new_connection_for_all_directories_accepts_new_ones_as_auth0_does_with_a_note():
    result = run(quiet(useCommonEndpoint=True))
    assert Connection.objects.get().new_directories == Connection.NewDirectories.ACCEPT
    (note,) = result.notes
    assert "as at Auth0" in note
    assert "set options.azuread_connections.new_directories to “hold”" in note
    assert "new directories: Accept them" in differences(result)
    assert run(quiet(useCommonEndpoint=True)).notes == ()


def test_what_the_file_says_of_new_directories_goes_before_auth0s_way():
    result = run(quiet(useCommonEndpoint=True, azuread_connections={"new_directories": "hold"}))
    assert Connection.objects.get().new_directories == Connection.NewDirectories.HOLD
    assert result.notes == ()


def test_a_stored_connection_keeps_its_policy_when_a_file_opens_it_to_all_directories():
    run(quiet())
    assert run(quiet(useCommonEndpoint=True)).notes == ()
    assert Connection.objects.get().new_directories == Connection.NewDirectories.HOLD


# Domain aliases.


def aliases() -> dict[str, bool]:
    """The domains of the connection, and whether each is its own."""
    return dict(Connection.objects.get().aliases.values_list("domain", "is_primary"))


def test_aliases_are_normalised_and_added_to_the_connections_own_domain():
    result = run(entry(domain_aliases=["Contoso.NET", "bücher.example", " ", "contoso.com"]))
    assert aliases() == {
        "contoso.com": True,
        "contoso.net": False,
        "xn--bcher-kva.example": False,
    }
    assert "domain aliases: contoso.net, xn--bcher-kva.example" in differences(result)


def test_aliases_are_replaced_by_those_listed_and_stay_where_none_are_said():
    run(entry(domain_aliases=["a.example", "b.example"]))
    run(entry())
    assert set(aliases()) == {"contoso.com", "a.example", "b.example"}
    result = run(entry(domain_aliases=["b.example", "c.example"]))
    assert differences(result) == ["domain aliases: a.example, b.example → b.example, c.example"]
    assert set(aliases()) == {"contoso.com", "b.example", "c.example"}
    run(entry(domain_aliases=[]))
    assert set(aliases()) == {"contoso.com"}


def test_an_alias_may_become_the_own_domain_and_the_own_domain_an_alias():
    run(entry(domain_aliases=["fabrikam.com"]))
    swapped = entry(tenant_domain="fabrikam.com", domain_aliases=["contoso.com"])
    run(swapped)
    assert aliases() == {"fabrikam.com": True, "contoso.com": False}
    assert only(run(swapped)).action is Action.NONE


def test_a_changed_domain_is_found_by_and_the_old_one_no_more():
    run(entry())
    run(entry(tenant_domain="fabrikam.com"))
    assert aliases() == {"fabrikam.com": True}
    run(entry(tenant_domain="fabrikam.com", azuread_connections={"discover_domain": False}))
    assert aliases() == {"fabrikam.com": True}


def test_a_wrong_alias_is_named():
    assert mistakes(entry(domain_aliases=["contoso.net", "two words", "gmail.com"])) == [
        "Entry 1 (contoso), options.domain_aliases: “two words”: Enter a domain such as "
        "contoso.com or contoso.onmicrosoft.com.",
        "Entry 1 (contoso), options.domain_aliases: “gmail.com”: Anybody can have an address at "
        "gmail.com: it does not belong to one company.",
    ]


# Directories.


def directories() -> dict[str, tuple[str, str]]:
    rows = Connection.objects.get().directories.all()
    return {row.tenant_id: (row.status, row.domain) for row in rows}


def test_directories_are_stored_with_status_and_domain():
    file = own(
        directories=[
            {"tenant_id": TENANT_ID.upper(), "status": "refused", "domain": "contoso.com"},
            {"tenant_id": OTHER_TENANT_ID},
        ]
    )
    result = run(file)
    assert directories() == {
        TENANT_ID: ("refused", "contoso.com"),
        OTHER_TENANT_ID: ("allowed", ""),
    }
    assert f"directory {TENANT_ID}: refused (contoso.com)" in differences(result)
    assert only(run(file)).action is Action.NONE


def admitted_by() -> str:
    return Connection.objects.get().directories.get(tenant_id=OTHER_TENANT_ID).admitted_by


def test_an_import_does_not_make_automatic_acceptance_permanent():
    listed = {"tenant_id": OTHER_TENANT_ID, "status": "allowed", "admitted_by": "itself"}
    result = run(own(directories=[listed]))
    assert admitted_by() == "itself"
    assert f"directory {OTHER_TENANT_ID}: allowed by itself, at its first sign-in" in differences(
        result
    )
    assert only(run(own(directories=[listed]))).action is Action.NONE


def test_a_file_that_gives_a_status_and_no_more_decides_as_an_administrator():
    run(own(directories=[{"tenant_id": OTHER_TENANT_ID, "admitted_by": "itself"}]))
    # Without the key nothing changes.
    run(own(directories=[{"tenant_id": OTHER_TENANT_ID, "domain": "fabrikam.com"}]))
    assert admitted_by() == "itself"
    run(own(directories=[{"tenant_id": OTHER_TENANT_ID, "status": "allowed"}]))
    assert admitted_by() == "administrator"


def test_who_let_a_directory_in_is_one_of_three():
    file = own(directories=[{"tenant_id": OTHER_TENANT_ID, "admitted_by": "somebody"}])
    [mistake] = mistakes(file)
    assert "admitted_by" in mistake


def test_no_file_pins_a_connection_to_personal_accounts():
    [mistake] = mistakes(quiet(tenantId=PERSONAL_TENANT_ID))
    assert "personal Microsoft accounts" in mistake
    assert not Connection.objects.exists()


def test_a_directory_that_the_file_does_not_list_stays_as_it_is():
    run(own(directories=[{"tenant_id": TENANT_ID, "status": "refused"}]))
    run(own(directories=[{"tenant_id": OTHER_TENANT_ID}]))
    run(own(directories=[]))
    assert directories()[TENANT_ID] == ("refused", "")


def test_a_status_that_the_file_does_not_say_stays_as_it_is():
    run(own(directories=[{"tenant_id": TENANT_ID, "status": "waiting"}]))
    result = run(own(directories=[{"tenant_id": TENANT_ID, "domain": "contoso.com"}]))
    assert directories() == {TENANT_ID: ("waiting", "contoso.com")}
    assert differences(result) == [
        f"directory {TENANT_ID}: waiting for approval → waiting for approval (contoso.com)"
    ]


def test_the_connections_own_directory_has_its_row_and_may_be_listed_too():
    run(own(tenant_id=TENANT_ID))
    assert directories() == {TENANT_ID: ("allowed", "contoso.com")}
    run(own(tenant_id=TENANT_ID, directories=[{"tenant_id": TENANT_ID, "domain": ""}]))
    assert directories() == {TENANT_ID: ("allowed", "")}


# Group mappings.


def mappings() -> set[tuple[Any, ...]]:
    rows = Connection.objects.get().group_mappings.all()
    return set(rows.values_list("directory_group_id", "group__name", "label", "admits"))


def mapping(group: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"directory_group_id": GROUP_ID, "group": group, **fields}


@pytest.fixture
def staff() -> Group:
    return Group.objects.create(name="Staff")


def test_group_mappings_are_stored_with_the_django_group_of_that_name(staff):
    file = own(
        ext_groups=True,
        group_mappings=[
            {"directory_group_id": GROUP_ID.upper(), "group": "Staff", "label": "All staff"},
            {"directory_group_id": OTHER_GROUP_ID, "admits": True},
        ],
    )
    result = run(file)
    assert mappings() == {
        (GROUP_ID, "Staff", "All staff", False),
        (OTHER_GROUP_ID, None, "", True),
    }
    told = f"group mappings: All staff ({GROUP_ID}) as “Staff”, {OTHER_GROUP_ID}, may sign in"
    assert told in differences(result)
    assert only(run(file)).action is Action.NONE


def test_group_mappings_are_replaced_by_those_listed_and_stay_where_none_are_said(staff):
    run(own(ext_groups=True, group_mappings=[mapping("Staff", label="x"), mapping(admits=True)]))
    kept = GroupMapping.objects.get(group=staff).pk
    run(own())
    assert len(mappings()) == 2
    result = run(own(group_mappings=[mapping("Staff", admits=True)]))
    assert mappings() == {(GROUP_ID, "Staff", "x", True)}
    assert GroupMapping.objects.get().pk == kept
    assert len(differences(result)) == 1
    run(own(group_mappings=[]))
    assert mappings() == set()


def test_an_unknown_django_group_is_named(staff):
    file = own(ext_groups=True, group_mappings=[mapping("Staff"), mapping("staff")])
    assert mistakes(file) == [
        f"Entry 1 (contoso), {OWN}.group_mappings, item 2, group: There is no Django group "
        "“staff”. Create it first."
    ]


def roles() -> set[tuple[Any, ...]]:
    rows = Connection.objects.get().group_mappings.all()
    return {(row.role, row.directory_group_id, row.group and row.group.name) for row in rows}


def test_roles_are_mapped_like_groups(staff):
    file = own(app_roles=True, group_mappings=[{"role": "Orders.Approve", "group": "Staff"}])
    assert "group mappings: Orders.Approve as “Staff”" in differences(run(file))
    assert roles() == {("Orders.Approve", "", "Staff")}
    assert only(run(file)).action is Action.NONE
    key = GroupMapping.objects.get().pk
    run(own(group_mappings=[{"role": "orders.approve", "group": "Staff"}]))
    assert roles() == {("orders.approve", "", "Staff")}
    assert GroupMapping.objects.get().pk == key


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group_mappings": [{"role": "A", "directory_group_id": GROUP_ID}]}, "Enter either"),
        ({"group_mappings": [{"role": "two words"}]}, "not an app role's “Value”"),
        ({"group_mappings": [{"role": "A"}, {"role": "A"}]}, "given twice"),
        ({"group_mappings": [{"role": 7}]}, "must be a string"),
        (
            {"group_mappings": [{"role": role, "group": "Staff"} for role in "Aa"]},
            "with other capital letters",
        ),
        ({"app_roles": False, "group_mappings": [{"role": "A"}]}, "need “App roles”"),
        ({"optional_claims": ["oid"]}, "“oid” cannot be kept"),
        ({"optional_claims": "employeeid"}, "must be a list of strings"),
    ],
)
def test_a_wrong_role_or_claim_of_a_file_is_named(staff, options, message):
    assert message in mistakes(own(**{"app_roles": True} | options))[0]


def test_app_roles_cannot_be_switched_off_under_stored_mappings(staff):
    run(own(app_roles=True, group_mappings=[{"role": "A", "admits": True}]))
    (mistake,) = mistakes(own(app_roles=False))
    assert mistake.startswith(f"Entry 1 (contoso), {OWN}.app_roles: The mappings of app roles")
    run(own(app_roles=False, group_mappings=[]))


def test_security_groups_cannot_be_switched_off_under_stored_mappings(staff):
    run(own(ext_groups=True, group_mappings=[mapping("Staff")]))
    (mistake,) = mistakes(own(ext_groups=False))
    assert mistake.startswith("Entry 1 (contoso), options.ext_groups: The group mappings need")
    run(own(ext_groups=False, group_mappings=[]))
    assert Connection.objects.get().security_groups is False


# Errors.


@pytest.mark.parametrize(
    ("file", "place"),
    [
        *(
            (entry(max_groups_to_retrieve=value), "options.max_groups_to_retrieve")
            for value in ("many", "-1", -1, 2.5, True, "²", 10**12, 2**63)
        ),
        (entry(useCommonEndpoint="yes"), "options.useCommonEndpoint"),
        (entry(domain_aliases="contoso.net"), "options.domain_aliases"),
        (own(discover_domain=False, domain_aliases=["contoso.com"]), "options.domain_aliases"),
        (own(cloud="moon"), f"{OWN}.cloud"),
        (own(new_directories="maybe"), f"{OWN}.new_directories"),
        *((own(prompt=value), f"{OWN}.prompt") for value in ("consent", "", "LOGIN", 1, ["login"])),
        (own(create_users="no"), f"{OWN}.create_users"),
        (own(contact_email="it"), f"{OWN}.contact_email"),
        (own(directories=["x"]), f"{OWN}.directories"),
        (own(directories=[{}]), f"{OWN}.directories, item 1, tenant_id"),
        (own(directories=[{"tenant_id": "x.com"}]), f"{OWN}.directories, item 1, tenant_id"),
        (
            own(directories=[{"tenant_id": TENANT_ID}, {"tenant_id": TENANT_ID.upper()}]),
            f"{OWN}.directories, item 2, tenant_id",
        ),
        (
            own(directories=[{"tenant_id": TENANT_ID, "status": "unclear"}]),
            f"{OWN}.directories, item 1, status",
        ),
        (
            own(directories=[{"tenant_id": TENANT_ID, "domain": "d" * 254}]),
            f"{OWN}.directories, item 1, domain",
        ),
        (
            own(ext_groups=True, group_mappings=[{"directory_group_id": "staff"}]),
            f"{OWN}.group_mappings, item 1, directory_group_id",
        ),
        (
            own(ext_groups=True, group_mappings=[mapping(), mapping()]),
            f"{OWN}.group_mappings, item 2, directory_group_id",
        ),
        (
            own(ext_groups=True, group_mappings=[mapping("Nobody")]),
            f"{OWN}.group_mappings, item 1, group",
        ),
        (
            own(ext_groups=True, group_mappings=[mapping(label="l" * 101)]),
            f"{OWN}.group_mappings, item 1, label",
        ),
        (own(group_mappings=[mapping()]), f"{OWN}.group_mappings"),
    ],
)
def test_a_mistake_names_the_key_and_changes_nothing(file, place):
    found = mistakes(file, quiet("fabrikam"))
    assert [mistake.split(": ")[0] for mistake in found] == [f"Entry 1 (contoso), {place}"]
    assert not Connection.objects.exists()
