"""Validation of a connection's values, shared by the admin form and the import."""

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

from ..entra.managed_identity import SYSTEM_ASSIGNED
from .consumer_domains import CONSUMER_DOMAINS

NAME_MAX_LENGTH = 128
DOMAIN_MAX_LENGTH = 253
#: URL words of this app: a connection with such a name could never be reached.
RESERVED_NAMES = frozenset({"callback", "profile", "logout", "frontchannel-logout", "setup"})
#: The longest lifetime of a client secret in Microsoft's portal.
SECRET_MAX_LIFETIME = timedelta(days=731)
#: Azure's secrets are about 40 characters long; a shorter value than this was cut off.
SECRET_MIN_LENGTH = 16
#: Hosts that people copy from the address bar instead of a directory's domain.
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
#: Microsoft allows visible ASCII without quotation mark and backslash, and no "." at the beginning.
_APP_ROLE = re.compile(r"(?!\.)[!#-\[\]-~]{1,120}")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def is_plain(text: str) -> bool:
    """Return whether a text has no control characters, line breaks or lone surrogates."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text)


def validate_plain_text(value: str) -> None:
    """Refuse invisible characters, terminal escapes, and what a database cannot store."""
    if not is_plain(value):
        raise ValidationError(
            _(
                "This contains an invisible character, such as a tab. Type the text instead of "
                "pasting it."
            ),
            code="not_plain",
        )


def validate_app_role(value: str) -> None:
    """Refuse what Microsoft does not allow as an app role's value.

    https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
    """
    if not _APP_ROLE.fullmatch(value):
        raise ValidationError(
            _(
                "This is not an app role's “Value”, which has neither spaces nor letters with "
                "accents. Copy it from “App roles” of the app registration, not its display name."
            ),
            code="app_role",
        )


def is_guid(value: str) -> bool:
    return GUID_PATTERN.match(value) is not None


def _guid_within(value: str) -> str | None:
    """Find a GUID in another notation: in braces, without dashes, in upper case."""
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
            _("“%(name)s” is reserved for the sign-in addresses. Choose another name."),
            code="name_reserved",
            params={"name": value},
        )


def clean_domain(value: str) -> str:
    """Return a domain in its stored form: lower case, ASCII (IDNA).

    Raises ``ValidationError``, with the corrected value if it can be guessed.
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
    """Return an email domain in its stored form. Raises ``ValidationError``, also for a domain
    where anybody can have an address."""
    domain = clean_domain(value)
    refuse_consumer_domain(domain)
    return domain


def refuse_consumer_domain(value: str) -> None:
    """Raise ``ValidationError`` for a domain where anybody can have an address.

    The models call this in ``save()``, because many programs do not validate.
    """
    domain = value.strip().rstrip(".").lower()
    if domain in CONSUMER_DOMAINS:
        raise ValidationError(
            _("Anybody can have an address at %(domain)s: it does not belong to one company."),
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
    """Find the domain in a URL, an email address or a text with spaces."""
    compact = "".join(value.split())
    if "://" in compact or "/" in compact:
        try:
            parts = urlsplit(compact if "://" in compact else f"//{compact}")
            compact = parts.hostname or ""
        except ValueError:
            return None
    return _to_ascii(compact.rpartition("@")[2].partition(":")[0])


def clean_client_id(value: str) -> str:
    """Return a client ID in its stored form. Raises ``ValidationError``."""
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
    """Accept a client ID that fits the column; for another notation, suggest the correct one."""
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
            _("A client secret has no spaces and only ASCII characters. Copy the value again."),
            code="secret_characters",
        )
    if len(value) < SECRET_MIN_LENGTH:
        raise ValidationError(
            _("This is too short. Azure's secrets have about 40 characters: copy the whole value."),
            code="secret_short",
        )


def validate_token_file(value: str) -> None:
    validate_plain_text(value)
    if not value.startswith("/"):
        raise ValidationError(
            _("Enter the whole path, such as /var/run/secrets/azure/tokens/azure-identity-token."),
            code="token_file_relative",
        )


def validate_managed_identity(value: str) -> None:
    if value != SYSTEM_ASSIGNED and not is_guid(value):
        raise ValidationError(
            _("Enter the client ID of the managed identity, a GUID, or “system”."),
            code="managed_identity",
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
        # They would be visible to everybody who opens the sign-in page.
        raise ValidationError(
            _("Enter an address without a user name or password."), code="logo_userinfo"
        )


def expiry_warning(expires_at: datetime | None, now: datetime | None = None) -> str | None:
    """Return a warning about an implausible expiry date, or None. The date is allowed."""
    now = now or timezone.now()
    if expires_at is None:
        return None
    if _in_utc(expires_at).date() == _in_utc(now).date() and (
        expires_at > now or _is_bare_date(expires_at)
    ):
        return str(_("The secret expires today: Microsoft refuses it soon, if not already."))
    if expires_at <= now:
        return str(_("The expiry date is in the past: Microsoft already refuses this secret."))
    if expires_at > now + SECRET_MAX_LIFETIME:
        return str(
            _("The expiry date is over 24 months away, longer than Azure allows. Is it correct?")
        )
    return None


def _is_bare_date(moment: datetime) -> bool:
    """Return whether this is a date without a time, which is stored as the start of the day."""
    return _in_utc(moment).time() == time.min


def _in_utc(moment: datetime) -> datetime:
    # Naive times come from a site with USE_TZ off, in its own time zone.
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(UTC)
