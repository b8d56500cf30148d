"""What somebody could gain at the provider, as rows that only those add who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.contrib.sessions.models import Session
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from azuread_connections.provider.models import Authorization, ClientConsent


@dataclass(frozen=True)
class Gains:
    """Codes, tokens, consents and signed-in sessions at one moment."""

    codes: frozenset[Any]
    access_tokens: frozenset[Any]
    refresh_tokens: frozenset[Any]
    consents: frozenset[Any]
    sessions: frozenset[Any]

    @classmethod
    def now(cls) -> Self:
        access = get_access_token_model().objects.values_list("token_checksum", "scope")
        refresh = get_refresh_token_model().objects.values_list("token_checksum", flat=True)
        return cls(
            frozenset(Authorization.objects.values_list("code_digest", flat=True)),
            frozenset(access),
            frozenset(refresh),
            frozenset(ClientConsent.objects.values_list("client", "user", "scope")),
            frozenset(
                (session.session_key, data["_auth_user_id"])
                for session in Session.objects.all()
                if "_auth_user_id" in (data := session.get_decoded())
            ),
        )

    def assert_none(self) -> None:
        """Assert that nothing has come since. Something may have ended."""
        now = type(self).now()
        for name, before in vars(self).items():
            assert not getattr(now, name) - before, name
