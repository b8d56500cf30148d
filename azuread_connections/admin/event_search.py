"""What is typed into the search field of the log, as a condition that indexes answer.

The log can have millions of rows. People and connections are looked up in their own tables, and the
log by their keys.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from ..models import Connection, Event, Identity
from ..models.lookup_index import same_text
from ..models.validators import is_guid

#: More keys than this are not written into a query. Names are not unique: a directory can give
#: many people the same one.
MOST_KEYS = 1_000


@dataclass(frozen=True)
class Sight:
    """Whether somebody may see people and users: a search confirms who is tied to whom."""

    of_people: bool
    of_users: bool


def search_by_index(events: QuerySet[Event], typed: str, sight: Sight) -> QuerySet[Event] | None:
    """Return the events of what was typed whole: a reference, perhaps after other words;
    Microsoft's correlation ID; the name of a connection; the login name or username of a person.

    None if there is no event of such a thing: the text can still be a part of a name.
    """
    words = typed.split()
    if not words:
        return None
    by_reference = events.filter(reference=words[-1].upper())
    if by_reference.exists():
        return by_reference
    text = " ".join(words)
    condition = _correlation(text) if is_guid(text) else _names(text, sight)
    if condition is None:
        return None
    found = events.filter(condition)
    return found if found.exists() else None


def _correlation(text: str) -> Q:
    return same_text("correlation_id", text) & ~Q(correlation_id="")


def _names(text: str, sight: Sight) -> Q | None:
    """Return the condition for the connections and people of this name."""
    connections, people = _connections(text), _people(text, sight)
    if connections is None or people is None:
        return None
    # Without an identity: what staff did, and people who have been deleted since.
    condition = Q(identity=None) & same_text("person", text)
    if people:
        condition |= Q(identity__in=people)
    if connections:
        condition |= Q(connection__in=connections)
    return condition


def _connections(text: str) -> list[int] | None:
    rows: QuerySet[Connection] = Connection._default_manager.order_by()
    by_name = rows.filter(name_key=text.lower()).values_list("pk", flat=True)
    by_title = rows.filter(same_text("display_name", text)).values_list("pk", flat=True)
    return _limited_keys(by_name.union(by_title))


def _people(text: str, sight: Sight) -> list[int] | None:
    """Return the keys of the identities with this login name, or of the user with this name.

    They may have another name by now than their events, and the other way round.
    """
    if not sight.of_people:
        return []
    rows: QuerySet[Identity] = Identity._default_manager.order_by()
    found = rows.filter(same_text("login_name", text)).values_list("pk", flat=True)
    if sight.of_users:
        with suppress(ValueError, ValidationError):  # a username that is no text
            username = f"user__{get_user_model().USERNAME_FIELD}"
            found = found.union(rows.filter(**{username: text}).values_list("pk", flat=True))
    return _limited_keys(found)


def _limited_keys(keys: QuerySet[Any, int]) -> list[int] | None:
    """Return the keys; None if they are too many."""
    # Unordered, also a union: Django 6.1 would order it by columns that it has not.
    few = list(keys.order_by()[: MOST_KEYS + 1])
    return few if len(few) <= MOST_KEYS else None
