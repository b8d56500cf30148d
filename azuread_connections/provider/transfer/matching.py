"""Finds what is stored of the clients in the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from oauth2_provider.models import get_application_model

from ...conf import conf
from ...models import Application, Connection, EnabledConnection
from ...transfer.document import ImportIssue, shown
from ..models import OAuthClient
from .entry import ClientEntry
from .fields import CLIENT_ID, NAME

#: Why an import does not make this site's own application a client, by the key that names it.
_OWN_APPLICATION = {
    NAME: gettext_lazy(
        "This site's own application, “%(slug)s”, has this name. Rename the client in the file, or "
        "the application here."
    ),
    CLIENT_ID: gettext_lazy(
        "This site's own application, “%(slug)s”, has this external ID. Remove it there, or take "
        "the client out of the file."
    ),
}


@dataclass(frozen=True)
class Match:
    """The application of an entry, and the client that it is, if they are there."""

    application: Application | None = None
    client: OAuthClient | None = None
    mistakes: list[ImportIssue] = field(default_factory=list)


class Stored:
    """The applications and clients of the database, by all that a file can know them by."""

    def __init__(self, using: str) -> None:
        self.slugs: set[str] = set()
        self._by_name: dict[str, Application] = {}
        self._by_external_id: defaultdict[str, list[Application]] = defaultdict(list)
        self._by_client_id: dict[str, OAuthClient] = {}
        self._by_application: dict[int, OAuthClient] = {}
        self._using = using
        for application in Application._default_manager.using(using):
            self.slugs.add(application.slug)
            self._by_name[application.name] = application
            if application.external_id:
                self._by_external_id[application.external_id].append(application)
        clients = OAuthClient.objects.using(using).select_related(
            "application", "oauth_application"
        )
        for client in clients.prefetch_related("web_origin_rows"):
            self._by_client_id[client.client_id] = client
            self._by_application[client.application_id] = client
        # Rows of django-oauth-toolkit that are no clients of ours.
        rows = get_application_model()._default_manager.using(using)
        self._taken = set(rows.values_list("client_id", flat=True)) - set(self._by_client_id)

    def match(self, entry: ClientEntry) -> Match:
        """Find an entry's application by its client ID, then its external ID, then its name.

        This site's own application never becomes a client by an import.
        """
        if client := self._by_client_id.get(entry.client_id):
            return Match(client.application, client)
        candidates = self._by_external_id.get(entry.client_id, []) if entry.client_id else []
        if len(candidates) > 1:
            slugs = ", ".join(sorted(application.slug for application in candidates))
            return self._refused(
                entry,
                CLIENT_ID,
                _("Several applications have this external ID: %(slugs)s.") % {"slugs": slugs},
            )
        application = candidates[0] if candidates else self._by_name.get(entry.name)
        client = self._by_application.get(application.pk) if application else None
        if client is not None and entry.client_id:
            return self._refused(
                entry,
                CLIENT_ID if candidates else NAME,
                _("The application “%(name)s” is a client with another ID, %(client_id)s.")
                % {"name": shown(client.application.name), "client_id": shown(client.client_id)},
            )
        if application and client is None and application.slug == conf.default_application:
            # Auth0, too, calls its first application “Default App”.
            key = CLIENT_ID if candidates else NAME
            return self._refused(
                entry, key, str(_OWN_APPLICATION[key]) % {"slug": application.slug}
            )
        if client is None and entry.client_id in self._taken:
            return self._refused(
                entry,
                CLIENT_ID,
                _("django-oauth-toolkit has another application with this client ID."),
            )
        return Match(application, client)

    def find_client(self, name: str) -> OAuthClient | None:
        """Find a client by its ID, or by its name."""
        if client := self._by_client_id.get(name):
            return client
        application = self._by_name.get(name)
        return self._by_application.get(application.pk) if application else None

    def connections(self, entries: Iterable[ClientEntry]) -> dict[str, Connection]:
        """Return the connections that entries name, by the key of their name."""
        keys = sorted({name.lower() for entry in entries for name in entry.connections})
        rows = Connection._default_manager.using(self._using)
        found: dict[str, Connection] = {}
        for start in range(0, len(keys), 500):
            for connection in rows.filter(name_key__in=keys[start : start + 500]):
                found[connection.name_key] = connection
        return found

    def enabled(self, application: Application) -> list[Connection]:
        pairs = EnabledConnection._default_manager.using(self._using)
        pairs = pairs.filter(application=application).select_related("connection")
        return [pair.connection for pair in pairs.order_by("connection__name_key")]

    @staticmethod
    def _refused(entry: ClientEntry, key: str, message: str) -> Match:
        return Match(mistakes=[ImportIssue(f"{entry.place}, {key}", message)])
