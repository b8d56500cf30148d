"""Finds the list of connections in the output of Auth0's Management API and its tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from django.utils.translation import gettext as _

from .document import ImportIssue, shown

#: Keys of which an entry has at least one.
_OF_AN_ENTRY = ("name", "strategy", "options")
_MAX_MESSAGE = 200


class UnusableContent(Exception):
    """The file is not a complete list of connections. ``mistake`` says what it contains."""

    def __init__(self, message: str) -> None:
        self.mistake = ImportIssue(_("File"), message)
        super().__init__(message)


def connections_of(content: Any) -> list[Any]:
    """Return the entries of a list, of a page that has all of them, or a single entry.

    Raises ``UnusableContent``, also for one page of several, which would be incomplete.
    """
    if isinstance(content, dict):
        content = _of_object(content)
    if not isinstance(content, list):
        raise UnusableContent(_("This must be a list of connections, or an object of one."))
    return content


def _of_object(content: Mapping[str, Any]) -> Any:
    if "connections" in content:
        require_all(content, "connections")
        return content["connections"]
    if any(key in content for key in _OF_AN_ENTRY):
        return [content]
    if "error" in content or "statusCode" in content:
        raise UnusableContent(
            _("This is an error of the API, not a list of connections: %(error)s")
            % {"error": describe_error(content)}
        )
    return None


def require_all(page: Mapping[str, Any], key: str) -> None:
    """Raise ``UnusableContent`` unless a page has all entries of the list under ``key``."""
    entries = page[key]
    if not isinstance(entries, list):
        return
    if _count(page, "total") > len(entries):
        raise UnusableContent(
            _(
                "This is one page of several: it has %(count)d of %(total)d %(key)s. Fetch all "
                "pages, and put their %(key)s into one list."
            )
            % {"count": len(entries), "total": _count(page, "total"), "key": key}
        )
    if page.get("next") or _count(page, "start"):
        raise UnusableContent(
            _("This is one page of several. Fetch all pages, and put their %(key)s into one list.")
            % {"key": key}
        )


def _count(page: Mapping[str, Any], key: str) -> int:
    value = page.get(key)
    return value if _is_count(value) else 0


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def describe_error(error: Mapping[str, Any]) -> str:
    """Return the text of an error: by Auth0's keys, or those of OAuth 2.0 (RFC 6749 5.2)."""
    keys = ("statusCode", "error", "message", "error_description", "errorCode")
    said = [shown(str(error[key])[:_MAX_MESSAGE]) for key in keys if _is_text(error.get(key))]
    return ", ".join(dict.fromkeys(said))


def _is_text(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, str) and value != "")
