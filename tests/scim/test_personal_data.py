"""docs/personal-data.md: its commands delete what a directory has reported about a person."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from django.test import Client

from azuread_connections.models import Identity
from azuread_connections.scim.models import ProvisionedPerson, ProvisioningRequest
from tests.company import Company
from tests.scim.directory import Provisioning, user

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).parents[2] / "docs" / "personal-data.md"


def test_the_pages_commands_delete_a_person_and_nobody_else(
    contoso: Company, directory: Provisioning
) -> None:
    megan = contoso.directory.add_person("Megan Bowen")
    for person in (contoso.person, megan):
        directory.create(user(person.upn, externalId=person.object_id))
    contoso.sign_in(Client())
    identity = Identity.objects.get(object_id=contoso.person.object_id)
    (code,) = re.findall(r"```python\n(\s*from azuread_connections\.scim.*?)```", _page(), re.S)
    exec(textwrap.dedent(code), {"identity": identity})
    identity.user.delete()
    assert ProvisionedPerson.objects.get().user_name == megan.upn
    assert ProvisioningRequest.objects.get().subject == megan.upn


def _page() -> str:
    return PAGE.read_text(encoding="utf-8")
