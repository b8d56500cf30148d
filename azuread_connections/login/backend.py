"""The authentication backend: mozilla-django-oidc's, with every decision about trust our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from ..conf import conf
from ..entra.id_token import IdTokenClaims
from ..entra.tokens import TokenResponse
from .flows import exchange
from .flows.exchange import CodeExchange
from .users import directories, people
from .users.enrichment import Enrichment, enrich
from .users.people import Person, Visitor
from .users.trust import find_trust


@dataclass
class Proof:
    """A person whom Microsoft vouches for. ``person`` is known once they are authenticated.

    It travels as a "credential", which Django shows to whoever listens for failed log-ins: it
    holds no token, no nonce and no secret.
    """

    visitor: Visitor
    person: Person | None = None

    def __repr__(self) -> str:
        return f"<Proof by {self.visitor.connection}>"


def backend_class() -> type[ConnectionBackend]:
    """Return the site's backend: the first in AUTHENTICATION_BACKENDS that is one of ours."""
    for path in conf.authentication_backends:
        found = import_string(path)
        if isinstance(found, type) and issubclass(found, ConnectionBackend):
            return found
    raise ImproperlyConfigured(
        "AUTHENTICATION_BACKENDS needs 'azuread_connections.backends.ConnectionBackend'."
    )


class ConnectionBackend(OIDCAuthenticationBackend):
    """Signs people in by a connection, and by nothing else.

    The callback calls ``prove`` (Microsoft is asked, nothing is written), then Django's
    ``authenticate(request, azuread_proof=proof)`` in a transaction. To change a step, subclass
    and override ``get_token``, ``verify_token``, ``get_userinfo`` or ``get_or_create_user``.
    """

    def __init__(self) -> None:
        # Django builds a backend for every permission check: touch no setting and no row here.
        self.UserModel = get_user_model()

    def prove(self, code_exchange: CodeExchange) -> Proof:
        """Redeem the code, validate the ID token, admit the directory, ask Graph.

        Raises ``EntraError``, ``SignInFailed`` and ``SecretSuperseded``.
        """
        tokens, claims = self.identify(code_exchange)
        directory = directories.admit(code_exchange.connection, claims)
        known = directory.delegated_scopes if directory else code_exchange.known_scopes
        return self._proof(code_exchange, tokens, claims, known)

    def prove_on_trial(self, code_exchange: CodeExchange) -> Proof:
        """The same for an administrator's trial, which adds no directory."""
        tokens, claims = self.identify(code_exchange)
        directories.check(code_exchange.connection, claims)
        return self._proof(code_exchange, tokens, claims, known_scopes="")

    def identify(self, code_exchange: CodeExchange) -> tuple[TokenResponse, IdTokenClaims]:
        """Redeem the code and validate the ID token."""
        tokens = self.get_token(code_exchange)
        return tokens, self.verify_token(tokens, code_exchange)

    def _proof(
        self,
        code_exchange: CodeExchange,
        tokens: TokenResponse,
        claims: IdTokenClaims,
        known_scopes: str,
    ) -> Proof:
        connection = code_exchange.connection
        directories.note_scopes(connection, claims.tenant_id, known_scopes, tokens.scopes)
        trust = find_trust(connection, claims, code_exchange.own_domain)
        enrichment = self.get_userinfo(tokens, code_exchange)
        return Proof(Visitor(connection, claims, enrichment, trust))

    def authenticate(
        self, request: HttpRequest | None, *, azuread_proof: Proof
    ) -> AbstractBaseUser:
        """Return the user of a proof. Raises ``SignInFailed`` and ``IntegrityError``.

        The signature keeps passwords away from here, and proofs from every other backend.
        """
        azuread_proof.person = self.get_or_create_user(azuread_proof)
        return azuread_proof.person.user

    async def aauthenticate(
        self, request: HttpRequest | None, *, azuread_proof: Proof
    ) -> AbstractBaseUser:
        # ModelBackend's would take passwords.
        return await sync_to_async(self.authenticate)(request, azuread_proof=azuread_proof)

    def get_token(self, payload: CodeExchange) -> TokenResponse:
        return exchange.redeem(payload)

    def verify_token(self, token: TokenResponse, payload: CodeExchange) -> IdTokenClaims:
        return exchange.validate(payload, token)

    def get_userinfo(self, tokens: TokenResponse, payload: CodeExchange) -> Enrichment:
        return enrich(payload.connection, tokens)

    def get_or_create_user(self, proof: Proof) -> Person:
        return people.find_or_create(proof.visitor)

    def get_user(self, user_id: Any) -> AbstractBaseUser | None:
        # mozilla-django-oidc's would keep deactivated users signed in.
        return ModelBackend.get_user(self, user_id)
