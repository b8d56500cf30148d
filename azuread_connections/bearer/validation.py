"""Validates an access token, and finds who calls: from the text of a header to a user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from ..conf import conf
from ..entra.access_token import (
    AccessTokenClaims,
    AccessTokenPolicy,
    UnverifiedAccessToken,
    read_access_token,
    validate_access_token,
)
from ..entra.cloud import CLOUDS, COMMON, V2, Authority
from ..entra.deadline import within
from ..entra.errors import (
    AccessTokenInvalid,
    EntraError,
    GraphTokenSent,
    IdTokenInvalid,
    Unreachable,
)
from ..entra.jwks import SigningKey
from ..entra.signed_token import RuleBroken, decode, is_guid
from ..login.backend import backend_class
from ..microsoft import client as microsoft
from ..models import Connection, EnabledConnection, Identity
from . import rows
from .admission import check_mappings, check_sub_apps
from .callers import AccessTokenAuth, AppOnlyCaller
from .issuers import ISSUERS
from .refusals import KeysUnavailable, TokenRefused
from .rows import Admission, Question

#: Seconds after which a caller should try again when Microsoft does not say.
_RETRY_AFTER = 30
_APP_ID_URI = "api://"


@dataclass(frozen=True)
class Policy:
    """What an API accepts.

    ``application``: the slug of the application for which the connection must be enabled.
    ``connection``: the name of the only connection, "" for any. ``app_id_uris``: App ID URIs, each
    with the client ID of its registration. ``identifiers``: of the provider's APIs.
    ``accepts_apps``: whether applications may call without a person.
    """

    application: str
    connection: str = ""
    app_id_uris: Mapping[str, str] = field(default_factory=dict)
    identifiers: frozenset[str] = frozenset()
    accepts_apps: bool = False


@dataclass(frozen=True)
class Caller:
    """``user``: a Django user, or an ``AppOnlyCaller``."""

    user: Any
    auth: AccessTokenAuth


def find_caller(token: str, policy: Policy, request: HttpRequest) -> Caller:
    """Return who calls. Raises ``TokenRefused`` and ``KeysUnavailable``.

    After any other exception, the caller has to clear its frames: see ``entra.frames``.
    One statement finds the caller of a token of Microsoft's; docs/rest-framework.md says what
    admission adds. Until the signature is verified, nothing that the database knows shows in the
    answer.
    """
    issuer = _issuer_of(token) if ISSUERS else ""
    for known in ISSUERS.values():
        if issuer and issuer == known.name(request):
            user, auth = known.validate(token, request, policy.identifiers)
            _check_connection(auth, policy)
            return _accepted(user, auth, policy)
    return _find_at_microsoft(token, policy)


def _issuer_of(token: str) -> str:
    """Return the `iss` of a token, unverified: it only decides who verifies it."""
    try:
        _header, claims = decode(token)
    except RuleBroken as broken:
        raise TokenRefused("token_invalid", f"The access token is refused: {broken}.") from None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""


def _check_connection(auth: AccessTokenAuth, policy: Policy) -> None:
    """Raise ``TokenRefused`` unless a token of another issuer than Microsoft rests on a sign-in by
    the only connection that counts. A client's own token rests on none."""
    if not policy.connection:
        return
    named = Connection._default_manager.using(rows.alias()).filter(
        name_key=policy.connection.lower()
    )
    if auth.connection is None or not named.filter(pk=auth.connection).exists():
        raise TokenRefused(
            "connection_disabled", "The token does not rest on a sign-in by this API's connection."
        )


def _accepted(user: Any | None, auth: AccessTokenAuth, policy: Policy) -> Caller:
    if not auth.is_app_only:
        return Caller(user, auth)
    if not policy.accepts_apps:
        raise TokenRefused(
            "app_refused", "The token is an application's own, and this API accepts people only."
        )
    if not auth.roles:
        # Without "Assignment required", every application of the directory can get such a token.
        raise TokenRefused(
            "app_refused", "The application has no app role of this API: assign one to it."
        )
    return Caller(AppOnlyCaller(auth), auth)


def _find_at_microsoft(text: str, policy: Policy) -> Caller:
    try:
        token = read_access_token(text, now=time.time())
    except AccessTokenInvalid as invalid:
        raise _refused(invalid) from None
    question = Question(
        client_id=_client_id(token.audience, policy),
        application=policy.application,
        name=policy.connection.lower(),
        is_guest=not token.is_app_only and token.is_guest(_authorities()),
    )
    if token.is_app_only:
        return _application(token, question, policy)
    return _person(token, question, policy)


def _client_id(audience: str, policy: Policy) -> str:
    """Return the client ID of the registration that a token is for."""
    client_id = policy.app_id_uris.get(audience) or audience.removeprefix(_APP_ID_URI)
    if not is_guid(client_id):
        raise TokenRefused("audience_unknown", "The token is for another API (aud).")
    return client_id


def _authorities() -> list[Authority]:
    return [microsoft.authority(cloud, COMMON, V2) for cloud in CLOUDS]


def _person(token: UnverifiedAccessToken, question: Question, policy: Policy) -> Caller:
    refusal: TokenRefused | None = None
    for person in rows.find_person(token, question):
        identity, admission = person.identity, person.admission
        if admission is None:
            continue
        try:
            claims = _validate(token, question, policy, admission)
        except TokenRefused as refused:
            refusal = refused
            continue
        if person.is_revoked:
            raise TokenRefused(
                "person_revoked",
                "The person was signed out, or their access was revoked, after the token was "
                "issued.",
                identity=identity,
            )
        if not identity.user.is_active or not backend_class()().user_can_authenticate(
            identity.user
        ):
            raise TokenRefused("person_inactive", "The user is deactivated.", identity=identity)
        if person.is_restricted:
            check_mappings(admission, claims, identity)
        check_sub_apps(admission, claims, identity)
        return _accepted(identity.user, _auth(token, claims, admission), policy)
    raise refusal or _why_refused(token, question, policy)


