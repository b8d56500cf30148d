"""Finds the application for a client in the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from ..models import Application
from .document import ImportIssue


class Applications:
    """Finds applications by the identifiers that a file can use.

    ``mapping``: from an ID in the file to a slug (``--application ID=SLUG``). It takes precedence
    over a slug, and a slug over an ``external_id`` or a name: Auth0's deploy CLI writes names.
    ``mistakes``: unknown slugs in the mapping.
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
        """Return the applications that match a client: none if unknown, several if ambiguous.

        An external ID need not be unique, and can be another application's name. A wrong guess
        could let people in to the wrong application.
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
        """Return the IDs of the mapping that no entry names, probably by a typing mistake."""
        return [client for client in self._mapping if client not in self._asked_for]
