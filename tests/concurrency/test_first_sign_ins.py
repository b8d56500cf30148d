"""Many first sign-ins at the same moment: everybody is signed in, and nobody is created twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User

from azuread_connections.models import Application, Connection, Directory, Event, Identity
from azuread_connections.testing import StandIn
from tests.company import Company, unprove
from tests.concurrency.crowd import SIGNED_IN, assert_counts_agree, come_back_at_once

CROWD = 50


def test_fifty_first_sign_ins_of_one_person_make_one_user(contoso: Company) -> None:
    outcomes = come_back_at_once(contoso, [contoso.person] * CROWD)
    assert outcomes == Counter({SIGNED_IN: CROWD})
    assert_counts_agree(outcomes, people=1)
    assert contoso.microsoft.count("token") == CROWD
    assert User.objects.get().get_username() == contoso.person.upn


def test_fifty_people_of_one_name_are_fifty_users_and_one_has_the_name(contoso: Company) -> None:
    everybody = [contoso.directory.add_person(f"Person {n}") for n in range(CROWD)]

    def share_a_name(header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["preferred_username"] = "reception@contoso.com"

    contoso.microsoft.tamper_id_token(share_a_name, times=None)
    outcomes = come_back_at_once(contoso, everybody)
    assert outcomes == Counter({SIGNED_IN: CROWD})
    assert_counts_agree(outcomes, people=CROWD)
    assert User.objects.filter(username="reception@contoso.com").count() == 1
    # Everybody else is named after the IDs of their identity.
    for identity in Identity.objects.exclude(user__username="reception@contoso.com"):
        assert identity.user.get_username() == f"{identity.object_id}@{identity.tenant_id}"


@pytest.mark.parametrize(("policy", "code"), [("hold", "directory_waiting"), ("accept", SIGNED_IN)])
def test_fifty_first_visitors_of_a_new_directory_make_one_directory(
    microsoft: StandIn, application: Application, policy: str, code: str
) -> None:
    everybody = Company.create(
        microsoft, application, use_common_endpoint=True, new_directories=policy
    )
    everybody.app.multi_tenant = True
    fabrikam = microsoft.add_directory("fabrikam.com")
    everybody.app.grant(fabrikam)
    visitors = [fabrikam.add_person(f"Visitor {n}") for n in range(CROWD)]
    outcomes = come_back_at_once(everybody, visitors)
    assert outcomes == Counter({code: CROWD})
    assert_counts_agree(outcomes, people=outcomes[SIGNED_IN])
    assert everybody.connection.directories.filter(tenant_id=fabrikam.tenant_id).count() == 1
    asked = Event.objects.filter(kind=Event.Kind.DIRECTORY_WAITING).count()
    assert asked == (1 if policy == "hold" else 0)


def test_a_connection_that_is_pinned_by_fifty_first_sign_ins_is_pinned_once(
    contoso: Company,
) -> None:
    Connection.objects.update(tenant_id="")
    unprove()
    Directory.objects.all().delete()
    people = [contoso.directory.add_person(f"Person {n}") for n in range(CROWD)]
    outcomes = come_back_at_once(contoso, people)
    assert outcomes == Counter({SIGNED_IN: CROWD})
    assert_counts_agree(outcomes, people=CROWD)
    assert Connection.objects.get().tenant_id == contoso.directory.tenant_id
    assert Directory.objects.get().tenant_id == contoso.directory.tenant_id
