"""A ``*`` in an Allowed Callback or Logout URL, such as ``https://*.preview.example.com/callback``.

It stands for a part of one label, the left-most one, so that every address that it lets in belongs
to whoever owns the rest of the name. That the rest can be owned is known by the Public Suffix List
(https://publicsuffix.org): ``https://*.github.io/`` would let in sites of anybody.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from publicsuffixlist import PublicSuffixList

from ..models import Application

WILDCARD = "*"
#: What browsers send, and RFC 952 allows.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PART = re.compile(r"[a-z0-9-]+")
#: A port has at most five digits.
_AUTHORITY = re.compile(r"https://(?P<label>[^./:@]*)\.(?P<rest>[^/?#:@]+)(:[0-9]{1,5})?([/?].*)?")


def matches(uri: str, pattern: object) -> bool:
    """Return whether an address is one that a listed pattern lets in.

    To the letter but for the ``*``, which stands for one or more of the characters of a label. So
    no dot, slash, "@" or percent sign is ever taken for a part of the host. A pattern that must not
    be listed lets in nothing: a program can have stored it without validating it.
    """
    if not isinstance(pattern, str) or pattern.count(WILDCARD) != 1:
        return False
    before, after = pattern.split(WILDCARD)
    if not uri.startswith(before) or not uri.endswith(after):
        return False
    part = uri[len(before) : len(uri) - len(after)]
    if len(uri) <= len(before) + len(after) or not _PART.fullmatch(part):
        return False
    found = _AUTHORITY.fullmatch(uri)
    return bool(found and _LABEL.fullmatch(found["label"])) and not wildcard_fault(pattern)


def wildcard_fault(url: str) -> str | Promise:
    """Return why an address with a ``*`` cannot be listed; "" if it can."""
    found = _AUTHORITY.fullmatch(url)
    if url.count(WILDCARD) != 1 or found is None or WILDCARD not in found["label"]:
        return _(
            "one “*” is allowed, in the first part of the host, such as "
            "https://*.preview.example.com/callback."
        )
    label, rest = found["label"], found["rest"]
    # A part of the encoding of international names stands for something else than itself.
    if not _LABEL.fullmatch(label.replace(WILDCARD, "a")) or label.startswith("xn--"):
        return _("next to “*” are only lower-case letters, digits and “-” possible.")
    if not all(_LABEL.fullmatch(each) for each in rest.split(".")):
        return _("write the host in lower case, and an international name in its form “xn--…”.")
    if rest.rpartition(".")[2].isdigit() or _suffixes().privatesuffix(rest) is None:
        return _("“%(host)s” is nobody's own: everybody can have a name under it.") % {"host": rest}
    return ""


def listed_wildcards(application: Application) -> list[str]:
    """Return the listed addresses with a ``*``, each once."""
    listed: list[object] = []
    for urls in (application.allowed_callback_urls, application.allowed_logout_urls):
        listed += urls if isinstance(urls, list | tuple) else []
    return [url for url in dict.fromkeys(map(str, listed)) if WILDCARD in url]


@cache
def _suffixes() -> PublicSuffixList:
    """Return the list that the package brings, read once. A suffix that is on no list counts as
    one: of an unknown top-level domain, nobody knows what can be owned."""
    return PublicSuffixList()