def _application(token: UnverifiedAccessToken, question: Question, policy: Policy) -> Caller:
    refusal: TokenRefused | None = None
    clouds: set[str] = set()
    for admission in rows.find_application(token, question):
        if admission.cloud in clouds:
            continue
        clouds.add(admission.cloud)
        try:
            claims = _validate(token, question, policy, admission)
        except TokenRefused as refused:
            refusal = refused
            continue
        return _accepted(None, _auth(token, claims, admission), policy)
    raise refusal or _why_refused(token, question, policy)


def _validate(
    token: UnverifiedAccessToken, question: Question, policy: Policy, admission: Admission
) -> AccessTokenClaims:
    """Validate the token with the keys of the connection's sign-ins."""
    tenant = token.tenant_id if admission.is_own else COMMON
    uris = {uri for uri, id in policy.app_id_uris.items() if id == question.client_id}
    audiences = {question.client_id, f"{_APP_ID_URI}{question.client_id}", *uris}
    try:
        with within(conf.callback_timeout):
            return validate_access_token(
                token,
                policy=AccessTokenPolicy(
                    authority=microsoft.authority(admission.cloud, tenant, V2),
                    audiences=frozenset(audiences),
                    tenant_id=token.tenant_id if admission.is_own else None,
                ),
                find_key=lambda authority, key_id: _find_key(authority, key_id, question.client_id),
            )
    except AccessTokenInvalid as invalid:
        raise _refused(invalid) from None
    except IdTokenInvalid:  # UnknownSigningKey
        raise TokenRefused(
            "token_invalid",
            "The access token is refused: the directory does not publish its signing key (kid).",
        ) from None
    except EntraError as error:
        wait = error.retry_after if isinstance(error, Unreachable) else None
        raise KeysUnavailable(str(error), wait or _RETRY_AFTER) from None


def _find_key(authority: Authority, key_id: str, client_id: str) -> SigningKey:
    return microsoft.signing_keys().find(
        authority.keys_url, key_id, authority.app_keys_url(client_id)
    )


def _auth(
    token: UnverifiedAccessToken, claims: AccessTokenClaims, admission: Admission
) -> AccessTokenAuth:
    return AccessTokenAuth(
        issuer=str(claims.everything["iss"]),
        audience=token.audience,
        client_id=claims.client_id,
        is_app_only=claims.is_app_only,
        scopes=frozenset(claims.scopes),
        roles=frozenset(claims.roles),
        tenant_id=claims.tenant_id,
        object_id=claims.object_id,
        connection=admission.connection,
        issued_at=claims.issued_at,
        expires_at=claims.expires_at,
    )


def _refused(invalid: AccessTokenInvalid) -> TokenRefused:
    code = "graph_token" if isinstance(invalid, GraphTokenSent) else "token_invalid"
    return TokenRefused(code, f"The access token is refused: {invalid}.")


# --- Why nothing was found ------------------------------------------------------------------------


def _why_refused(
    token: UnverifiedAccessToken, question: Question, policy: Policy
) -> TokenRefused | KeysUnavailable:
    """Return why no connection takes the caller, with some further statements.

    Only for a valid token: nobody learns from a forged one whom this site knows.
    """
    found = rows.connections_of(question.client_id)
    connection = _nearest(token, found)
    if connection is None:
        return TokenRefused("audience_unknown", "The token is for another API (aud).")
    admission = Admission(
        connection.pk, connection.identity_cloud, is_own=not connection.use_common_endpoint
    )
    if admission.is_own and connection.tenant_id != token.tenant_id:
        return TokenRefused("token_invalid", "The token is of a directory that has no access here.")
    try:
        _validate(token, question, policy, admission)
    except (TokenRefused, KeysUnavailable) as refusal:
        return refusal
    return _reason(token, question, connection)


def _nearest(token: UnverifiedAccessToken, found: list[Connection]) -> Connection | None:
    """Return the connection of the token's directory, else one on the common endpoint, else any."""
    own = [each for each in found if each.tenant_id == token.tenant_id]
    common = [each for each in found if each.use_common_endpoint]
    return next(iter([*own, *common, *found]), None)


def _reason(
    token: UnverifiedAccessToken, question: Question, connection: Connection
) -> TokenRefused:
    enabled = EnabledConnection._default_manager.filter(
        application__slug=question.application, connection=connection
    )
    if question.name not in ("", connection.name_key) or not enabled.exists():
        return TokenRefused(
            "connection_disabled", "The connection is not enabled for this API.", connection
        )
    if question.is_guest and not connection.allow_guests:
        return TokenRefused("user_refused", "The connection does not allow guests.", connection)
    if not token.is_app_only and not _is_known(token, connection):
        return TokenRefused(
            "person_unknown",
            "The person has not signed in to this site yet, which ties them to a user.",
            connection,
        )
    return TokenRefused(
        "directory_refused",
        "The directory has no access here, or its access was revoked after the token was issued.",
        connection,
    )


def _is_known(token: UnverifiedAccessToken, connection: Connection) -> bool:
    known = Identity._default_manager.filter(
        cloud=connection.identity_cloud, tenant_id=token.tenant_id, object_id=token.object_id
    )
    return known.exists()
