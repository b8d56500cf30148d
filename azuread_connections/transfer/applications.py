"""Which application a client of the file means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from ..models import Application
from .document import ImportIssue


class Applications:
    """Finds applications by what a file may call them.

    ``mapping``: from an ID in the file to a slug (``--application ID=SLUG``). It goes before a
    slug, a slug before an ``external_id`` or a name: Auth0's deploy CLI writes names.
    ``mistakes``: slugs of the mapping that are none.
    """

    def __init__(self, applications: Iterable[Application], mapping: Mapping[str, str]) -> None:
        self._by_slug: dict[str, Application] = {}
        self._by_external_id: defaultdict[str, list[Application]] = defaultdict(list)
        self._by_name: dict[str, Application] = {}
        for application in applications:
            self._by_slug[application.slug] = application
            self._by_name[application.name] = application
            if application.external_id:
                self._by_external_id[application.external_id].append(application)
        self._mapping = mapping
        self._asked_for: set[str] = set()
        self.mistakes = [
            ImportIssue(
                f"--application {client}={slug}",
                _("There is no application with the slug “%(slug)s”.") % {"slug": slug},
            )
            for client, slug in mapping.items()
            if slug not in self._by_slug
        ]

    def candidates(self, client: str) -> list[Application]:
        """Return the applications that a client may mean: none if unknown, several if ambiguous.

        An external ID need not be unique, and may be another application's name. Guessing could
        let people in where nobody meant to.
        """
        self._asked_for.add(client)
        slug = self._mapping.get(client, client)
        if slug in self._by_slug:
            return [self._by_slug[slug]]
        if client in self._mapping:
            return []
        found = list(self._by_external_id.get(client, ()))
        by_name = self._by_name.get(client)
        return found if by_name is None or by_name in found else [*found, by_name]

    def unused(self) -> list[str]:
        """IDs of the mapping that no entry names: a slip of the pen, perhaps."""
        return [client for client in self._mapping if client not in self._asked_for]
