from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def test_the_sign_in_pages_links_keep_an_allowed_outside_destination(contoso, application, client):
    application.allowed_callback_urls = ["https://portal.example.com/cb"]
    application.save()
    assert (
        "next=https%3A%2F%2Fportal.example.com%2Fcb"
        in client.get("/login/", {"next": "https://portal.example.com/cb"}).content.decode()
    )
