"""What a connection's values must look like: shared by the admin form and the import."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit
from uuid import UUID

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
#: Azure's are about 40 characters long; what is shorter than this was cut off on the way.
SECRET_MIN_LENGTH = 16
#: What somebody copies from the browser's address bar instead of a directory's domain.
MICROSOFT_HOSTS = frozenset(
    {
        "entra.microsoft.com",
        "entra.microsoft.us",
        "graph.microsoft.com",
        "graph.windows.net",
        "login.microsoft.com",
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
        "login.windows.net",
        "portal.azure.cn",
        "portal.azure.com",
        "portal.azure.us",
        "sts.windows.net",
    }
)

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
GUID_PATTERN = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def is_plain(text: str) -> bool:
    """No control characters or line breaks, nor what a database cannot store: lone surrogates."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text)


def validate_plain_text(value: str) -> None:
    """Refuse what nobody sees, what writes on a terminal, and what no import would take."""
    if not is_plain(value):
        raise ValidationError(
            _(
                "This holds a letter that cannot be seen, such as a tab or an escape. Type it "
                "instead of pasting it."
            ),
            code="not_plain",
        )


def is_guid(value: str) -> bool:
    return GUID_PATTERN.match(value) is not None


def _guid_within(value: str) -> str | None:
    """Find the GUID that is written another way: in braces, without dashes, in upper case."""
    try:
        return str(UUID(value))
    except ValueError:
        return None


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
    suggestion = None if domain else _domain_within(value)
    if domain in MICROSOFT_HOSTS or suggestion in MICROSOFT_HOSTS:
        raise ValidationError(
            _(
                "This is Microsoft's address. Enter one of the directory's domains, such as "
                "contoso.com."
            ),
            code="domain_microsoft",
        )
    if domain:
        return domain
    if _guid_within(value):
        raise ValidationError(
            _("This is the directory's ID. Enter one of its domains, such as contoso.com."),
            code="domain_guid",
        )
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
    clean_alias(value)


def clean_alias(value: str) -> str:
    """Return an email domain in the form it is stored in. Raises ``ValidationError``, also for a
    domain whose addresses anybody can have."""
    domain = clean_domain(value)
    refuse_consumer_domain(domain)
    return domain


def refuse_consumer_domain(value: str) -> None:
    """Raise ``ValidationError`` for a domain whose addresses anybody can have.

    The models ask this in ``save()``, which is all that many programs call.
    """
    domain = value.strip().rstrip(".").lower()
    if domain in CONSUMER_DOMAINS:
        raise ValidationError(
            _("Anybody can have an address at %(domain)s: it belongs to no company."),
            code="alias_consumer",
            params={"domain": domain},
        )


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


def clean_client_id(value: str) -> str:
    """Return a client ID in the form it is stored in. Raises ``ValidationError``."""
    client_id = _guid_within(value.strip())
    if client_id is None:
        raise ValidationError(
            _(
                "Enter the “Application (client) ID” from the registration's overview page. It "
                "looks like 11112222-bbbb-3333-cccc-4444dddd5555."
            ),
            code="client_id_guid",
        )
    return client_id


def validate_client_id(value: str) -> None:
    """Accept a client ID that fits the column, and suggest one that stands in braces."""
    client_id = clean_client_id(value)
    if not is_guid(value):
        raise ValidationError(
            _("Enter the client ID alone, with its dashes: %(client_id)s"),
            code="client_id_corrected",
            params={"client_id": client_id},
        )


def validate_client_secret(value: str) -> None:
    if _guid_within(value):
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
    if len(value) < SECRET_MIN_LENGTH:
        raise ValidationError(
            _("This is too short. Azure's are about 40 characters long: copy the whole value."),
            code="secret_short",
        )


def validate_logo_url(value: str) -> None:
    try:
        URLValidator(schemes=["https"])(value)
    except ValidationError:
        raise ValidationError(
            _("Enter an address that begins with https://, such as https://contoso.com/logo.png."),
            code="logo_https",
        ) from None
    if "@" in urlsplit(value).netloc:
        # Everybody who sees the sign-in page would be told them.
        raise ValidationError(
            _("Enter an address without a user name or password."), code="logo_userinfo"
        )


def expiry_warning(expires_at: datetime | None, now: datetime | None = None) -> str | None:
    """Return what is odd about a secret's expiry date, or None. Odd is allowed."""
    now = now or timezone.now()
    if expires_at is None:
        return None
    if _in_utc(expires_at).date() == _in_utc(now).date() and (
        expires_at > now or _is_bare_date(expires_at)
    ):
        return str(_("The secret expires today: soon Microsoft refuses it, if not already."))
    if expires_at <= now:
        return str(_("The expiry date is in the past: Microsoft refuses this secret already."))
    if expires_at > now + SECRET_MAX_LIFETIME:
        return str(
            _("The expiry date is over 24 months away, longer than Azure allows. Is it right?")
        )
    return None


def _is_bare_date(moment: datetime) -> bool:
    """A date without a time is stored as its start, so that it says nothing of the hour."""
    return _in_utc(moment).time() == time.min


def _in_utc(moment: datetime) -> datetime:
    # Naive times come from a site with USE_TZ off, in its own time zone.
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(UTC)
