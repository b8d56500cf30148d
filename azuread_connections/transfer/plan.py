"""Plans an import: decides what to change before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from ..models import Application, Connection
from ..models.refusals import needs_app_roles, needs_security_groups
from .applications import Applications
from .changes import Change, Stored
from .credentials import plan_credentials
from .document import ImportIssue, shown
from .entry import ConnectionEntry
from .options import BY_FIELD
from .related_objects import plan_aliases, plan_directories, plan_mappings

#: After a change to one of these, the domains are no longer verified.
_VERIFIED_BY = frozenset({"cloud", "tenant_id"})


def plan_entry(
    entry: ConnectionEntry,
    stored: Stored,
    applications: Applications,
    groups: Mapping[str, Group],
    now: datetime,
) -> Change:
    """Compare an entry with what is stored. Writes nothing; mistakes are in the result."""
    change = Change(
        connection=stored.connection or Connection(name=entry.name, name_key=entry.name.lower()),
        is_new=stored.connection is None,
    )
    _plan_fields(entry, change)
    plan_aliases(entry, stored, change)
    plan_directories(entry, stored, change)
    plan_mappings(entry, stored, groups, change)
    plan_credentials(entry, stored, change, now)
    _plan_applications(entry, stored, applications, change)
    change.notes = [f"{entry.place}: {note}" for note in change.notes]
    return change


def _plan_fields(entry: ConnectionEntry, change: Change) -> None:
    connection = change.connection
    if connection.name != entry.name:
        change.notes.append(
            _("this is “%(name)s”; a name cannot be changed.") % {"name": connection.name}
        )
    given = {**entry.fields, **_pin(entry, change), **_as_auth0_does(entry, change)}
    before = {name: getattr(connection, name) for name in given}
    for name, value in given.items():
        setattr(connection, name, value)
    _validate(entry, change, set(given))
    for name in given:
        after = getattr(connection, name)
        if change.is_new or after != before[name]:
            change.fields.append(name)
            if change.is_new and after in ("", []):
                continue
            change.tell(_label(name), _in_words(name, after), _in_words(name, before[name]))
    if _VERIFIED_BY.intersection(change.fields):
        # A file's claim proves nothing, so Microsoft is asked. A changed domain gets a new row,
        # which is not verified anyway.
        change.forgets_proofs = not change.is_new
    if connection.nested_groups and not connection.security_groups and change.fields:
        change.notes.append(
            _("%(nested)s has no effect without %(groups)s.")
            % {"nested": entry.key("nested_groups"), "groups": entry.key("security_groups")}
        )
    if "domain" in change.fields and connection.tenant_id and not change.is_new:
        # The old domain pinned the directory. A new domain can belong to any directory, and must
        # not change which one is trusted.
        change.notes.append(
            _("its domain changes, but it stays pinned to the directory %(tenant_id)s.")
            % {"tenant_id": connection.tenant_id}
        )


def _as_auth0_does(entry: ConnectionEntry, change: Change) -> dict[str, str | bool]:
    """Return Auth0's defaults for options that the file does not give for a new connection, so that
    it works here as it did there."""
    if not change.is_new or entry.options_withheld:
        return {}
    # Connections from before Auth0 offered the identity API have no value, and use v1.0.
    defaults: dict[str, str | bool] = {
        "show_as_button": False,
        "identity_api": Connection.IdentityAPI.V1.value,
    }
    given = _default_new_directories(entry, change)
    return given | {name: value for name, value in defaults.items() if name not in entry.fields}


def _default_new_directories(entry: ConnectionEntry, change: Change) -> dict[str, str | bool]:
    is_common = entry.fields.get("use_common_endpoint") is True
    if not is_common or "new_directories" in entry.fields:
        return {}
    change.notes.append(
        _(
            "people of new directories are let in without approval, as at Auth0. To hold them "
            "until an administrator approves, set %(key)s to “%(hold)s”, or change it in the admin."
        )
        % {
            "hold": Connection.NewDirectories.HOLD.value,
            "key": BY_FIELD["new_directories"].key,
        }
    )
    return {"new_directories": Connection.NewDirectories.ACCEPT.value}


def _pin(entry: ConnectionEntry, change: Change) -> dict[str, str]:
    if entry.tenant_id is None:
        return {}
    pinned = change.connection.tenant_id
    if pinned and pinned != entry.tenant_id:
        change.mistakes.append(
            ImportIssue(
                f"{entry.place}, {entry.tenant_id_key}",
                _("The connection is pinned to another directory, %(tenant_id)s.")
                % {"tenant_id": pinned},
            )
        )
        return {}
    return {"tenant_id": entry.tenant_id}


def _validate(entry: ConnectionEntry, change: Change, given: set[str]) -> None:
    if _are_options_missing(entry, change):
        return
    names = {model_field.name for model_field in Connection._meta.fields}
    # Derived from the name, whose messages are enough.
    exclude = {"name_key"} if change.is_new else names - given
    try:
        change.connection.full_clean(exclude=exclude)
    except ValidationError as error:
        for name, errors in error.error_dict.items():
            key = "" if name == NON_FIELD_ERRORS else f", {entry.key(name)}"
            missing = change.is_new and name not in given and name != "name"
            texts = [_missing(entry, name)] if missing else _texts(errors)
            change.mistakes += [ImportIssue(f"{entry.place}{key}", text) for text in texts]


def _are_options_missing(entry: ConnectionEntry, change: Change) -> bool:
    if not entry.options_withheld:
        return False
    text = _(
        "the options are missing. Auth0 leaves them out if the token lacks the scope "
        "read:connections_options: export them again with that scope."
    )
    if change.is_new:
        change.mistakes.append(ImportIssue(f"{entry.place}, options", text))
    elif entry.has_empty_options:
        change.notes.append(text)
    return change.is_new


def _missing(entry: ConnectionEntry, field: str) -> str:
    if field != "domain":
        return _("This key is missing.")
    return _("The directory's domain is missing. Add it here, or use --domain %(name)s=DOMAIN.") % {
        "name": shown(entry.name)
    }


def _texts(errors: list[ValidationError]) -> list[str]:
    # ``plan_mappings`` checks these for the mappings after the import, not for those stored.
    option_codes = {needs_security_groups().code, needs_app_roles().code}
    others = (error for error in errors if error.code not in option_codes)
    return [text for error in others for text in error.messages]


def _plan_applications(
    entry: ConnectionEntry, stored: Stored, applications: Applications, change: Change
) -> None:
    wanted = dict(stored.applications)
    if entry.clients is not None:
        wanted = _wanted(entry.clients, applications, change)
        change.enable = [app for pk, app in wanted.items() if pk not in stored.applications]
        change.disable = [app for pk, app in stored.applications.items() if pk not in wanted]
    if change.enable or change.disable:
        before = _slugs(stored.applications.values())
        change.tell(_label("applications"), _slugs(wanted.values()), before)
    if not wanted and (change.is_new or entry.clients is not None):
        change.notes.append(_("not enabled for any application: nobody can use it."))


def _wanted(
    clients: Iterable[str], applications: Applications, change: Change
) -> dict[int, Application]:
    wanted: dict[int, Application] = {}
    unknown, ambiguous = [], []
    for client in dict.fromkeys(clients):
        candidates = applications.candidates(client)
        if len(candidates) == 1:
            wanted[candidates[0].pk] = candidates[0]
        elif candidates:
            ambiguous.append(f"{shown(client)} ({_slugs(candidates)})")
        else:
            unknown.append(shown(client))
    if unknown:
        change.notes.append(
            _(
                "enabled_clients: no application has this slug, external ID or name, so it is not "
                "enabled: %(clients)s. Map it with --application ID=SLUG."
            )
            % {"clients": ", ".join(unknown)}
        )
    if ambiguous:
        change.notes.append(
            _(
                "enabled_clients: several applications could be meant, so none of them is enabled: "
                "%(clients)s. Map it with --application ID=SLUG."
            )
            % {"clients": ", ".join(ambiguous)}
        )
    return wanted


def _slugs(applications: Iterable[Application]) -> str:
    return ", ".join(sorted(application.slug for application in applications)) or _("none")


def _label(name: str) -> str:
    return str(Connection._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    choices: dict[Any, Any] = dict(Connection._meta.get_field(name).flatchoices or ())  # type: ignore[union-attr]
    # Stored values are printed on a terminal too.
    return shown(str(choices.get(value, value))) or _("none")
