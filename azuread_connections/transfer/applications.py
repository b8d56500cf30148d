"""Which application a client of the file means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from ..models import Application
from .document import Mistake


class Applications:
    """Finds applications by what a file may call them.

    ``mapping``: from an ID in the file to a slug (``--application ID=SLUG``). It goes before a
    slug, and a slug before an ``external_id``. ``mistakes``: slugs of the mapping that are none.
    """

    def __init__(self, applications: Iterable[Application], mapping: Mapping[str, str]) -> None:
        self._by_slug: dict[str, Application] = {}
        self._by_external_id: defaultdict[str, list[Application]] = defaultdict(list)
        for application in applications:
            self._by_slug[application.slug] = application
            if application.external_id:
                self._by_external_id[application.external_id].append(application)
        self._mapping = mapping
        self._asked_for: set[str] = set()
        self.mistakes = [
            Mistake(
                f"--application {client}={slug}",
                _("There is no application with the slug “%(slug)s”.") % {"slug": slug},
            )
            for client, slug in mapping.items()
            if slug not in self._by_slug
        ]

    def find(self, client: str) -> Application | None:
        """Return the one application that is meant, or None: unknown, or more than one."""
        self._asked_for.add(client)
        if client in self._mapping:
            return self._by_slug.get(self._mapping[client])
        if client in self._by_slug:
            return self._by_slug[client]
        # An external ID need not be unique: guessing could let people in where nobody meant to.
        candidates = self._by_external_id.get(client, [])
        return candidates[0] if len(candidates) == 1 else None

    def unused(self) -> list[str]:
        """IDs of the mapping that no entry names: a slip of the pen, perhaps."""
        return [client for client in self._mapping if client not in self._asked_for]
