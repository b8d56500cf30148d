"""The content of an access token. For the client it is opaque text."""

from __future__ import annotations

from dataclasses import dataclass

from ..directory.apps import App
from ..directory.directories import Directory, Person


@dataclass(frozen=True)
class AccessToken:
    """A token for `resource`. If `person` is None, it is the app's own, with the app's permissions.

    The permissions are those granted when it was issued: a later consent needs a new token.
    """

    directory: Directory
    app: App
    person: Person | None
    permissions: frozenset[str]
    is_for_graph: bool
    expires_at: float

    def may(self, *any_of: str) -> bool:
        return not self.permissions.isdisjoint(any_of)
