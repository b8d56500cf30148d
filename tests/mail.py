"""Django's settings for mail, which differ between Django 6.1 and earlier versions."""

from __future__ import annotations

from typing import Any

import django

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def set_admins(settings: Any, *addresses: str) -> None:
    pairs = [(address.partition("@")[0], address) for address in addresses]
    settings.ADMINS = list(addresses) if django.VERSION >= (6, 0) else pairs


def set_mail_backend(settings: Any, backend: str, **options: Any) -> None:
    """Send mail by a backend. ``options``: "host" and "port" of SMTP's."""
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
        return
    settings.EMAIL_BACKEND = backend
    for name, value in options.items():
        setattr(settings, f"EMAIL_{name.upper()}", value)
