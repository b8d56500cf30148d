"""Asks Graph for what the options of a connection need beyond the ID token."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ...conf import conf
from ...entra.errors import EntraError
from ...entra.graph import Group
from ...entra.tokens import TokenResponse
from ...microsoft import client as microsoft
from ...models import Connection, Event
from ..log import events

Result = TypeVar("Result")


@dataclass(frozen=True)
class Enrichment:
    """The extended profile, and all groups. None: not asked for, or not complete.

    ``problems``: Graph's errors, as sentences.
    """

    profile: dict[str, Any] | None = None
    groups: tuple[Group, ...] | None = None
    problems: tuple[str, ...] = ()


def enrich(connection: Connection, tokens: TokenResponse) -> Enrichment:
    """Ask Graph for what the connection's options need.

    A failed question is logged and leaves None: a partial list of groups is never returned.
    """
    if not connection.extended_profile and not connection.security_groups:
        return Enrichment()
    deadline = time.monotonic() + conf.timeouts[2]
    graph = microsoft.graph(connection.cloud, tokens.access_token, deadline)
    problems: list[str] = []
    profile = groups = None
    if connection.extended_profile:
        profile = _attempt(connection, Event.Kind.PROFILE_INCOMPLETE, graph.profile, problems)
    if connection.security_groups:
        ask_groups = partial(graph.groups, nested=connection.nested_groups)
        groups = _attempt(connection, Event.Kind.GROUPS_INCOMPLETE, ask_groups, problems)
    return Enrichment(profile, groups, tuple(problems))


def _attempt(
    connection: Connection, kind: Event.Kind, ask: Callable[[], Result], problems: list[str]
) -> Result | None:
    try:
        return ask()
    except EntraError as error:
        events.record_incomplete(connection, kind, error)
        problems.append(str(error))
        return None
