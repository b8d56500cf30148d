"""Date fields, and times as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models.expiry import day_of, start_of_day


class ExpiryDateField(forms.DateField):
    """A date typed by a person, kept as the time at which that day starts in UTC."""

    # The browser's own picker: it works with keyboard, screen reader and phone, and sends ISO.
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "azuread-date"})
    default_error_messages = {"invalid": _("Enter a date such as 2027-04-30.")}

    def prepare_value(self, value: Any) -> Any:
        return day_of(value) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        try:
            day = super().to_python(value)
            return None if day is None else start_of_day(day)
        except (OverflowError, ValueError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        # Compare days: a stored time that is shown as a date must keep its time on saving.
        try:
            value = self.to_python(data)
        except ValidationError:
            return True
        return (initial and day_of(initial)) != (value and day_of(value))


def short_time(moment: datetime) -> str:
    """Return a time in the format of all pages, which fits a narrow column and sorts as text.

    In the site's time zone: "2027-04-30 09:05".
    """
    return f"{_local(moment):%Y-%m-%d %H:%M}"


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def time_ago(moment: datetime | None, never: str) -> str | SafeString:
    """Render a past time as "3 days ago", with the exact time as tool tip."""
    if moment is None:
        return never
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        words = gettext("just now")
    else:
        words = gettext("%(time)s ago") % {"time": timesince(moment, depth=1)}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), short_time(moment), words
    )
