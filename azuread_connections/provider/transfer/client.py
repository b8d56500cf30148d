"""Reads one client of the file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from ...models.validators import is_plain
from ...transfer.document import ObjectReader, shown
from ..models.client import PUBLIC_TYPES, SUPPORTED_GRANT_TYPES
from .entry import ClientEntry
from .fields import (
    APP_TYPE,
    APP_TYPES,
    APPLICATION_FIELDS,
    AUTH_METHOD,
    BACKCHANNEL_URLS,
    CLIENT_FIELDS,
    CLIENT_ID,
    CLIENT_SECRET,
    GRANT_TYPES,
    METADATA,
    NAME,
    SLUG,
    WEB_ORIGINS,
    Field,
)
from .placeholders import Removed, is_masked_secret
from .reading import note_left_over, note_removed, required, skip

#: Auth0's types for services that it signs people in to by other protocols, and for its own use.
_OTHER_TYPES = frozenset(
    {
        *("box", "cloudbees", "concur", "dropbox", "echosign", "egnyte", "express_configuration"),
        *("mscrm", "newrelic", "oag", "office365", "resource_server", "rms", "salesforce"),
        *("sentry", "sharepoint", "slack", "springcm", "sso_integration", "zendesk", "zoom"),
    }
)
#: Keys that describe the client at Auth0, or its sign-in page there, and configure nothing here.
_DESCRIPTIVE = frozenset(
    {
        *("callback_url_template", "client_secret_hint", "custom_login_page", "encryption_key"),
        *("custom_login_page_on", "form_template", "id", "jwt_configuration.secret_encoded"),
        *("owners", "signing_keys", "sso", "sso_disabled", "tenant"),
        "custom_login_page_preview",
    }
)
#: Values that are always in effect here.
_ALREADY_SO: Mapping[str, Any] = {
    "jwt_configuration.alg": "RS256",
    "oidc_conformant": True,
    "organization_require_behavior": "no_prompt",
    "organization_usage": "deny",
    "refresh_token.expiration_type": "expiring",
    "refresh_token.rotation_type": "rotating",
}
_REMOVED_BY_OAUTH_2_1 = frozenset(
    {
        "implicit",
        "password",
        "http://auth0.com/oauth/grant-type/password-realm",
    }
)
_SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})


def read_client(
    reader: ObjectReader,
    item: Mapping[str, Any],
    removed: Removed,
    connections: Mapping[str, list[str]],
) -> ClientEntry | None:
    """Return the entry; None if it has no name or is not an OAuth client. ``connections``: names
    by client ID or name."""
    name = required(reader, NAME, removed)
    client_id = reader.text(CLIENT_ID) or ""
    application: dict[str, Any] = {}
    client: dict[str, Any] = {}
    keys = {"name": NAME, "slug": SLUG, CLIENT_ID: CLIENT_ID}
    type_word = reader.text(APP_TYPE)
    if type_word in _OTHER_TYPES:
        skip(reader, _("its type is “%(type)s”.") % {"type": type_word})
        return None
    _put_type(reader, type_word, application, keys)
    _put_fields(reader, APPLICATION_FIELDS, application, keys)
    _put_fields(reader, CLIENT_FIELDS, client, keys)
    _put_grant_types(reader, application, keys)
    _put_backchannel_url(reader, client, keys)
    _put_metadata(reader, item.get(METADATA), client, keys)
    _note_https(reader, client, keys)
    secret = reader.text(CLIENT_SECRET, strip=False) or None
    is_masked = CLIENT_SECRET in removed.paths or (secret is not None and is_masked_secret(secret))
    web_origins = reader.texts(WEB_ORIGINS)
    slug = reader.text(SLUG) or ""
    _note_auth_method(reader, application.get("application_type"))
    _note_refresh_tokens(reader)
    # Of this one, the plan speaks.
    removed.paths = [path for path in removed.paths if path != CLIENT_SECRET]
    note_removed(reader, removed)
    note_left_over(reader, {*_DESCRIPTIVE, METADATA}, _ALREADY_SO)
    if name is None:
        return None
    lists = {field.field for field in APPLICATION_FIELDS if field.key in removed.lists}
    if any(path.startswith(f"{METADATA}.") for path in removed.paths):
        lists.add("metadata")
    if WEB_ORIGINS in removed.lists:
        lists.add(WEB_ORIGINS)
    if GRANT_TYPES in removed.lists:
        lists.add("grant_types")
    return ClientEntry(
        place=reader.place,
        name=name,
        client_id=client_id,
        slug=slug,
        application=MappingProxyType(application),
        client=MappingProxyType(client),
        keys=MappingProxyType(keys),
        web_origins=web_origins,
        secret=None if is_masked else secret,
        has_masked_secret=is_masked,
        incomplete=frozenset(lists),
        connections=tuple(
            dict.fromkeys([*connections.get(client_id, ()), *connections.get(name, ())])
        ),
    )


def _put_type(
    reader: ObjectReader, word: str | None, values: dict[str, Any], keys: dict[str, str]
) -> None:
    keys["application_type"] = APP_TYPE
    if not word:
        return
    if word not in APP_TYPES:
        reader.refuse(
            APP_TYPE, _("This must be one of: %(values)s.") % {"values": ", ".join(APP_TYPES)}
        )
        return
    values["application_type"] = APP_TYPES[word].value


def _put_fields(
    reader: ObjectReader,
    fields: tuple[Field, ...],
    values: dict[str, Any],
    keys: dict[str, str],
) -> None:
    for field in fields:
        keys[field.field] = field.key
        value: Any
        if field.kind is bool:
            value = reader.flag(field.key)
        elif field.kind is int:
            value = reader.number(field.key)
        elif field.kind is list:
            found = reader.texts(field.key)
            value = None if found is None else list(dict.fromkeys(map(str.strip, found)))
        else:
            value = reader.text(field.key)
        if value is not None:
            values[field.field] = value


def _put_grant_types(reader: ObjectReader, values: dict[str, Any], keys: dict[str, str]) -> None:
    keys["grant_types"] = GRANT_TYPES
    words = reader.texts(GRANT_TYPES)
    if words is None:
        return
    named = dict.fromkeys(words)
    values["grant_types"] = [word for word in named if word in SUPPORTED_GRANT_TYPES]
    refused = [shown(word) for word in named if word not in SUPPORTED_GRANT_TYPES]
    if gone := [word for word in refused if word in _REMOVED_BY_OAUTH_2_1]:
        reader.note(
            _(
                "%(key)s: not stored, because OAuth 2.1 has removed them: %(words)s. The client "
                "has to use the authorization code with PKCE."
            )
            % {"key": GRANT_TYPES, "words": ", ".join(gone)}
        )
    if others := [word for word in refused if word not in _REMOVED_BY_OAUTH_2_1]:
        reader.note(
            _("%(key)s: not supported, not stored: %(words)s.")
            % {"key": GRANT_TYPES, "words": ", ".join(others)}
        )
    if words and not values["grant_types"]:
        reader.note(_("no grant type is left: the client can use none of the endpoints."))


def _put_backchannel_url(
    reader: ObjectReader, values: dict[str, Any], keys: dict[str, str]
) -> None:
    keys["backchannel_logout_uri"] = BACKCHANNEL_URLS
    urls = reader.texts(BACKCHANNEL_URLS)
    if urls is None:
        return
    if len(urls) > 1:
        reader.refuse(BACKCHANNEL_URLS, _("There can be one address only."))
        return
    values["backchannel_logout_uri"] = next(iter(urls), "").strip()


def _put_metadata(
    reader: ObjectReader, found: Any, values: dict[str, Any], keys: dict[str, str]
) -> None:
    keys["metadata"] = METADATA
    if found is None:
        return
    if not isinstance(found, dict):
        reader.refuse(METADATA, _("This must be an object, in braces."))
        return
    for key in getattr(found, "repeated", ()):
        reader.refuse(f"{METADATA}.{key}", _("This key is given twice."))
    texts = {key: value for key, value in found.items() if value is not None}
    for key, value in texts.items():
        if not isinstance(value, str):
            reader.refuse(f"{METADATA}.{key}", _("This must be a string, in quotes."))
        elif not is_plain(key) or not is_plain(value.replace("\n", " ")):
            reader.refuse(f"{METADATA}.{key}", _("This string contains control characters."))
    values["metadata"] = texts


def _note_https(reader: ObjectReader, values: dict[str, Any], keys: Mapping[str, str]) -> None:
    """Leave out a logo's address that browsers would refuse on our pages."""
    logo = values.get("logo_uri")
    if logo and logo.lower().startswith("http://"):
        del values["logo_uri"]
        reader.note(
            _("%(key)s: not stored, because it does not begin with https://.")
            % {"key": keys["logo_uri"]}
        )


