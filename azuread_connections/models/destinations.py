"""Addresses outside this site to which people may be sent after signing in or out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..hosts import is_loopback

#: A longer destination would not fit into the transaction's cookie.
MAX_DESTINATION_LENGTH = 512
#: Schemes that every application may use.
WEB_SCHEMES = frozenset({"http", "https"})
# RFC 8252 section 7.1: an app's private scheme is a domain name in reverse order, so it has a dot.
# The schemes that a browser runs or opens itself have none: javascript, data, vbscript, file, blob,
# about, view-source, intent.
_APP_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")


#: Returns why an address with a "*" cannot be listed, "" if it can. Without an entry none can:
#: the core knows no wildcards. The optional sub-app, which does, adds its own.
WILDCARD_RULES: list[Callable[[str], str | Promise]] = []


def scheme_of(url: str) -> str:
    """Return an address's scheme in lower case; "" for a path or an invalid address."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def is_app_scheme(scheme: str) -> bool:
    """Return whether it can be a native application's private scheme: ``com.example.app``."""
    return _APP_SCHEME.fullmatch(scheme) is not None


def is_listed(url: str, allowed_urls: object) -> bool:
    """Return whether an address matches one of the allowed ones exactly.

    A "*" is not a wildcard here: an address that contains one is never listed.
    Its scheme must be a web or app scheme, whatever the list holds: a program can have stored the
    list without validating it. ``allowed_urls`` comes from a JSON column, so it can be anything.
    """
    if not isinstance(allowed_urls, list | tuple) or url not in allowed_urls or "*" in url:
        return False
    scheme = scheme_of(url)
    return scheme in WEB_SCHEMES or is_app_scheme(scheme)


def validate_destinations(urls: object, *, app_schemes: bool) -> None:
    """Raise ``ValidationError`` unless this is a list of complete addresses.

    ``app_schemes``: whether private schemes of apps are allowed.
    """
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ValidationError(_("Enter a list of addresses."), code="not_a_list")
    reasons = [(url, destination_error(url, own_schemes=app_schemes)) for url in urls]
    if errors := [invalid_destination(url, reason) for url, reason in reasons if reason]:
        raise ValidationError(errors)


def invalid_destination(url: str, reason: str | Promise) -> ValidationError:
    return ValidationError(
        _("“%(line)s”: %(reason)s"), code="url", params={"line": url, "reason": reason}
    )


def destination_error(url: str, *, own_schemes: bool) -> str | Promise:
    """Return why people cannot be sent to a URL; "" if they can."""
    try:
        return next((fault for fault in _faults(url, own_schemes) if fault), "")
    except ValueError:
        return _("it is not a complete address.")


def _wildcard_fault(url: str) -> str | Promise:
    if not WILDCARD_RULES:
        return _("a wildcard is not allowed: enter each address in full.")
    return next((fault for rule in WILDCARD_RULES if (fault := rule(url))), "")


def _faults(url: str, own_schemes: bool) -> Iterator[str | Promise]:
    if not url.isprintable() or " " in url or "\\" in url:
        yield _("it contains spaces, backslashes or control characters.")
    if len(url) > MAX_DESTINATION_LENGTH:
        yield _("it is longer than 512 characters.")
    if "*" in url:
        yield _wildcard_fault(url)
    if "#" in url:
        yield _("remove the part from “#” on.")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        yield _("remove the user name and password.")
    if is_app_scheme(parts.scheme):
        if not own_schemes:
            yield _("only a native application can use a private scheme.")
        if not parts.netloc and not parts.path:
            yield _("it is not a complete address.")
        return
    if own_schemes and parts.scheme not in WEB_SCHEMES and "://" in url:
        yield _("a scheme of one's own needs a dot, such as com.example.app://callback.")
    if parts.scheme not in WEB_SCHEMES or not parts.hostname:
        yield _("enter a complete address that begins with https://.")
    if parts.port == 0 or parts.netloc.endswith(":"):
        yield _("its port is not valid.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        yield _("it must begin with https:// (http:// only for localhost).")
