"""Plans the changes to a connection's domain aliases, directories and mappings of groups and
roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from ..models import Directory, DomainAlias, GroupMapping
from ..models.group import role_that_differs_by_case
from ..models.refusals import needs_app_roles, needs_security_groups, roles_differ_by_case
from .changes import Change, Stored
from .document import ImportIssue, shown
from .entry import ConnectionEntry, DirectoryEntry, MappingEntry
from .options import DOMAIN_ALIASES, GROUP_MAPPINGS


def plan_aliases(entry: ConnectionEntry, stored: Stored, change: Change) -> None:
    """Replace the aliases with those in the file, without the connection's own domain."""
    if entry.aliases is None:
        return
    own = change.connection.domain
    if own in entry.aliases and not change.connection.discover_domain:
        message = _("%(domain)s is the connection's own domain, but discover_domain is off.")
        place = f"{entry.place}, {DOMAIN_ALIASES}"
        change.mistakes.append(ImportIssue(place, message % {"domain": own}))
    wanted = set(entry.aliases) - {own}
    # The row of a former own domain is deleted with it.
    before = set(stored.aliases) - {own}
    if wanted != before:
        change.aliases = sorted(wanted)
        label = str(DomainAlias._meta.verbose_name_plural)
        change.tell(label, _listed(wanted), _listed(before))


def plan_directories(entry: ConnectionEntry, stored: Stored, change: Change) -> None:
    """Apply the directories in the file. Those that it does not list are kept.

    Directories are added by sign-ins, so no list is ever complete, and a refused directory must not
    be let in again because the file does not list it.
    """
    for item in entry.directories or ():
        known = stored.directories.get(item.tenant_id)
        directory = known or Directory(tenant_id=item.tenant_id)
        before = _describe_directory(directory) if known else _("none")
        directory.status = item.status or directory.status
        if item.admitted_by or item.status or not known:
            # Without ``admitted_by``, the status is an administrator's decision.
            directory.admitted_by = item.admitted_by or Directory.AdmittedBy.ADMINISTRATOR
        directory.domain = directory.domain if item.domain is None else item.domain
        _clean(directory, item, change, exclude={"connection"})
        after = _describe_directory(directory)
        if after != before:
            change.directories.append(directory)
            change.tell(f"{Directory._meta.verbose_name} {item.tenant_id}", after, before)


def plan_mappings(
    entry: ConnectionEntry, stored: Stored, groups: Mapping[str, Group], change: Change
) -> None:
    """Replace the group mappings with those in the file. ``groups``: Django groups by name."""
    if entry.mappings is not None:
        before = {mapping.pk: _describe_mapping(mapping) for mapping in stored.mappings}
        by_key = {_key(mapping): mapping for mapping in stored.mappings}
        found = (_plan_mapping(item, by_key, groups, change) for item in entry.mappings)
        mappings = [mapping for mapping in found if mapping is not None]
        if role := role_that_differs_by_case((m.role, m.group) for m in entry.mappings):
            _refuse(f"{entry.place}, {GROUP_MAPPINGS}", roles_differ_by_case(role), change)
        kept = {mapping.pk for mapping in mappings}
        change.mappings = [m for m in mappings if _describe_mapping(m) != before.get(m.pk)]
        change.drop_mappings = [m for m in stored.mappings if m.pk not in kept]
        if change.mappings or change.drop_mappings:
            after = map(_describe_mapping, mappings)
            label = str(GroupMapping._meta.verbose_name_plural)
            change.tell(label, _listed(after), _listed(before.values()))
    _require_options(entry, stored, change)


def _require_options(entry: ConnectionEntry, stored: Stored, change: Change) -> None:
    """Refuse mappings, of the file or stored, whose option is off after the import."""
    mappings = entry.mappings if entry.mappings is not None else stored.mappings
    are_roles = {bool(mapping.role) for mapping in mappings}
    connection = change.connection
    for is_needed, option, error in (
        (False in are_roles, "security_groups", needs_security_groups()),
        (True in are_roles, "app_roles", needs_app_roles()),
    ):
        if is_needed and not getattr(connection, option):
            key = GROUP_MAPPINGS if entry.mappings else entry.key(option)
            _refuse(f"{entry.place}, {key}", error, change)


def _refuse(place: str, error: ValidationError, change: Change) -> None:
    change.mistakes += [ImportIssue(place, text) for text in error.messages]


def _plan_mapping(
    item: MappingEntry,
    stored: Mapping[tuple[str, str, int | None], GroupMapping],
    groups: Mapping[str, Group],
    change: Change,
) -> GroupMapping | None:
    group = groups.get(item.group) if item.group is not None else None
    if item.group is not None and group is None:
        message = _("There is no Django group “%(group)s”. Create it first.")
        place = f"{item.place}, group"
        change.mistakes.append(ImportIssue(place, message % {"group": shown(item.group)}))
        return None
    mapping = GroupMapping(directory_group_id=item.directory_group_id, role=item.role, group=group)
    mapping = stored.get(_key(mapping), mapping)
    mapping.role = item.role
    mapping.label = mapping.label if item.label is None else item.label
    mapping.admits = mapping.admits if item.admits is None else item.admits
    _clean(mapping, item, change, exclude={"connection", "group"})
    return mapping


def _clean(
    row: models.Model, item: DirectoryEntry | MappingEntry, change: Change, exclude: set[str]
) -> None:
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            change.mistakes += [ImportIssue(f"{item.place}, {name}", text) for text in messages]


def _key(mapping: GroupMapping) -> tuple[str, str, int | None]:
    # A role that is stored in another case is changed and not added: MariaDB's unique index takes
    # the two for one.
    return mapping.directory_group_id, mapping.role.lower(), mapping.group_id


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts)) or _("none")


def _describe_directory(directory: Directory) -> str:
    status = Directory.Status(directory.status).label
    text = str(status)
    if directory.admitted_by != Directory.AdmittedBy.ADMINISTRATOR:
        text = _("%(status)s by %(admitted_by)s") % {
            "status": status,
            "admitted_by": directory.get_admitted_by_display(),
        }
    return f"{text} ({shown(directory.domain)})" if directory.domain else text


def _describe_mapping(mapping: GroupMapping) -> str:
    text = mapping.role or mapping.directory_group_id
    if mapping.label:
        text = f"{shown(mapping.label)} ({text})"
    if mapping.group is not None:
        text += _(" as “%(group)s”") % {"group": shown(mapping.group.name)}
    if mapping.admits:
        text += _(", may sign in")
    return text
