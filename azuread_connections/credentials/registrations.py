"""The app registration of a connection: who shares it, and what the app may change of it.

Microsoft knows a client ID once in a cloud, whatever directory a connection names: all
connections with that client ID share the registration and what it accepts.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import router
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..entra.certificates import to_der
from ..entra.cloud import clouds_sharing_login
from ..entra.errors import CredentialFailed
from ..entra.graph import GraphError, RegisteredCredentials
from ..entra.possession import SigningCertificate
from ..entra.registration import (
    Registration,
    is_lifetime_forbidden,
    is_type_forbidden,
    may_change_registration,
)
from ..microsoft import client as microsoft
from ..microsoft.app_token import app_token, forget_token
from ..microsoft.wording import Text, describe_error
from ..models import Connection, Credential
from ..models.credential import NoUsableCredential, in_order_of_use
from ..models.rotation import Rotation

PERMISSION_MISSING = _(
    "The app is not allowed to change its registration. In Azure, grant it the application "
    "permission Application.ReadWrite.OwnedBy of Microsoft Graph, and make its service principal "
    "an owner of the registration: docs/credentials.md says how."
)
_TYPE_FORBIDDEN = _(
    "A policy of the directory forbids new credentials of this kind. Use a certificate in place of "
    "a secret, or a federated credential."
)
_LIFETIME_FORBIDDEN = _(
    "A policy of the directory forbids credentials that last as long as --within asks for. Use a "
    "smaller --within, and run this daily."
)
_NOT_HOME = _(
    "The directory %(directory)s does not have the registration: it is in another directory, its "
    "home. Only a connection whose own domain is of that directory can rotate it."
)


class RotationRefused(Exception):
    """The app cannot change its registration, or not in this way.

    ``str()`` says what to do, in the reader's language; in the log it is English.
    """

    def __init__(self, text: Text, **words: object) -> None:
        super().__init__()
        self._text, self._words = text, words

    def __str__(self) -> str:
        return str(self._text) % self._words if self._words else str(self._text)


@dataclass(frozen=True)
class OpenRegistration:
    """A registration that the app may change, as Graph has just described it."""

    registration: Registration
    registered: RegisteredCredentials


def rotation_of(connection: Connection) -> Rotation:
    """Return the row of the connection's registration, which is made if there is none."""
    row, _is_new = Rotation._default_manager.get_or_create(
        cloud=connection.identity_cloud, client_id=connection.client_id
    )
    return row


def connections_sharing(connection: Connection) -> QuerySet[Connection]:
    """Return the connections with the same registration, this one included."""
    return Connection._default_manager.filter(
        client_id=connection.client_id, cloud__in=clouds_sharing_login(connection.cloud)
    )


def same_credentials(
    credential: Credential, connection: Connection | None = None
) -> list[Credential]:
    """Return the rows that hold the same credential of the same registration, this one included.

    They have the same key ID, or the same value. ``connection``: one of the registration, if the
    credential's own can have left it.
    """
    sharing = connections_sharing(connection or credential.connection)
    # From the database that is written: a replica can lack one that was just added.
    using = router.db_for_write(Credential, instance=credential)
    rows = Credential._default_manager.using(using)
    rows = rows.filter(connection__in=sharing.using(using), kind=credential.kind)
    return [
        each
        for each in rows.select_related("connection").order_by("pk")
        if _is_same(each, credential)
    ]


def open_registration(connection: Connection) -> OpenRegistration:
    """Ask Graph for the connection's registration, with a new token.

    Raises ``RotationRefused`` if the app is known not to be allowed to change it, and
    ``EntraError``.
    """
    # A token has the permissions of the time when it was issued.
    forget_token(connection)
    try:
        token = app_token(connection)
    except CredentialFailed as error:
        text = _(
            "Microsoft accepts none of the credentials, so the app cannot change its registration. "
            "Add a new one by hand. %(why)s"
        )
        raise RotationRefused(text, why=describe_error(error)) from error
    except NoUsableCredential as error:
        raise RotationRefused(str(error)) from error
    if may_change_registration(token) is False:
        raise RotationRefused(PERMISSION_MISSING)
    registration = Registration(microsoft.graph(connection.cloud, token), connection.client_id)
    try:
        return OpenRegistration(registration, registration.credentials())
    except GraphError as error:
        raise refusal(error, connection) from error


def refusal(error: GraphError, connection: Connection) -> RotationRefused:
    """Return what to do about an error of Graph's."""
    if error.is_permission_missing:
        return RotationRefused(PERMISSION_MISSING)
    if is_type_forbidden(error):
        return RotationRefused(_TYPE_FORBIDDEN)
    if is_lifetime_forbidden(error):
        return RotationRefused(_LIFETIME_FORBIDDEN)
    if error.status == 404:
        return RotationRefused(_NOT_HOME, directory=connection.directory)
    return RotationRefused(str(describe_error(error)))


def signer_for(
    credentials: list[Credential], registered: RegisteredCredentials, last: str = ""
) -> SigningCertificate | None:
    """Return a certificate that can prove who asks, in the order of use; None if there is none.

    It has to be registered, readable and not over. The one with the key ID ``last``, which is to be
    removed, is taken only if there is no other.
    """
    known = {each.thumbprint: each.key_id for each in registered.certificates}
    usable = [
        each
        for each in in_order_of_use(credentials)
        if each.kind == Credential.Kind.CERTIFICATE
        and each.is_readable
        and not each.is_expired()
        and each.thumbprints.sha1 in known
    ]
    usable.sort(key=lambda each: known[each.thumbprints.sha1] == last)
    chosen = usable[0] if usable else None
    if chosen is None or chosen.value is None:
        return None
    return SigningCertificate(chosen.value, chosen.certificate)


@sensitive_variables("value")
def _is_same(one: Credential, other: Credential) -> bool:
    if one.pk == other.pk or (one.key_id and one.key_id == other.key_id):
        return True
    if one.kind == Credential.Kind.CERTIFICATE:
        return to_der(one.certificate) == to_der(other.certificate)
    if one.value is None or other.value is None or not other.is_readable:
        return False
    return one.value.holds(other.value.reveal())
