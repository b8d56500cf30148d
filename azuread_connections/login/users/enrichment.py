"""Collects what the options of a connection need beyond the basic profile: from Graph, and further
claims of the ID token."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ...conf import conf
from ...entra.errors import EntraError
from ...entra.graph import GraphError, Group
from ...entra.id_token import IdTokenClaims
from ...entra.tokens import TokenResponse
from ...microsoft import client as microsoft
from ...models import Connection, Event
from ..log import events
from .kept_claims import read_kept_claims

Result = TypeVar("Result")


@dataclass(frozen=True)
class Enrichment:
    """The extended profile, and all groups. None: not asked for, or not complete.

    ``claims``: the claims of the ID token to keep. ``problems``: what is missing and why, as
    sentences. ``challenged``: the first error of Graph's that has a claims challenge.
    """

    profile: dict[str, Any] | None = None
    groups: tuple[Group, ...] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    challenged: GraphError | None = None


def enrich(connection: Connection, tokens: TokenResponse, claims: IdTokenClaims) -> Enrichment:
    """Read the claims to keep, and ask Graph for what the connection's options need.

    ``claims``: those of the validated ID token. What cannot be used is logged. A failed question
    leaves None: a partial list of groups is never returned.
    """
    kept = read_kept_claims(connection, claims)
    if kept.problems:
        events.record_claims_ignored(connection, kept.problems)
    if not connection.extended_profile and not connection.security_groups:
        return Enrichment(claims=kept.values, problems=kept.problems)
    deadline = time.monotonic() + conf.timeouts[2]
    graph = microsoft.graph(connection.cloud, tokens.access_token, deadline)
    problems: list[EntraError] = []
    profile = groups = None
    if connection.extended_profile:
        profile = _attempt(connection, Event.Kind.PROFILE_INCOMPLETE, graph.profile, problems)
    if connection.security_groups:
        ask_groups = partial(graph.groups, nested=connection.nested_groups)
        groups = _attempt(connection, Event.Kind.GROUPS_INCOMPLETE, ask_groups, problems)
    challenges = (each for each in problems if isinstance(each, GraphError) and each.claims)
    return Enrichment(
        profile,
        groups,
        kept.values,
        (*kept.problems, *map(str, problems)),
        next(challenges, None),
    )


def _attempt(
    connection: Connection, kind: Event.Kind, ask: Callable[[], Result], problems: list[EntraError]
) -> Result | None:
    try:
        return ask()
    except EntraError as error:
        events.record_incomplete(connection, kind, error)
        problems.append(error)
        return None
