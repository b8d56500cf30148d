from __future__ import annotations

from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.management import call_command

from azuread_connections.models import Application, ApplicationHost
from azuread_connections.models.application import create_default_application

pytestmark = pytest.mark.django_db


def test_there_is_a_default_application_after_each_migration_and_only_one() -> None:
    Application.objects.all().delete()
    for _ in range(2):
        call_command("migrate", verbosity=0)
        assert Application.objects.get().slug == "default"


def test_an_application_under_another_name_is_not_given_a_neighbour() -> None:
    Application.objects.update(name="Portal", slug="portal")
    create_default_application("default")
    assert Application.objects.get().slug == "portal"


def test_without_tables_there_is_no_default_application(django_assert_num_queries: Any) -> None:
    """As after `migrate azuread_connections zero`."""
    with django_assert_num_queries(0):
        create_default_application("default", apps=Apps())


def test_hosts_are_stored_as_browsers_send_them(application: Application) -> None:
    application.set_hosts(["Bücher.example:8443", "PORTAL.example.com", "😀.example"])
    assert application.hosts == ["portal.example.com", "xn--bcher-kva.example:8443", "😀.example"]


def test_hosts_are_replaced_and_in_lower_case(application):
    application.set_hosts(["Portal.example.com", "b.example.com"])
    application.set_hosts(["portal.example.com"])
    assert list(ApplicationHost.objects.values_list("host", flat=True)) == ["portal.example.com"]
