"""What a connection's values must look like: shared by the admin form and the import."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import idna
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .consumer_domains import CONSUMER_DOMAINS

NAME_MAX_LENGTH = 128
DOMAIN_MAX_LENGTH = 253
#: URL words of this app: a connection of that name could never be reached.
RESERVED_NAMES = frozenset({"callback", "profile", "logout", "frontchannel-logout"})
#: Microsoft's portal offers no longer life for a client secret.
SECRET_MAX_LIFETIME = timedelta(days=731)

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
GUID_PATTERN = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def is_guid(value: str) -> bool:
    return GUID_PATTERN.match(value) is not None


def validate_connection_name(value: str) -> None:
    if not _NAME.fullmatch(value):
        raise ValidationError(
            _(
                "Use only letters, digits and “-”; begin and end with a letter or digit. "
                "For example: contoso-staff"
            ),
            code="name_characters",
        )
    if value.lower() in RESERVED_NAMES:
        raise ValidationError(
            _("“%(name)s” is a word of the sign-in addresses. Choose another name."),
            code="name_reserved",
            params={"name": value},
        )


def clean_domain(value: str) -> str:
    """Return a domain in the form it is stored in: lower case, ASCII (IDNA).

    Raises ``ValidationError``, with the corrected value where one can be guessed.
    """
    value = value.strip()
    domain = _to_ascii(value)
    if domain:
        return domain
    if is_guid(value):
        raise ValidationError(
            _("This is the directory's ID. Enter one of its domains, such as contoso.com."),
            code="domain_guid",
        )
    suggestion = _domain_within(value)
    if suggestion:
        raise ValidationError(
            _("Enter the domain alone: %(domain)s"),
            code="domain_corrected",
            params={"domain": suggestion},
        )
    raise ValidationError(
        _("Enter a domain such as contoso.com or contoso.onmicrosoft.com."), code="domain_invalid"
    )


def validate_domain(value: str) -> None:
    clean_domain(value)


def clean_alias(value: str) -> str:
    """Return an email domain in the form it is stored in. Raises ``ValidationError``, also for a
    domain whose addresses anybody can have."""
    domain = clean_domain(value)
    if domain in CONSUMER_DOMAINS:
        raise ValidationError(
            _("Anybody can have an address at %(domain)s: it belongs to no company."),
            code="alias_consumer",
            params={"domain": domain},
        )
    return domain


def validate_alias(value: str) -> None:
    clean_alias(value)


def _to_ascii(value: str) -> str | None:
    try:
        domain = idna.encode(value.rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        return None
    return domain if _DOMAIN.fullmatch(domain) else None


def _domain_within(value: str) -> str | None:
    """Find the domain that somebody meant in a URL, an email address or a spaced-out text."""
    compact = "".join(value.split())
    if "://" in compact or "/" in compact:
        try:
            parts = urlsplit(compact if "://" in compact else f"//{compact}")
            compact = parts.hostname or ""
        except ValueError:
            return None
    return _to_ascii(compact.rpartition("@")[2].partition(":")[0])


def validate_client_id(value: str) -> None:
    if not is_guid(value):
        raise ValidationError(
            _(
                "Enter the “Application (client) ID” from the registration's overview page. It "
                "looks like 11112222-bbbb-3333-cccc-4444dddd5555."
            ),
            code="client_id_guid",
        )


def validate_client_secret(value: str) -> None:
    if is_guid(value):
        raise ValidationError(
            _(
                "This is the secret's ID. Copy the column “Value” instead; Azure shows it only "
                "once, so make a new secret if it is gone."
            ),
            code="secret_is_id",
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValidationError(
            _("A client secret has no spaces and no special letters. Copy the value again."),
            code="secret_characters",
        )


def validate_logo_url(value: str) -> None:
    try:
        URLValidator(schemes=["https"])(value)
    except ValidationError:
        raise ValidationError(
            _("Enter an address that begins with https://, such as https://contoso.com/logo.png."),
            code="logo_https",
        ) from None


def expiry_warning(expires_at: datetime | None, now: datetime | None = None) -> str | None:
    """Return what is odd about a secret's expiry date, or None. Odd is allowed."""
    now = now or timezone.now()
    if expires_at is None:
        return None
    if expires_at <= now:
        return str(_("The expiry date is in the past: Microsoft refuses this secret already."))
    if expires_at > now + SECRET_MAX_LIFETIME:
        return str(
            _("The expiry date is over 24 months away, longer than Azure allows. Is it right?")
        )
    return None
