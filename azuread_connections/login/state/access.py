"""Decides whether a session has access to an application."""

from __future__ import annotations

from django.http import HttpRequest

from ...models import Application, EnabledConnection
from . import session


def has_access(request: HttpRequest, application: str) -> bool:
    """Return whether the signed-in person may use an application (its slug). One query.

    A session that connections have signed in has access if any of them is enabled there; a password
    session only if the application allows that.
    """
    if not request.user.is_authenticated:
        return False
    if not session.is_proven(request):
        return Application._default_manager.filter(
            slug=application, allow_password_sessions=True
        ).exists()
    proven_by = [sign_in.connection for sign_in in session.sign_ins(request)]
    return EnabledConnection._default_manager.filter(
        application__slug=application, connection__in=proven_by
    ).exists()
