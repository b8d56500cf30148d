"""What a callback needs: its transaction, the connection and application, and their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import HttpRequest

from ...models import Application, Connection
from ..log.failures import SignInFailed, Stage
from ..lookup import addresses
from ..lookup.enabled import SignInTarget, still_enabled
from ..lookup.start_cache import START_CACHE_TTL
from ..state.transaction import Transaction
from .exchange import SecondTry

#: Seconds by which the clocks of two servers of one site may differ.
_CLOCK_SKEW = 1.0


@dataclass(frozen=True)
class CallbackContext:
    """The transaction of a callback, and its pair, which is still enabled.

    ``tenant``: the one in the authorize address. ``back_url``: the page on which the transaction
    began if it is not for a sign-in.
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

    @property
    def destination(self) -> str:
        """Where the sign-in was begun for, if people are still allowed to be sent there."""
        allowed_urls = self.application.allowed_callback_urls
        return addresses.still_allowed(self.transaction.destination, allowed_urls)

    @contextmanager
    def failures(self, *, is_proven: bool = False) -> Iterator[None]:
        """Add to a ``SignInFailed`` of the block its pair, and where the person can go.

        ``is_proven``: Microsoft has already confirmed who came back, and the user is decided on.
        """
        try:
            yield
        except SignInFailed as failed:
            failed.is_proven = failed.is_proven or is_proven
            failed.stage = Stage.USER if is_proven else failed.stage
            failed.destination, failed.back_url = self.transaction.destination, self.back_url
            failed.connection, failed.application = self.connection, self.application
            failed.step_up = self.transaction.step_up
            raise


class ConnectionEdited(SecondTry):
    """The start may have read the connection as it was just before somebody edited it."""

    was_asked = False

    def __init__(self, failure: SignInFailed, target: SignInTarget) -> None:
        super().__init__(failure)
        self.target = target


def find_context(
    request: HttpRequest, transaction: Transaction, *, back_url: str = ""
) -> CallbackContext:
    """Check that nothing the transaction relies on has changed.

    Raises ``SignInFailed``, and ``ConnectionEdited`` if the sign-in has to begin again.
    """
    try:
        return _find(request, transaction, back_url)
    except (SignInFailed, ConnectionEdited) as error:
        failed = error if isinstance(error, SignInFailed) else error.failure
        failed.destination, failed.back_url = transaction.destination, back_url
        failed.step_up = transaction.step_up
        raise


def _find(request: HttpRequest, transaction: Transaction, back_url: str) -> CallbackContext:
    target = still_enabled(request, transaction.application_id, transaction.connection_id)
    if target is None:
        raise SignInFailed("connection_disabled", detail="Disabled while the sign-in was open.")
    redirect_uri = addresses.redirect_uri(request, is_own_host=target.is_own_host)
    tenant = transaction.unchanged_tenant(target.connection, redirect_uri)
    if tenant is None:
        failure = SignInFailed(
            "transaction_expired", detail="The connection was edited while the sign-in was open."
        )
        if _start_may_be_stale(transaction, target.connection):
            raise ConnectionEdited(failure, target)
        raise failure
    return CallbackContext(transaction, target, redirect_uri, tenant, back_url)


def _start_may_be_stale(transaction: Transaction, connection: Connection) -> bool:
    """Return whether the start may have used a cached connection: it was edited within the cache's
    time before the start, give or take the clocks."""
    edited_before_start = transaction.created_at - connection.updated_at.timestamp()
    return -_CLOCK_SKEW <= edited_before_start <= START_CACHE_TTL + _CLOCK_SKEW


def require_connection(request: HttpRequest, context: CallbackContext) -> None:
    """Raise ``SignInFailed`` (``connection_disabled``) if the connection was deleted or disabled.

    Called after a failed read or write, to find out whether that is the reason.
    """
    if still_enabled(request, context.application.pk, context.connection.pk) is None:
        raise SignInFailed("connection_disabled", detail="Deleted while the sign-in was open.")
