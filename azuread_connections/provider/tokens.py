"""Tokens in the database: issued, refreshed, found and ended.

Access and refresh tokens are django-oauth-toolkit's rows, so that its ``cleartokens`` deletes the
old ones. Of each, whatever its settings say, a digest is stored and never the token.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import router, transaction
from django.db.models import Model
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from ..models.batches import delete_in_batches
from ..models.prepared_writes import Insert
from . import judge, lifetimes, queries
from .models import Authorization, OAuthClient
from .models.client_secret import digest_of
from .subjects import subject


class AlreadyUsed(Exception):
    """Another request has used the code or the refresh token at the same time."""


@sensitive_variables("token")
def token_digest(token: str) -> str:
    """Return the digest of an access or refresh token, as it is stored.

    Not django-oauth-toolkit's own, so that it does not find the token: its middleware, decorators
    and introspection would take it for one that opens the site itself.
    """
    return digest_of(f"azuread_connections.provider:{token}")


def authorizations() -> Any:
    """Return the authorizations, each with what it is judged by."""
    # Not of a replica, which may not have heard of a code that was given a moment ago.
    rows = Authorization.objects.using(router.db_for_write(Authorization))
    return rows.select_related("user", "identity", "connection", "client__application", "api")


# --- Issuing --------------------------------------------------------------------------------------


@sensitive_variables("token")
def issue_for_client(token: Any, oauth_application: Any) -> None:
    """Store the token that a client has for itself."""
    model: Any = get_access_token_model()
    row = model(application=oauth_application, **_columns(token))
    _insert(model).store(row, _alias())


@cache
def _insert(model: type[Model]) -> Insert:
    return Insert(model)


@sensitive_variables("token")
def issue_for_code(token: Any, oauth_application: Any, authorization: Authorization) -> None:
    """Store the tokens for a code, which is used up with it. Raises ``AlreadyUsed``."""
    with transaction.atomic(using=_alias()):
        access_token = _create_access_token(token, oauth_application, authorization.user)
        unused = Authorization.objects.using(_alias()).filter(
            pk=authorization.pk, code_used_at__isnull=True, revoked_at__isnull=True
        )
        if not unused.update(code_used_at=timezone.now(), access_token=access_token):
            raise AlreadyUsed
        _create_refresh_token(token, oauth_application, access_token, authorization)


@sensitive_variables("token")
def issue_for_refresh(
    token: Any, oauth_application: Any, authorization: Authorization, used: Any
) -> None:
    """Store the tokens for a refresh token, which is used up with it, as is the access token that
    came with it. Raises ``AlreadyUsed``."""
    now = timezone.now()
    with transaction.atomic(using=_alias()):
        # First: whoever comes second waits here, and finds it used.
        unused = _refresh_tokens().filter(pk=used.pk, revoked__isnull=True)
        if not unused.update(revoked=now, updated=now, access_token=None):
            raise AlreadyUsed
        # The same row with another digest: the former token ends with it.
        former = _access_tokens().filter(pk=used.access_token_id)
        if former.update(**_columns(token), updated=now):
            access_token = used.access_token
        else:  # `cleartokens` has deleted it
            access_token = _create_access_token(token, oauth_application, authorization.user)
            rows = Authorization.objects.using(_alias()).filter(pk=authorization.pk)
            rows.update(access_token=access_token)
        _create_refresh_token(token, oauth_application, access_token, authorization)


def _create_access_token(token: Any, oauth_application: Any, user: Any) -> Any:
    return _access_tokens().create(user=user, application=oauth_application, **_columns(token))


def _columns(token: Any) -> dict[str, Any]:
    return {
        "token": "",
        "token_checksum": token_digest(token["access_token"]),
        "scope": token.get("scope", ""),
        "expires": timezone.now() + timedelta(seconds=token["expires_in"]),
    }


def _create_refresh_token(
    token: Any, oauth_application: Any, access_token: Any, authorization: Authorization
) -> None:
    if "refresh_token" in token:
        _refresh_tokens().create(
            user=authorization.user,
            application=oauth_application,
            access_token=access_token,
            token="",
            token_checksum=token_digest(token["refresh_token"]),
            token_family=authorization.family,
        )


# --- Finding --------------------------------------------------------------------------------------


@sensitive_variables("code")
def find_code(client: OAuthClient, code: str) -> Authorization | None:
    """Return a client's authorization by its code, used or not."""
    return queries.authorization_by_code(client, digest_of(code))


@sensitive_variables("token")
def find_refresh_token(client: OAuthClient, token: str) -> Any:
    """Return django-oauth-toolkit's row of a client's refresh token, used or not, or None."""
    return queries.refresh_token(client, token_digest(token), _alias())


