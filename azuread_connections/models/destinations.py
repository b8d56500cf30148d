"""Addresses outside this site to which people may be sent: after signing in, after signing out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..conf import is_loopback

#: A longer one would not fit into the transaction's cookie.
MAX_DESTINATION_LENGTH = 512
#: What every application may use.
WEB_SCHEMES = frozenset({"http", "https"})
# RFC 8252 section 7.1: a scheme of an app's own is a domain name in reverse order, so it has a dot.
# None of the schemes that a browser runs or opens itself has one: javascript, data, vbscript, file,
# blob, about, view-source, intent.
_APP_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")


def scheme_of(url: str) -> str:
    """Return an address's scheme in lower case; "" for a path, or for what is not an address."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def is_app_scheme(scheme: str) -> bool:
    """Return whether a scheme can be a native application's own, such as ``com.example.app``."""
    return _APP_SCHEME.fullmatch(scheme) is not None


def is_listed(url: str, allowed_urls: object) -> bool:
    """Return whether an address is one of the allowed ones, to the letter.

    Only with a scheme of the web or of an app, whatever the list holds: a program may have written
    it without validating. ``allowed_urls`` comes from a JSON column, so it may be anything.
    """
    if not isinstance(allowed_urls, list | tuple) or url not in allowed_urls:
        return False
    scheme = scheme_of(url)
    return scheme in WEB_SCHEMES or is_app_scheme(scheme)


def validate_destinations(urls: object, *, app_schemes: bool) -> None:
    """Raise ``ValidationError`` unless this is a list of complete addresses.

    ``app_schemes``: whether schemes of an app's own are allowed.
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
    """Say why a URL is no place for a sign-in to end; "" if it is one."""
    try:
        return next(_faults(url, own_schemes), "")
    except ValueError:
        return _("it is not a complete address.")


def _faults(url: str, own_schemes: bool) -> Iterator[str | Promise]:
    if not url.isprintable() or " " in url or "\\" in url:
        yield _("it has spaces, backslashes or control characters.")
    if len(url) > MAX_DESTINATION_LENGTH:
        yield _("it is longer than 512 characters.")
    if "*" in url:
        yield _("a wildcard is not allowed: enter each address in full.")
    if "#" in url:
        yield _("leave out the part from “#” on.")
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        yield _("leave out the user name and password.")
    if is_app_scheme(parts.scheme):
        if not own_schemes:
            yield _("only a native application can have a scheme of its own.")
        if not parts.netloc and not parts.path:
            yield _("it is not a complete address.")
        return
    if parts.scheme not in WEB_SCHEMES or not parts.hostname:
        yield _("enter a complete address that begins with https://.")
    if parts.port == 0 or parts.netloc.endswith(":"):
        yield _("its port is wrong.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        yield _("it must begin with https:// (http:// only for localhost).")
