"""Fields that hold a list: one entry per line, or separated by commas, each validated."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ...hosts import ascii_host
from ...models.destinations import destination_error, invalid_destination
from ...models.optional_claims import validate_claim_name
from ...models.validators import clean_alias

#: Auth0's limit; more in one form is a mistake.
MOST_ENTRIES = 1000

_SEPARATORS = re.compile(r"[\r\n,]+")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}(:|$))({_LABEL}\.)*{_LABEL}(:(?P<port>[0-9]{{1,5}}))?")


class LinesField(forms.CharField):
    """A text area whose value is a list of strings, each once, in the order typed."""

    widget = forms.Textarea(
        attrs={
            "rows": 3,
            "class": "vLargeTextField azuread-lines",
            "spellcheck": "false",
            "autocapitalize": "none",
        }
    )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        typed = value if isinstance(value, list) else _SEPARATORS.split(value or "")
        lines = [line.strip() for line in typed]
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self, value: Any) -> list[str]:
        """Return the entries as they are stored. Each invalid entry gets its own message."""
        lines = self.to_python(value)
        self.validate(lines)
        if len(lines) > MOST_ENTRIES:
            raise ValidationError(
                _("At most %(number)d entries."), code="too_many", params={"number": MOST_ENTRIES}
            )
        good, wrong = [], []
        for line in lines:
            try:
                good.append(self.clean_line(line))
            except ValidationError as error:
                wrong.append(error)
        if wrong:
            raise ValidationError(wrong)
        return list(dict.fromkeys(good))

    def clean_line(self, line: str) -> str:
        """Return one entry as it is stored. Raises ``ValidationError``."""
        return line

    def has_changed(self, initial: Any, data: Any) -> bool:
        return sorted(initial or []) != sorted(self.to_python(data))


class HostsField(LinesField):
    """Hosts of this site: ``portal.example.com`` or ``localhost:8000``."""

    def clean_line(self, line: str) -> str:
        host = ascii_host(line)
        if not is_host(host):
            raise ValidationError(
                _(
                    "“%(line)s” is not a host. Enter the host alone, with its port if it has one, "
                    "such as portal.example.com or localhost:8000."
                ),
                code="host",
                params={"line": line},
            )
        return host


class AliasesField(LinesField):
    """Email domains, which must be a company's own."""

    def clean_line(self, line: str) -> str:
        try:
            return clean_alias(line)
        except ValidationError as error:
            raise ValidationError(
                _("“%(line)s”: %(reason)s"),
                code="alias",
                params={"line": line, "reason": " ".join(error.messages)},
            ) from None


class ClaimNamesField(LinesField):
    """Names of claims that a connection may keep. How many there can be, the model says."""

    def clean_line(self, line: str) -> str:
        validate_claim_name(line)
        return line


class URLsField(LinesField):
    """Absolute addresses, stored unchanged because they are compared exactly."""

    #: Whether private schemes are allowed, such as ``com.example.app://callback``.
    own_schemes = False

    def clean_line(self, line: str) -> str:
        if reason := destination_error(line, own_schemes=self.own_schemes):
            raise invalid_destination(line, reason)
        return line


def is_host(value: str) -> bool:
    match = _HOST.fullmatch(value)
    return match is not None and 0 < int(match["port"] or 443) < 65536
