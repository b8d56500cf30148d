"""Plans an import: decides what to change before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.models import get_application_model

from ...models import Application, Connection
from ...transfer.document import ImportIssue
from ..models import OAuthClient
from ..models.client import SUPPORTED_GRANT_TYPES
from ..models.client_secret import digest_of, validate_secret
from ..models.client_settings import validate_client_id
from ..models.origins import clean_origin
from .changes import ClientChange, hint_of, label_of, listed
from .entry import ClientEntry
from .fields import APP_TYPE, CLIENT_ID, CLIENT_SECRET, NAME, WEB_ORIGINS
from .matching import Stored

#: These two are checked by the application's type.
_BY_TYPE = ("allowed_callback_urls", "allowed_logout_urls")


def plan_client(
    entry: ClientEntry,
    stored: Stored,
    connections: Mapping[str, Connection],
    now: datetime,
    *,
    uses_auth0_subjects: bool,
) -> ClientChange:
    """Compare an entry with what is stored. Writes nothing; mistakes are in the result."""
    match = stored.match(entry)
    application = match.application or _new_application(entry, stored)
    client = match.client or OAuthClient(application=application)
    change = ClientChange(
        name=entry.name,
        is_new=match.client is None,
        application=application,
        client=client,
        client_id=entry.client_id,
        mistakes=match.mistakes,
    )
    if match.application is not None and match.client is None:
        change.notes.append(
            _("the application “%(slug)s”, which is here already, becomes this client.")
            % {"slug": match.application.slug}
        )
    if not match.mistakes:
        _plan_application(entry, change)
        _plan_client_fields(entry, change, uses_auth0_subjects)
        _plan_client_id(entry, change)
        _plan_web_origins(entry, change)
        _plan_secret(entry, change, now)
        _plan_connections(entry, change, stored, connections)
    change.notes = [f"{entry.place}: {note}" for note in change.notes]
    return change


def _new_application(entry: ClientEntry, stored: Stored) -> Application:
    wanted = entry.slug or slugify(entry.name)[:50].strip("-") or "application"
    slug, number = wanted, 1
    while slug in stored.slugs:
        number += 1
        ending = f"-{number}"
        slug = f"{wanted[: 50 - len(ending)]}{ending}"
    stored.slugs.add(slug)
    return Application(name=entry.name, slug=slug)


def _plan_application(entry: ClientEntry, change: ClientChange) -> None:
    application = change.application
    is_new = application.pk is None
    values = {NAME: entry.name, **entry.application}
    if is_new:
        change.tell(label_of(application, "slug"), application.slug, "")
        if "application_type" not in values:
            change.notes.append(
                _("%(key)s: not given, so it becomes a Regular Web Application.")
                % {"key": APP_TYPE}
            )
            values["application_type"] = Application.Type.REGULAR_WEB.value
    if entry.client_id and change.is_new and not application.external_id:
        # ``import_connections`` finds the application by it.
        values["external_id"] = entry.client_id
    values.update(_grant_types(entry, application, values))
    for name in _BY_TYPE:
        if name in values and name in entry.incomplete:
            values[name] = _with_stored(values[name], getattr(application, name))
    change.application_fields = change.set_fields(application, values)
    names = {each.name for each in Application._meta.fields}
    given = set(values) | (
        set(_BY_TYPE) if "application_type" in change.application_fields else set()
    )
    _validate(application, entry, change, exclude=set() if is_new else names - given)


def _grant_types(
    entry: ClientEntry, application: Application, values: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return the grant types to store, if they differ in those that are offered here."""
    stored: Any = application.grant_types
    ticked = list(stored) if isinstance(stored, list) else []
    if "grant_types" in values:
        wanted = list(values["grant_types"])
    elif application._state.adding:
        kind = Application.Type(values["application_type"])
        defaults = Application.DEFAULT_GRANT_TYPES[kind]
        wanted = [each.value for each in defaults if each in SUPPORTED_GRANT_TYPES]
    else:
        return {}
    if "grant_types" in entry.incomplete and application.pk is not None:
        wanted = _with_stored(wanted, ticked)
    offered = SUPPORTED_GRANT_TYPES.intersection(ticked)
    if application.pk is not None and offered == set(wanted):
        wanted = ticked
    return {"grant_types": wanted}


def _with_stored(lines: list[str], stored: Any) -> list[str]:
    """Return a list of which lines are missing in the file: what is stored can be one of them."""
    return list(dict.fromkeys([*(stored if isinstance(stored, list) else ()), *lines]))


