from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from azuread_connections.models import SetupLink
from azuread_connections.setup.invitation import invitation
from tests.factories import SetupLinkFactory

pytestmark = pytest.mark.django_db
URL = "https://portal.example.com/login/setup/token"


def test_the_email_says_what_it_is_for_and_until_when() -> None:
    link = SetupLinkFactory.create(created_by_name="Robin Sales")
    mail = invitation(link, URL, ["Portal", "Intranet"])
    assert mail.subject == "Set up sign-in with Microsoft for Portal, Intranet"
    for part in (
        f"\n{URL}\n",
        "about ten minutes",
        f"{link.expires_at:%H:%M} (UTC)",
        "Robin Sales",
    ):
        assert part in mail.body


def test_the_email_of_a_renewal_asks_for_a_credential_only() -> None:
    link = SetupLinkFactory.create(purpose=SetupLink.Purpose.RENEW)
    mail = invitation(link, URL, [])
    assert mail.subject == "Renew the credential for sign-in with Microsoft"
    assert URL in mail.body


def test_the_mailto_address_has_all_of_it() -> None:
    mail = invitation(SetupLinkFactory.create(), URL, ["A & B?"])
    address = urlsplit(mail.mailto("it+help@contoso.com"))
    assert (address.scheme, address.path) == ("mailto", "it%2Bhelp@contoso.com")
    assert parse_qs(address.query) == {
        "subject": [mail.subject],
        "body": [mail.body.replace("\n", "\r\n")],
    }


def test_an_address_adds_no_header_to_the_mailto_address() -> None:
    mail = invitation(SetupLinkFactory.create(), URL, [])
    forged = mail.mailto("a@contoso.com?bcc=x@fabrikam.com&cc=y@fabrikam.com")
    assert set(parse_qs(urlsplit(forged).query)) == {"subject", "body"}
