"""The events of a set-up's trials."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from azuread_connections.login.log import setup_events
from azuread_connections.models import Application, Event
from azuread_connections.setup.links import create_link
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def test_a_text_of_any_length_and_letter_is_stored(application: Application) -> None:
    link = create_link(applications=[application], name="Contoso").link
    outcome = {
        "works": False,
        "code": "microsoft_error",
        "summary": "",
        "detail": "\x00 😀" * 5000,
        "profile": {"username": "a\x00" * 500},
    }
    setup_events.record_trial(RequestFactory().get("/"), link, outcome)
    event = Event.objects.get(kind="setup_step")
    assert event.reference == link.reference
    assert len(event.person) == 254
    assert len(event.message) == 4000


def test_a_refused_domain_of_one_link_hides_no_other(application: Application) -> None:
    owner = ConnectionFactory.create(name="northwind")
    links = [create_link(applications=[application], name=name).link for name in ("a", "b")]
    for link in links * 2:
        setup_events.record_domain_refused(owner, link, f"The set-up of {link.connection_name}.")
    events = Event.objects.filter(kind="setup_step", connection=owner).order_by("pk")
    assert [(each.message, each.count) for each in events] == [
        ("The set-up of a.", 2),
        ("The set-up of b.", 2),
    ]


def test_two_links_are_counted_apart(application: Application) -> None:
    links = [create_link(applications=[application], name="Contoso").link for _ in range(2)]
    for link in links:
        setup_events.record_trial(
            RequestFactory().get("/"), link, {"works": True, "profile": {"username": "adele"}}
        )
    events = Event.objects.filter(kind="setup_step")
    assert {event.reference for event in events} == {link.reference for link in links}
