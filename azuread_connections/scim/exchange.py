"""One request of a directory, and what the log says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from ..models import Connection
from .body import read_object
from .responses import location


@dataclass
class Exchange:
    """``subject``: whom or what the request is about, for the log."""

    request: HttpRequest
    connection: Connection
    subject: str = ""

    def read(self, name: str) -> dict[str, Any]:
        """Return the body. ``name``: the attribute that names the resource in the log."""
        content = read_object(self.request)
        named = next((value for key, value in content.items() if key.lower() == name), "")
        if isinstance(named, str) and named:
            self.subject = named
        return content

    def with_meta(self, resource: dict[str, Any], kind: str, row: Any) -> dict[str, Any]:
        """Return a resource with its ``meta`` (RFC 7643 section 3.1)."""
        return {
            **resource,
            "meta": {
                "resourceType": kind,
                "created": _in_utc(row.created_at),
                "lastModified": _in_utc(row.updated_at),
                "location": self.location(f"{kind}s/{row.scim_id}"),
            },
        }

    def location(self, path: str) -> str:
        return location(self.request, self.connection.name, path)


def _in_utc(moment: datetime) -> str:
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
