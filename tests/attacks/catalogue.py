"""The words in which an attack is told, and the proof that it gained nothing.

Every case under ``tests/attacks`` carries the mark ``attack``: who attacks, what they want, what
stops them. A module says who, a test says what for, and a case may say what stops just it.
``python -m project.security`` counts them for docs/security.md.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db.models import Model

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    Directory,
    DomainAlias,
    EnabledConnection,
    Event,
    GroupMapping,
    Identity,
)
from tests.company import error_code


class Attacker(enum.StrEnum):
    MICROSOFT = "Somebody in Microsoft's place, or on the way to it"
    ADMINISTRATOR = "A directory's administrator"
    BROWSER = "A web page, or somebody with a browser"
    COLLEAGUE = "A colleague on the site's staff, or a careless one"
    CALLER = "A caller of an API of this site"
    CUSTOMER = "A customer with a set-up link, or somebody who has found one"
    CLIENT = "A client of the provider, or somebody who poses as one"


def attack(
    *, who: Attacker | None = None, wants: str = "", stopped_by: str = ""
) -> pytest.MarkDecorator:
    """Say what a case is. What the nearest mark leaves out, the test's or the module's says."""
    said = {"who": who, "wants": wants, "stopped_by": stopped_by}
    return pytest.mark.attack(**{name: value for name, value in said.items() if value})


#: What an attacker could gain, as columns that only those change who may.
_GAINS: dict[type[Model], tuple[str, ...]] = {
    User: (
        *("pk", "username", "email", "password"),
        *("is_active", "is_staff", "is_superuser"),
    ),
    User.groups.through: ("user", "group"),
    User.user_permissions.through: ("user", "permission"),
    Group.permissions.through: ("group", "permission"),
    Identity: ("pk", "user", "cloud", "tenant_id", "object_id"),
    Connection: (
        *("pk", "name", "domain", "tenant_id", "client_id", "cloud"),
        *("logo_url", "link_by_email", "allow_guests", "create_users"),
    ),
    DomainAlias: ("pk", "connection", "domain", "is_primary", "verified_by"),
    Credential: ("pk", "connection", "value"),
    GroupMapping: ("pk", "connection", "directory_group_id", "role", "group", "admits"),
    EnabledConnection: ("application", "connection"),
    Application: ("pk", "slug"),
    Directory: ("pk", "tenant_id", "status", "consent_returned_at", "application_permissions"),
}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Standing:
    """Who there is, who is signed in and who may what, at one moment."""

    rows: dict[type[Model], frozenset[Row]]
    sessions: frozenset[Row]
    events: dict[int, int]
    proofs: int

    @classmethod
    def now(cls) -> Self:
        return cls(
            rows={model: _rows(model, columns) for model, columns in _GAINS.items()},
            sessions=frozenset(_sessions()),
            events=dict(Event.objects.values_list("pk", "count")),
            proofs=DomainAlias.objects.exclude(verified_at=None).count(),
        )

    def assert_stopped(
        self,
        response: Any,
        status: int,
        code: str = "",
        *,
        logged: str = "sign_in_failed",
        times: int = 1,
        waiting: int = 0,
    ) -> Event | None:
        """Assert the status and the code, that nothing was gained, and that the log says so.

        ``code``: on the error page, if the answer is one, and of the event. ``logged``: the kind of
        event, or "" where an attack leaves none. ``waiting``: directories that have come to wait
        for approval, which gains them nothing. Returns the event.
        """
        assert response.status_code == status, response.content[:500]
        if code and status >= 400:
            assert error_code(response) == code
        gained = self.gained()
        assert len(gained.pop(Directory, frozenset())) == waiting
        assert gained == {}
        assert self.lost() == {}
        return self._assert_logged(logged, code, times)

    def assert_only_own_account(
        self, response: Any, *, destination: str = "/", is_new: bool = True, withdrawn: int = 0
    ) -> User:
        """Assert that a sign-in led to the person's own account, without rights, and no further.

        The attack rides on a sign-in that is none itself, so the answer is 302 and the log has a
        sign-in. ``withdrawn``: domains whose proof is over now. Returns the user.
        """
        assert response.status_code == 302, error_code(response)
        assert response["Location"] == destination
        now = Standing.now()
        [session] = now.sessions - self.sessions
        user = User.objects.get(pk=session[1])
        gained = self.gained()
        gained.pop(Directory, None)
        gained.pop(DomainAlias, None)
        assert {model: len(rows) for model, rows in gained.items()} == (
            {User: 1, Identity: 1} if is_new else {}
        )
        lost = self.lost()
        assert len(lost.pop(DomainAlias, frozenset())) == withdrawn
        assert DomainAlias.objects.exclude(verified_at=None).count() == self.proofs - withdrawn
        assert lost == {}
        assert not user.is_staff
        assert not user.is_superuser
        assert not user.get_all_permissions()
        assert not user.has_usable_password()
        self._assert_logged("signed_in", "", 1)
        return user

    def gained(self) -> dict[type[Model], frozenset[Row]]:
        return _differences(Standing.now().rows, self.rows)

    def lost(self) -> dict[type[Model], frozenset[Row]]:
        return _differences(self.rows, Standing.now().rows)

    def _assert_logged(self, kind: str, code: str, times: int) -> Event | None:
        fresh = [
            event for event in Event.objects.all() if event.count > self.events.get(event.pk, 0)
        ]
        kinds = [event.kind for event in fresh]
        if kind != "signed_in":
            assert set(_sessions()) <= self.sessions, "somebody is signed in who was not"
            assert not {"signed_in", "user_linked"} & set(kinds)
        if not kind:
            assert kinds == []
            return None
        telling = [event for event in fresh if (event.kind, event.code) == (kind, code)]
        counted = sum(event.count - self.events.get(event.pk, 0) for event in telling)
        assert counted == times, [str(event) for event in fresh]
        return telling[0]


def _rows(model: type[Model], columns: tuple[str, ...]) -> frozenset[Row]:
    found: Iterable[Row] = model._default_manager.values_list(*columns)
    # A sealed secret shows nothing of itself in print.
    return frozenset(tuple(str(getattr(v, "ciphertext", v)) for v in row) for row in found)


def _sessions() -> Iterable[Row]:
    """Each signed-in session with its user and the sign-ins that it was proven by."""
    for session in Session.objects.all():
        data = session.get_decoded()
        if user := data.get("_auth_user_id"):
            yield session.session_key, user, str(data.get("azuread_sign_ins", []))


def _differences(
    left: dict[type[Model], frozenset[Row]], right: dict[type[Model], frozenset[Row]]
) -> dict[type[Model], frozenset[Row]]:
    return {model: rows - right[model] for model, rows in left.items() if rows - right[model]}
