"""What the customer's administrator has entered and Microsoft has not accepted yet.

It is kept with the link, so that nothing typed is lost, and away from the connection: a value that
is wrong, or that belongs to another company, never reaches a connection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import Any

from django.views.decorators.debug import sensitive_variables

from ..credentials.certificates import create_certificate
from ..models import Credential, Sealed, SetupLink
from ..models.credential import HINT_LENGTH
from ..models.expiry import start_of_day
from .locks import locked

#: How long a certificate lasts that is made here.
_CERTIFICATE_YEARS = 1
_Kind = Credential.Kind
#: Next to the draft in ``SetupLink.draft``: the keys of the credentials that were entered with the
#: link and accepted. See ``credentials.remember_entered``.
ENTERED = "entered"


@dataclass(frozen=True)
class Draft:
    """``kind``: of the credential that will be tested. ``secret`` and ``key`` are encrypted.

    ``expires_at``: the day on which the secret ends, in ISO format.
    """

    domain: str = ""
    client_id: str = ""
    kind: str = ""
    secret: str = field(default="", repr=False)
    hint: str = ""
    expires_at: str = ""
    key: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)

    @classmethod
    def of(cls, link: SetupLink) -> Draft:
        known = {each.name for each in fields(cls)}
        stored: dict[str, Any] = link.draft
        return cls(**{name: value for name, value in stored.items() if name in known})

    def store(self, link: SetupLink) -> None:
        kept = {name: value for name, value in link.draft.items() if name == ENTERED}
        link.draft = kept | {name: value for name, value in asdict(self).items() if value}
        link.save(update_fields=["draft"])

    @sensitive_variables("secret")
    def with_secret(self, secret: str) -> Draft:
        """Raises ``ImproperlyConfigured`` if the site has no usable encryption key."""
        sealed = Sealed.seal(secret).ciphertext
        return replace(self, kind=_Kind.SECRET, secret=sealed, hint=secret[:HINT_LENGTH])

    @property
    def day(self) -> date | None:
        return date.fromisoformat(self.expires_at) if self.expires_at else None

    @property
    def credential(self) -> Credential | None:
        """The credential to test, not stored; None if there is none, or no key can decrypt it."""
        if self.kind == _Kind.SECRET and self.secret:
            made = Credential(kind=_Kind.SECRET, value=Sealed(self.secret), hint=self.hint)
            made.expires_at = start_of_day(self.day) if self.day else None
        elif self.kind == _Kind.CERTIFICATE and self.certificate:
            made = self.certificate_made
        else:
            return None
        return made if made.is_readable else None

    @property
    def certificate_made(self) -> Credential:
        """The certificate that was made for this link."""
        made = Credential(
            kind=_Kind.CERTIFICATE, value=Sealed(self.key), certificate=self.certificate
        )
        made.derive()
        return made


def certificate_for(link: SetupLink) -> Credential:
    """Return the certificate to upload in Azure. It is made once for each link.

    Raises ``ImproperlyConfigured`` if the site has no usable encryption key.
    """
    if not Draft.of(link).certificate:
        # Before the lock: it takes a while.
        pair = create_certificate(link.connection_name, _CERTIFICATE_YEARS)
        key = Sealed.seal(pair.private_key).ciphertext
        with locked(link):
            draft = Draft.of(link)
            if not draft.certificate:
                draft = replace(draft, key=key, certificate=pair.certificate)
            replace(draft, kind=_Kind.CERTIFICATE).store(link)
    elif Draft.of(link).kind != _Kind.CERTIFICATE:
        with locked(link):
            replace(Draft.of(link), kind=_Kind.CERTIFICATE).store(link)
    return Draft.of(link).certificate_made