def _plan_client_fields(
    entry: ClientEntry, change: ClientChange, uses_auth0_subjects: bool
) -> None:
    client = change.client
    values = dict(entry.client)
    if uses_auth0_subjects:
        values["uses_auth0_subjects"] = True
    if "metadata" in values and "metadata" in entry.incomplete:
        values["metadata"] = {**client.metadata, **values["metadata"]}
    if change.is_new and "is_pkce_required" not in values and not client.is_public:
        # As at Auth0, where a confidential client can leave PKCE out. Many do.
        values["is_pkce_required"] = False
        change.notes.append(
            _(
                "PKCE is not required of it, as at Auth0. If it sends a code_challenge, tick “PKCE "
                "required” on its page."
            )
        )
    change.client_fields = change.set_fields(client, values)
    names = {each.name for each in OAuthClient._meta.fields}
    _validate(client, entry, change, exclude=names - set(values))


def _validate(
    row: models.Model, entry: ClientEntry, change: ClientChange, exclude: set[str]
) -> None:
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        for name, errors in error.error_dict.items():
            place = entry.place if name == NON_FIELD_ERRORS else entry.place_of(name)
            if name == "external_id":
                place = f"{entry.place}, {CLIENT_ID}"
            for each in errors:
                change.refuse(place, each)


def _plan_client_id(entry: ClientEntry, change: ClientChange) -> None:
    if change.is_registered:
        return
    place = f"{entry.place}, {CLIENT_ID}"
    if not entry.client_id:
        change.mistakes.append(
            ImportIssue(
                place,
                _(
                    "The client ID is missing, and the client would get another one. Auth0's "
                    "deploy CLI writes it with --export_ids."
                ),
            )
        )
        return
    try:
        get_application_model()._meta.get_field("client_id").clean(entry.client_id, None)
        validate_client_id(entry.client_id)
    except ValidationError as error:
        change.refuse(place, error)


def _plan_web_origins(entry: ClientEntry, change: ClientChange) -> None:
    if entry.web_origins is None:
        return
    wanted = set()
    for line in entry.web_origins:
        try:
            wanted.add(clean_origin(line))
        except ValidationError as error:
            change.refuse(f"{entry.place}, {WEB_ORIGINS}", error)
    stored = set(change.client.web_origins) if change.is_registered else set()
    if WEB_ORIGINS in entry.incomplete:
        wanted |= stored
    if wanted != stored:
        change.web_origins = wanted
        change.tell(_("web origins"), listed(sorted(wanted)), listed(sorted(stored)))


@sensitive_variables("value")
def _plan_secret(entry: ClientEntry, change: ClientChange, now: datetime) -> None:
    if entry.has_masked_secret:
        change.notes.append(
            _("%(key)s: not stored, because it is a placeholder.") % {"key": CLIENT_SECRET}
        )
    value = entry.secret
    if change.client.is_public:
        if value is not None:
            change.notes.append(
                _("%(key)s: not stored, because a public client has none.") % {"key": CLIENT_SECRET}
            )
        return
    secrets = list(change.client.secrets.all()) if change.is_registered else []
    if value is None:
        if not secrets:
            change.notes.append(
                _(
                    "it has no client secret, and cannot authenticate itself. Add one with "
                    "add_client_secret, or import it with its secret (at Auth0: the scope "
                    "read:client_keys)."
                )
            )
        return
    try:
        validate_secret(value)
    except ValidationError as error:
        change.refuse(f"{entry.place}, {CLIENT_SECRET}", error)
        return
    digest = digest_of(value)
    known = next((each for each in secrets if each.digest == digest), None)
    if known is None:
        change.secret = value
        change.tell(_("client secret"), _("%(hint)s is added") % {"hint": hint_of(value)}, "")
    elif known.expires_at is not None and known.expires_at <= now:
        change.notes.append(
            _("%(key)s: it is stored already, and has expired here.") % {"key": CLIENT_SECRET}
        )


def _plan_connections(
    entry: ClientEntry,
    change: ClientChange,
    stored: Stored,
    connections: Mapping[str, Connection],
) -> None:
    """Enable the connections of the file that are here already. None is disabled: others can have
    been enabled here."""
    named = (connections.get(name.lower()) for name in entry.connections)
    wanted = {connection.pk: connection for connection in named if connection is not None}
    application = change.application
    enabled = stored.enabled(application) if wanted and application.pk is not None else []
    change.enable = [
        connection for key, connection in wanted.items() if key not in {each.pk for each in enabled}
    ]
    if change.enable:
        change.tell(
            _("connections"),
            listed(each.name for each in [*enabled, *change.enable]),
            listed(each.name for each in enabled),
        )
