"""What ``check_secrets`` can ask Microsoft: whether secrets work, and when they really expire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import microsoft
from ..app_access import app_token, token_with
from ..entra.errors import EntraError, SecretRejected
from ..entra.graph import GraphError, RegisteredSecret
from ..models import ClientSecret, Connection, UndecryptableError
from ..models.expiry import day_of
from ..models.secret import NoUsableSecret

PAGE_SIZE = 200


@dataclass(frozen=True)
class Remark:
    """What was found out about a connection's secrets. ``is_problem``: it needs somebody."""

    connection: str
    text: str
    is_problem: bool


def verify() -> Iterator[Remark]:
    """Ask Microsoft whether each secret works (client credentials); its answer is recorded.

    A refusal shows in the report that follows; what could not be asked is said here.
    """
    for connection in _connections():
        for secret in connection.secrets.all():
            try:
                token_with(connection, secret, secret.value.reveal())
            except SecretRejected as error:
                yield Remark(connection.name, f"{secret}: {error}", is_problem=True)
            except (EntraError, UndecryptableError) as error:
                text = _("%(secret)s could not be verified: %(why)s")
                yield Remark(
                    connection.name, text % {"secret": secret, "why": error}, is_problem=True
                )


def sync() -> Iterator[Remark]:
    """Read the true end dates through Graph, where the app may, and store them."""
    for connection in _connections():
        try:
            graph = microsoft.graph(connection.cloud, app_token(connection))
            registered = graph.client_secrets(connection.client_id)
        except GraphError as error:
            yield Remark(connection.name, _why_unreadable(error), is_problem=False)
            continue
        except (EntraError, NoUsableSecret) as error:
            yield Remark(connection.name, str(error), is_problem=True)
            continue
        for secret in connection.secrets.defer("value"):
            yield from _sync(connection, secret, registered)


def _why_unreadable(error: GraphError) -> str:
    if error.is_permission_missing:
        return _("The app may not read its registration (Application.Read.All is not granted).")
    if error.status == 404:
        return _("The app is registered in another directory, where its dates cannot be read.")
    return str(error)


def _sync(
    connection: Connection, secret: ClientSecret, registered: tuple[RegisteredSecret, ...]
) -> Iterator[Remark]:
    found = _match(secret, registered)
    if found is None:
        text = _("%s is not on the registration, or not to be told from another by its hint.")
        yield Remark(connection.name, text % secret, is_problem=False)
        return
    expires_at = _stored_form(found.expires_at)
    if (secret.expires_at, secret.key_id) == (expires_at, found.key_id):
        return
    ClientSecret._default_manager.filter(pk=secret.pk).update(
        expires_at=expires_at, key_id=found.key_id
    )
    text = _("%(secret)s expires on %(date)s.")
    yield Remark(
        connection.name, text % {"secret": secret, "date": day_of(expires_at)}, is_problem=False
    )


def _match(
    secret: ClientSecret, registered: tuple[RegisteredSecret, ...]
) -> RegisteredSecret | None:
    """Find a secret by its ID, else by its first characters, if only one begins so."""
    by_id = [each for each in registered if secret.key_id and each.key_id == secret.key_id]
    by_hint = [each for each in registered if each.hint == secret.hint]
    matches = by_id or by_hint
    return matches[0] if len(matches) == 1 else None


def _stored_form(moment: datetime) -> datetime:
    # With USE_TZ off the database's times are naive, in the site's time zone.
    return moment if timezone.is_aware(timezone.now()) else timezone.make_naive(moment)


def _connections() -> Iterator[Connection]:
    """Yield all connections in pages by key, so that any number needs no more memory."""
    last = 0
    connections = Connection._default_manager.order_by("pk")
    while page := list(connections.filter(pk__gt=last)[:PAGE_SIZE]):
        yield from page
        last = page[-1].pk
