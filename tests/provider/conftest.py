from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Application
from tests.browser.conftest import chromium
from tests.company import Company
from tests.provider.devices import GRANT_TYPE
from tests.provider.relying_party import RelyingParty

#: Here alone: a second copy of the fixture would start a second Playwright, which cannot be.
__all__ = ["chromium"]


@pytest.fixture
def portal(contoso: Company) -> RelyingParty:
    """A confidential client that Contoso's people can sign in to."""
    return RelyingParty.create(contoso)


@pytest.fixture
def spa(contoso: Company) -> RelyingParty:
    """A public client in a browser."""
    return RelyingParty.create(
        contoso, application_type=Application.Type.SPA, web_origins=["https://spa.example"]
    )


@pytest.fixture
def machine(db: None) -> RelyingParty:
    return RelyingParty.create(application_type=Application.Type.MACHINE_TO_MACHINE)


@pytest.fixture
def adele(contoso: Company, portal: RelyingParty) -> Client:
    """The browser of a person who has signed in to the portal."""
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    return browser


@pytest.fixture
def television(contoso: Company) -> RelyingParty:
    """A public client on devices."""
    return RelyingParty.create(
        contoso,
        application_type=Application.Type.NATIVE,
        grant_types=[GRANT_TYPE, "refresh_token"],
    )


@pytest.fixture
def viewer(contoso: Company, television: RelyingParty) -> Client:
    """The browser of a person who has signed in to the television's application."""
    browser = Client()
    contoso.sign_in(browser, application=television.application.slug)
    return browser
