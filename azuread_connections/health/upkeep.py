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
from .wording import in_words

PAGE_SIZE = 200


@dataclass(frozen=True)
class Remark:
    """What was found out about a connection's secrets.

    ``is_problem``: something could not be asked, so that the report may be too good.
    """

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
                text = f"{secret}: {in_words(error)}"
                yield Remark(connection.name, text, is_problem=False)
            except (EntraError, UndecryptableError) as error:
                why = in_words(error) if isinstance(error, EntraError) else error
                text = _("%(secret)s could not be verified: %(why)s")
                yield Remark(
                    connection.name, text % {"secret": secret, "why": why}, is_problem=True
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
        except SecretRejected:
            # Why, the report says, and --verify for each secret.
            text = _("The dates could not be read: Microsoft accepts none of the client secrets.")
            yield Remark(connection.name, text, is_problem=False)
            continue
        except EntraError as error:
            yield Remark(connection.name, str(in_words(error)), is_problem=True)
            continue
        except NoUsableSecret as error:
            # Where there is none at all, the report says so.
            yield Remark(connection.name, str(error), is_problem=connection.secrets.exists())
            continue
        for secret in connection.secrets.defer("value"):
            yield from _sync(connection, secret, registered)


def _why_unreadable(error: GraphError) -> str:
    if error.is_permission_missing:
        return _("The app may not read its registration (Application.Read.All is not granted).")
    if error.status == 404:
        return _("The app is registered in another directory, where its dates cannot be read.")
    return str(in_words(error))


def _sync(
    connection: Connection, secret: ClientSecret, registered: tuple[RegisteredSecret, ...]
) -> Iterator[Remark]:
    matches = _matches(secret, registered)
    if len(matches) != 1:
        yield Remark(connection.name, _why_unknown(matches) % {"secret": secret}, is_problem=False)
        return
    [found] = matches
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


def _matches(
    secret: ClientSecret, registered: tuple[RegisteredSecret, ...]
) -> list[RegisteredSecret]:
    """Find a secret by its ID, else by its first characters."""
    by_id = [each for each in registered if secret.key_id and each.key_id == secret.key_id]
    return by_id or [each for each in registered if each.hint == secret.hint]


def _why_unknown(matches: list[RegisteredSecret]) -> str:
    if not matches:
        return _(
            "%(secret)s is not on the registration: it was removed in Azure, or belongs to another "
            "app. Remove it from the connection once another secret works."
        )
    return _(
        "%(secret)s cannot be told from another secret of the registration that begins alike. "
        "Enter its expiry date by hand."
    )


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
