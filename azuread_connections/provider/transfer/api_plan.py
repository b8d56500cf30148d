"""Plans the APIs and client grants of an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...transfer.document import ImportIssue, shown
from ..models import API, ClientGrant
from .changes import APIChange, ClientChange, GrantChange, label_of, listed
from .entry import APIEntry, GrantEntry
from .matching import Stored


def plan_api(entry: APIEntry, stored: API | None) -> APIChange:
    """Compare an API of the file with what is stored."""
    api = stored or API(identifier=entry.identifier)
    change = APIChange(name=entry.identifier, is_new=stored is None, api=api)
    values = {
        "name": entry.name,
        "scopes": None if entry.scopes is None else dict(entry.scopes),
        "token_lifetime": entry.token_lifetime,
    }
    given = {name: value for name, value in values.items() if value is not None}
    change.fields = change.set_fields(api, given)
    try:
        api.full_clean(exclude=set() if change.is_new else {"identifier"})
    except ValidationError as error:
        for name, errors in error.error_dict.items():
            for each in errors:
                change.refuse(f"{entry.place}, {name}", each)
    return change


class GrantPlanner:
    """Compares the grants of a file with what is stored. Those that it does not list are kept.

    ``apis``: those of the file and those stored, by identifier.
    """

    def __init__(
        self,
        clients: Sequence[ClientChange],
        apis: Mapping[str, API],
        stored: Stored,
        grants: Iterable[ClientGrant],
    ) -> None:
        self._stored = stored
        self._apis = apis
        self._grants = {(grant.client_id, grant.api_id): grant for grant in grants}
        self._of_file = {change.name: change.client for change in reversed(clients)}
        # An ID takes precedence over a name that is the same.
        self._of_file |= {change.client_id: change.client for change in clients if change.client_id}
        self._seen: set[tuple[int, str]] = set()

    def plan(self, entry: GrantEntry) -> GrantChange:
        client = self._of_file.get(entry.client) or self._stored.find_client(entry.client)
        api = self._apis.get(entry.audience)
        grant = self._grants.get((client.pk, api.pk)) if client and api else None
        change = GrantChange(
            name=f"{shown(entry.client)} → {shown(entry.audience)}",
            is_new=grant is None,
            grant=grant or ClientGrant(),
            client=client,
            api=api,
        )
        self._check(entry, change)
        if not change.mistakes:
            _plan_scopes(entry, change)
        return change

    def _check(self, entry: GrantEntry, change: GrantChange) -> None:
        def refuse(key: str, message: str) -> None:
            change.mistakes.append(ImportIssue(f"{entry.place}, {key}", message))

        if change.client is None:
            message = _("There is no client “%(client)s”, here or in the file.")
            refuse("client_id", message % {"client": shown(entry.client)})
        elif (id(change.client), entry.audience) in self._seen:
            refuse("client_id", _("The grant of this client and API is given twice."))
        else:
            self._seen.add((id(change.client), entry.audience))
        if change.api is None:
            message = _("There is no API “%(audience)s”, here or in the file.")
            refuse("audience", message % {"audience": shown(entry.audience)})
            return
        known = change.api.scope_descriptions
        if unknown := [scope for scope in entry.scopes if scope not in known]:
            message = _("The API does not have these scopes: %(scopes)s.")
            refuse("scope", message % {"scopes": listed(unknown)})


def _plan_scopes(entry: GrantEntry, change: GrantChange) -> None:
    before = change.grant.scope.split()
    if change.is_new or set(before) != set(entry.scopes):
        change.grant.scope = " ".join(entry.scopes)
        change.tell(label_of(change.grant, "scope"), listed(entry.scopes), listed(before))
