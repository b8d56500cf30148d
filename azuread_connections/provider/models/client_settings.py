"""What the settings of an OAuth client may hold, besides what its fields check themselves."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ...models.destinations import destination_error, invalid_destination
from ...models.validators import is_plain

#: Auth0's limits for ``client_metadata``.
MAX_METADATA_ENTRIES = 10
MAX_METADATA_LENGTH = 255


def validate_client_id(value: str) -> None:
    """Refuse a client ID that is not one of OAuth 2.0 (RFC 6749 appendix A.1), or that could be
    taken for a person: in a token that a machine has for itself it is ``sub`` (RFC 9068 section 5).
    """
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValidationError(
            _("A client ID has only ASCII characters, and no spaces."), code="not_ascii"
        )
    if "|" in value:
        raise ValidationError(
            _("A client ID contains no “|”: user IDs do, and an API could take it for one."),
            code="like_a_user_id",
        )


def validate_client_url(value: str) -> None:
    """Refuse anything else than ``https://…``, or ``http://…`` on loopback, without a fragment.

    A logout token, or the page that shows the logo, must not be readable on its way.
    """
    if value and (reason := destination_error(value, own_schemes=False)):
        raise invalid_destination(value, reason)


def validate_metadata(value: object) -> None:
    """Refuse anything else than a few short texts by name, as Auth0 does."""
    if not isinstance(value, dict):
        raise ValidationError(_("Enter texts by name."), code="not_an_object")
    if len(value) > MAX_METADATA_ENTRIES:
        raise ValidationError(
            _("At most %(number)d entries."),
            code="too_many",
            params={"number": MAX_METADATA_ENTRIES},
        )
    if errors := [error for entry in value.items() if (error := _metadata_error(*entry))]:
        raise ValidationError(errors)


def _metadata_error(name: object, text: object) -> ValidationError | None:
    shown = str(name)[:40]
    if not isinstance(name, str) or not name or not isinstance(text, str):
        message = _("“%(name)s”: name and value must be texts.")
        return ValidationError(message, code="not_a_text", params={"name": shown})
    if max(len(name), len(text)) > MAX_METADATA_LENGTH:
        message = _("“%(name)s”: name and value have at most %(number)d characters each.")
        params = {"name": shown, "number": MAX_METADATA_LENGTH}
        return ValidationError(message, code="too_long", params=params)
    if not is_plain(name + text):
        message = _("“%(name)s” contains an invisible character.")
        return ValidationError(message, code="not_plain", params={"name": shown})
    return None
