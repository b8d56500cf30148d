"""Decides whether a session has access to an application."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from ...models import Application, EnabledConnection
from . import session
from .session import SignIn
from .step_up import NOTHING, StepUp


@dataclass(frozen=True)
class Access:
    """``sign_in``: the newest that would count, if the person had proven what ``StepUp`` requires;
    None if they have to sign in for the application."""

    is_granted: bool
    sign_in: SignIn | None = None


def has_access(request: HttpRequest, application: str) -> bool:
    """Return whether the signed-in person may use an application (its slug). One query."""
    return find_access(request, application).is_granted


def find_access(request: HttpRequest, application: str, step_up: StepUp = NOTHING) -> Access:
    """Return whether the signed-in person may use an application (its slug). One query.

    A session that connections have signed in has access if any of them is enabled there; a password
    session only if the application allows that. Only Microsoft can confirm a step-up: a password
    session never meets one.
    """
    if not request.user.is_authenticated:
        return Access(False)
    if not session.is_proven(request):
        return Access(not step_up and _allows_passwords(application))
    sign_ins = session.sign_ins(request)
    enabled = set(
        EnabledConnection._default_manager.filter(
            application__slug=application,
            connection__in={sign_in.connection for sign_in in sign_ins},
        ).values_list("connection", flat=True)
    )
    proofs = [sign_in for sign_in in sign_ins if sign_in.connection in enabled]
    if any(proof.meets(step_up) for proof in proofs):
        return Access(True)
    return Access(False, proofs[-1] if proofs else None)


def _allows_passwords(application: str) -> bool:
    return Application._default_manager.filter(
        slug=application, allow_password_sessions=True
    ).exists()
