from __future__ import annotations

from collections import Counter
from html import unescape

from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.models import Connection
from tests.admin.pages import change_page, filled_in
from tests.company import Company
from tests.concurrency.crowd import all_at_once

CHANGED = "has changed this connection since you opened it"


def test_only_the_first_of_many_simultaneous_saves_succeeds(contoso: Company) -> None:
    connection = contoso.connection
    user = get_user_model().objects.create_superuser("administrator")
    clients = [Client() for _ in range(8)]
    for client in clients:
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    page = clients[0].get(change_page(connection))
    opened = filled_in(connection) | {
        "client_id": connection.client_id,
        "shown_state": page.context["adminform"].form.initial["shown_state"],
    }

    def save(number: int) -> str:
        data = opened | {"display_name": f"Contoso {number}"}
        answer = clients[number].post(change_page(connection), data)
        if answer.status_code == 302:
            return f"Contoso {number}"
        assert CHANGED in unescape(answer.content.decode())
        return "told"

    outcomes = Counter(all_at_once([lambda n=n: save(n) for n in range(len(clients))]))
    assert outcomes.pop("told") == len(clients) - 1
    assert list(outcomes) == [Connection.objects.get().display_name]
