"""Many first sign-ins at the same moment: everybody comes in, and nobody twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.models import User

from azuread_connections.models import Identity
from tests.company import Company
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
    # Everybody else is named after the key of their own identity.
    for identity in Identity.objects.exclude(user__username="reception@contoso.com"):
        assert identity.user.get_username() == f"{identity.object_id}@{identity.tenant_id}"