def _note_auth_method(reader: ObjectReader, application_type: str | None) -> None:
    method = reader.text(AUTH_METHOD)
    if not method or application_type is None:
        return
    is_public = application_type in PUBLIC_TYPES
    if method not in {"none", *_SECRET_METHODS}:
        reader.note(
            _("%(key)s: “%(method)s” is not imported. Set it up in the admin.")
            % {"key": AUTH_METHOD, "method": shown(method)}
        )
    elif is_public and method != "none":
        reader.note(
            _(
                "%(key)s: “%(method)s” is not for its type. Here it is a public client, which uses "
                "PKCE in place of a secret."
            )
            % {"key": AUTH_METHOD, "method": method}
        )
    elif not is_public and method == "none":
        reader.note(
            _(
                "%(key)s: “none” is not for its type. Here it has to use a client secret; or "
                "change its type to spa or native."
            )
            % {"key": AUTH_METHOD}
        )


def _note_refresh_tokens(reader: ObjectReader) -> None:
    if reader.text("refresh_token.rotation_type") == "non-rotating":
        reader.note(
            _(
                "refresh_token.rotation_type: refresh tokens are always rotated here. The client "
                "has to store the new one that each refresh gives it."
            )
        )
    endless = [
        key
        for key in ("infinite_token_lifetime", "infinite_idle_token_lifetime")
        if reader.flag(f"refresh_token.{key}")
    ]
    if reader.text("refresh_token.expiration_type") == "non-expiring" or endless:
        reader.note(_("refresh_token: refresh tokens always end here, by their two lifetimes."))
    if reader.number("refresh_token.leeway"):
        reader.note(
            _("refresh_token.leeway: a refresh token that is used twice ends all of its sign-in.")
        )
