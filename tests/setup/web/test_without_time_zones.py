"""A site with USE_TZ=False: each page of a set-up, from the link to the approval."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from azuread_connections.models import SetupLink
from azuread_connections.setup.invitation import invitation
from tests.company import Company
from tests.factories import UserFactory
from tests.setup.invited import Invited


@pytest.fixture(autouse=True)
def _naive(settings: Any) -> None:
    settings.USE_TZ = False


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


@pytest.mark.parametrize(
    "step", ["welcome", "register", "credentials", "domains", "permissions", "try", "done"]
)
def test_each_step_is_shown(customer: Invited, step: str) -> None:
    SetupLink.objects.update(step="done")
    assert f'data-setup-step="{step}"' in customer.get(step)


def test_a_trial_works_and_the_link_is_approved(customer: Invited) -> None:
    assert "It works" in customer.try_it()
    assert customer.post("try", finish="1")["Location"] == customer.path("done")
    admin = Client()
    admin.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    url = reverse("admin:azuread_connections_setuplink_approve", args=[customer.link.pk])
    page = admin.get(url)
    assert admin.post(url, {"seen": page.context["seen"]}).status_code == 302
    assert "Your colleagues can sign in" in customer.get("done")


def test_the_email_says_until_when(customer: Invited) -> None:
    mail = invitation(customer.link, "https://app.example.com/login/setup/x", ["Portal"])
    assert f"{customer.link.expires_at:%H:%M} (UTC)" in mail.body
