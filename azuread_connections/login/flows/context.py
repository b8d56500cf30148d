"""What a callback goes on with: the transaction of its browser, and what that began with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import HttpRequest

from ...models import Application, Connection
from ..log.failures import SignInFailed
from ..lookup import addresses
from ..lookup.enabled import SignInTarget, still_enabled
from ..state.transaction import Transaction


@dataclass(frozen=True)
class CallbackContext:
    """A browser that came back with a transaction of its own, for a pair that is still enabled.

    ``tenant``: as it was in the address that the browser was sent to. ``back_url``: the page on
    which the transaction began, where that was not a sign-in.
    """

    transaction: Transaction
    target: SignInTarget
    redirect_uri: str
    tenant: str
    back_url: str = ""

    @property
    def connection(self) -> Connection:
        return self.target.connection

    @property
    def application(self) -> Application:
        return self.target.application

    @contextmanager
    def failures(self, *, is_proven: bool = False) -> Iterator[None]:
        """Note on a ``SignInFailed`` of the block what it is about, and where the person can go.

        ``is_proven``: Microsoft has vouched for who came back by then.
        """
        try:
            yield
        except SignInFailed as failed:
            failed.is_proven = failed.is_proven or is_proven
            failed.destination, failed.back_url = self.transaction.destination, self.back_url
            failed.connection, failed.application = self.connection, self.application
            raise


def find_context(
    request: HttpRequest, transaction: Transaction, *, back_url: str = ""
) -> CallbackContext:
    """Check that all that the transaction relied on is unchanged. Raises ``SignInFailed``."""
    try:
        return _find(request, transaction, back_url)
    except SignInFailed as failed:
        failed.destination, failed.back_url = transaction.destination, back_url
        raise


def _find(request: HttpRequest, transaction: Transaction, back_url: str) -> CallbackContext:
    target = still_enabled(request, transaction.application_id, transaction.connection_id)
    if target is None:
        raise SignInFailed("connection_disabled", detail="Disabled while the sign-in was open.")
    redirect_uri = addresses.redirect_uri(request, is_own_host=target.is_own_host)
    tenant = transaction.unchanged_tenant(target.connection, redirect_uri)
    if tenant is None:
        raise SignInFailed(
            "transaction_expired", detail="The connection was edited while the sign-in was open."
        )
    return CallbackContext(transaction, target, redirect_uri, tenant, back_url)


def require_connection(request: HttpRequest, context: CallbackContext) -> None:
    """Raise ``SignInFailed`` (``connection_disabled``) if the connection has been deleted since.

    Called where something could not be read or stored, for which that would be the reason.
    """
    if still_enabled(request, context.application.pk, context.connection.pk) is None:
        raise SignInFailed("connection_disabled", detail="Deleted while the sign-in was open.")