def find_family(client: OAuthClient, family: UUID) -> Authorization | None:
    """Return the authorization that a client's refresh tokens belong to."""
    return queries.authorization_by_family(client, family)


@sensitive_variables("token")
def find_valid(token: str) -> Authorization | None:
    """Return what an access token rests on, if the token and all that it rests on is valid."""
    found = queries.authorization_by_access_token(token_digest(token))
    if found is None or found.access_token is None or found.access_token.is_expired():
        return None
    return found if judge.is_valid(found) and judge.scopes_today(found) is not None else None


@sensitive_variables("token")
def find_access_token(token: str) -> Any:
    """Return django-oauth-toolkit's row of an access token, expired or not, or None."""
    return _access_tokens().filter(token_checksum=token_digest(token)).first()


@sensitive_variables("token")
def introspect(client: OAuthClient, token: str) -> dict[str, Any]:
    """Return what RFC 7662 section 2.2 says of an access token of this client's.

    Of the tokens of others, a client learns nothing.
    """
    inactive: dict[str, Any] = {"active": False}
    own = _access_tokens().filter(application=client.oauth_application_id)
    row = own.filter(token_checksum=token_digest(token)).first()
    if row is None or row.is_expired():
        return inactive
    answer = {
        "active": True,
        "client_id": client.client_id,
        "token_type": "Bearer",
        "scope": row.scope,
        "exp": int(row.expires.timestamp()),
        "iat": int(row.updated.timestamp()),
    }
    if row.user_id is None:
        return answer
    authorization = authorizations().filter(client=client, access_token=row).first()
    if authorization is None or not judge.is_valid(authorization):
        return inactive
    today = judge.scopes_today(authorization)
    if today is None:
        return inactive
    audience = {"aud": authorization.api.identifier} if authorization.api else {}
    return {
        **answer,
        **audience,
        "scope": " ".join(scope for scope in row.scope.split() if scope in today),
        "sub": subject(authorization.identity, client),
    }


# --- Ending ---------------------------------------------------------------------------------------


@sensitive_variables("token")
def revoke(client: OAuthClient, token: str) -> None:
    """End what a client's token belongs to: all tokens of that sign-in."""
    own, digest = authorizations().filter(client=client), token_digest(token)
    families = _refresh_tokens().filter(
        token_checksum=digest, application=client.oauth_application_id
    )
    authorization = (
        own.filter(access_token__token_checksum=digest).first()
        or own.filter(family__in=families.values("token_family")).first()
    )
    if authorization is not None:
        authorization.revoke()
        return
    for_itself = _access_tokens().filter(application=client.oauth_application_id, user__isnull=True)
    for_itself.filter(token_checksum=digest).delete()


def delete_expired(batch_size: int = 1_000) -> int:
    """Delete what can never be used again, a batch at a time; return how many sign-ins it were.

    Codes that nobody fetched go after a day, the others when no refresh token can be left.
    """
    now = timezone.now()
    rows = Authorization.objects.using(_alias())
    unfetched = rows.filter(code_used_at__isnull=True, created_at__lte=now - timedelta(days=1))
    deleted = _delete_authorizations(unfetched, batch_size)
    last_access_token = now - lifetimes.longest_access_token()
    totals = OAuthClient.objects.using(_alias()).values_list("refresh_token_lifetime", flat=True)
    # By the clients' lifetimes: one that lasts a year does not keep those of all others.
    for total in totals.order_by().distinct():
        over = rows.filter(
            client__refresh_token_lifetime=total,
            created_at__lte=last_access_token - timedelta(seconds=total),
        )
        deleted += _delete_authorizations(over, batch_size)
    for_themselves = _access_tokens().filter(
        application__azuread_client__isnull=False, user__isnull=True, expires__lte=now
    )
    delete_in_batches(for_themselves, batch_size)
    return deleted


def _delete_authorizations(over: Any, batch_size: int) -> int:
    deleted, rows = 0, Authorization.objects.using(_alias())
    while batch := list(over.order_by("pk").values_list("pk", "family")[:batch_size]):
        keys = [key for key, _family in batch]
        with transaction.atomic(using=_alias()):
            _refresh_tokens().filter(token_family__in=[family for _key, family in batch]).delete()
            current = rows.filter(pk__in=keys, access_token__isnull=False)
            access_tokens = list(current.values_list("access_token", flat=True))
            _access_tokens().filter(pk__in=access_tokens).delete()
            rows.filter(pk__in=keys).delete()
        deleted += len(batch)
    return deleted


def _access_tokens() -> Any:
    return get_access_token_model()._default_manager.using(_alias())


def _refresh_tokens() -> Any:
    return get_refresh_token_model()._default_manager.using(_alias())


def _alias() -> str:
    return router.db_for_write(get_access_token_model())
