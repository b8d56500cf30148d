"""What ``check_secrets`` can ask Microsoft: whether credentials work and when they end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..entra.errors import CredentialFailed, EntraError
from ..entra.graph import GraphError, RegisteredCertificate, RegisteredSecret
from ..microsoft import client as microsoft
from ..microsoft.app_token import app_token, token_with
from ..microsoft.wording import describe_error
from ..models import Connection, Credential, UndecryptableError
from ..models.batches import each_row
from ..models.credential import NoUsableCredential
from ..models.expiry import as_stored, day_of

PAGE_SIZE = 200


@dataclass(frozen=True)
class Remark:
    """A result about a connection's credentials.

    ``is_problem``: something could not be checked, so that the report can miss a problem.
    """

    connection: str
    text: str
    is_problem: bool


def verify() -> Iterator[Remark]:
    """Ask Microsoft whether each credential works (client credentials), and store its answer.

    The report that follows shows refusals; the remarks also say what could not be checked.
    """
    for connection in each_row(Connection._default_manager.all(), PAGE_SIZE):
        for credential in connection.credentials.all():
            try:
                token_with(connection, credential)
            except CredentialFailed as error:
                text = f"{credential}: {describe_error(error)}"
                yield Remark(connection.name, text, is_problem=False)
            except (EntraError, UndecryptableError) as error:
                why = describe_error(error) if isinstance(error, EntraError) else error
                text = _("%(secret)s could not be verified: %(why)s")
                yield Remark(
                    connection.name, text % {"secret": credential, "why": why}, is_problem=True
                )


def sync() -> Iterator[Remark]:
    """Read the expiry dates through Graph, if the app has the permission, and store them."""
    for connection in each_row(Connection._default_manager.all(), PAGE_SIZE):
        try:
            graph = microsoft.graph(connection.cloud, app_token(connection))
            registered = graph.registered_credentials(connection.client_id)
        except GraphError as error:
            yield Remark(connection.name, _why_unreadable(error), is_problem=False)
            continue
        except CredentialFailed:
            # The report gives the reason, and --verify gives it for each secret.
            text = _("The dates could not be read: Microsoft accepts none of the credentials.")
            yield Remark(connection.name, text, is_problem=False)
            continue
        except EntraError as error:
            yield Remark(connection.name, str(describe_error(error)), is_problem=True)
            continue
        except NoUsableCredential as error:
            # If the connection has no secret, the report says so.
            yield Remark(connection.name, str(error), is_problem=connection.credentials.exists())
            continue
        stored = list(connection.credentials.defer("value"))
        secrets = [each for each in stored if each.kind == Credential.Kind.SECRET]
        for secret in secrets:
            yield from _sync(connection, secret, secrets, registered.secrets)
        for each in stored:
            if each.kind == Credential.Kind.CERTIFICATE:
                yield from _sync_certificate(connection, each, registered.certificates)


def _sync_certificate(
    connection: Connection,
    certificate: Credential,
    registered: Sequence[RegisteredCertificate],
) -> Iterator[Remark]:
    """Store the ID that Azure gave a certificate, which itself says when it ends."""
    thumbprint = certificate.thumbprints.sha1
    found = next((each for each in registered if each.thumbprint == thumbprint), None)
    if found is None:
        text = _(
            "%(certificate)s is not on the registration. Upload its .cer file in Azure, or remove "
            "it from the connection once another credential works."
        )
        yield Remark(connection.name, text % {"certificate": certificate}, is_problem=False)
    elif certificate.key_id != found.key_id:
        Credential._default_manager.filter(pk=certificate.pk).update(key_id=found.key_id)


def _why_unreadable(error: GraphError) -> str:
    if error.is_permission_missing:
        return _("The app cannot read its registration (Application.Read.All is not granted).")
    if error.status == 404:
        return _("The app is registered in another directory, where its dates cannot be read.")
    return str(describe_error(error))


def _sync(
    connection: Connection,
    secret: Credential,
    stored: Sequence[Credential],
    registered: Sequence[RegisteredSecret],
) -> Iterator[Remark]:
    found = _match(secret, stored, registered)
    if found is None:
        text = _why_unknown(secret, registered) % {"secret": secret}
        yield Remark(connection.name, text, is_problem=False)
        return
    if found.expires_at is None:
        text = _("%(secret)s: Azure does not say when it expires. Enter the date by hand.")
        yield Remark(connection.name, text % {"secret": secret}, is_problem=False)
        return
    expires_at = as_stored(found.expires_at)
    if (secret.expires_at, secret.key_id) == (expires_at, found.key_id):
        return
    Credential._default_manager.filter(pk=secret.pk).update(
        expires_at=expires_at, key_id=found.key_id
    )
    text = _("%(secret)s expires on %(date)s.")
    yield Remark(
        connection.name, text % {"secret": secret, "date": day_of(expires_at)}, is_problem=False
    )


def _match(
    secret: Credential, stored: Sequence[Credential], registered: Sequence[RegisteredSecret]
) -> RegisteredSecret | None:
    """Find a secret by its ID; else by its first characters, if they are unique.

    If two secrets share the three characters, here or in Azure, none is matched: a wrong date would
    be worse than none.
    """
    if secret.key_id:
        return next((each for each in registered if each.key_id == secret.key_id), None)
    known = {each.key_id for each in stored if each.key_id}
    free = [each for each in registered if each.hint == secret.hint and each.key_id not in known]
    alike = [each for each in stored if each.hint == secret.hint and not each.key_id]
    return free[0] if len(free) == len(alike) == 1 else None


def _why_unknown(secret: Credential, registered: Sequence[RegisteredSecret]) -> str:
    """Return why a secret was not found. Azure does not give the first characters of every secret,
    so it is reported as removed only if none of the registered ones can be it."""
    if any(each.hint == secret.hint for each in registered):
        return _(
            "Another secret, here or in Azure, begins with the same characters as %(secret)s, so "
            "it is not known whether Azure still has it. Enter its expiry date by hand."
        )
    if any(not each.hint for each in registered):
        return _(
            "%(secret)s can be one of the registration's secrets whose first characters Azure does "
            "not show. Enter its expiry date by hand."
        )
    return _(
        "%(secret)s is not on the registration: it was removed in Azure, or belongs to another "
        "app. Remove it from the connection once another secret works."
    )
