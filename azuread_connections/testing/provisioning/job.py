"""A provisioning job: one directory, one SCIM server, and what the service remembers of it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from ..directory.directories import Directory, Person
from ..directory.groups import Group
from .dialects import FLAG, NewDialect, OldDialect, patch
from .mapping import GROUP, MANAGER, attributes_of, read, resource_of
from .report import Report
from .wire import ScimServer, Transport

#: Failures of one run after which the job goes into quarantine, if they are at least half of all
#: that was to do.
QUARANTINE_FAILURES = 5
_ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


class ProvisioningJob:
    """Brings people and groups of a directory to a SCIM server, a cycle at a time.

    ``tenant_url`` as it is entered in Entra: with ``?aadOptscim062020`` at its end, what is sent
    follows the RFC more closely. ``assigned``: who is in scope; None for everybody. A person who
    leaves the scope, or is disabled or deleted, is deactivated; one who is deleted for good is
    deleted. The first cycle takes everybody; a later one finds only changes to send.
    """

    def __init__(
        self, directory: Directory, tenant_url: str, token: str, transport: Transport
    ) -> None:
        address, _mark, query = tenant_url.partition("?")
        self.directory = directory
        self.tenant_url = tenant_url
        self.has_flag = FLAG.lower() in query.lower()
        self.server = ScimServer(address, token, transport)
        self.assigned: list[Person | Group] | None = None
        self.quarantine = ""
        self.last_report: Report | None = None
        #: IDs at the server, by object ID.
        self.ids: dict[str, str] = {}
        self._people: dict[str, Person] = {}
        self._groups: dict[str, Group] = {}
        #: IDs of the members that the server has, by a group's object ID.
        self._members: dict[str, list[str]] = {}
        #: The manager that the server has, by a person's ID there.
        self._managers: dict[str, str | None] = {}

    # --- What an administrator presses --------------------------------------------------------

    def test_connection(self) -> bool:
        """Ask for a person that nobody is, as "Test Connection" does."""
        return self.server.send("GET", _lookup("Users", "userName", str(uuid.uuid4()))).is_good

    def test(self) -> Report:
        """Test the connection, and report it."""
        start, is_good = len(self.server.exchanges), self.test_connection()
        report = Report()
        if not is_good:
            report.failed.append("Test Connection")
        return self._finished(report, start)

    def restart(self) -> None:
        """Forget what is known of the server, and end a quarantine."""
        self.quarantine = ""
        everything: tuple[dict[str, Any], ...] = (
            *(self.ids, self._people, self._groups),
            *(self._members, self._managers),
        )
        for known in everything:
            known.clear()

    def cycle(self) -> Report:
        """Bring everything in scope to the server."""
        if self.quarantine:
            return self._finished(Report(), len(self.server.exchanges))
        report, start = Report(), len(self.server.exchanges)
        people, groups = self._scope()
        dialect = NewDialect() if self.has_flag else OldDialect()
        if not self.test_connection():
            self.quarantine = f"the connection failed ({self.server.exchanges[-1]})"
        else:
            for person in people:
                self._person(person, dialect, report)
            for person in people:
                self._manager(person, dialect, report)
            self._gone_people(people, dialect, report)
            for group in groups:
                self._group(group, dialect, report)
            self._gone_groups(groups, report)
            self._judge(report, len(people) + len(groups))
        return self._finished(report, start)

    def provision_on_demand(self, who: Person | Group) -> Report:
        """Bring one person or group to the server, whatever the cycles do.

        In the form without the flag: Microsoft's on-demand provisioning does not use it.
        """
        report, start, dialect = Report(), len(self.server.exchanges), OldDialect()
        if isinstance(who, Group):
            self._group(who, dialect, report)
        else:
            self._person(who, dialect, report)
            self._manager(who, dialect, report)
        return self._finished(report, start)

    def _finished(self, report: Report, start: int) -> Report:
        report.exchanges = self.server.exchanges[start:]
        report.quarantine = self.quarantine
        self.last_report = report
        return report

    def _scope(self) -> tuple[list[Person], list[Group]]:
        directory = self.directory
        if self.assigned is None:
            return list(directory.people), list(directory.groups)
        groups = [each for each in self.assigned if isinstance(each, Group)]
        groups = [group for group in groups if group in directory.groups]
        # An assigned group brings its direct members, and not those of groups within.
        wanted: dict[Person, None] = dict.fromkeys(
            each
            for assigned in self.assigned
            for each in ([assigned] if isinstance(assigned, Person) else assigned.members)
            if isinstance(each, Person)
        )
        return [person for person in wanted if person in directory.people], groups

    # --- People -------------------------------------------------------------------------------

    def _person(self, person: Person, dialect: Any, report: Report) -> None:
        wanted = attributes_of(person, is_active=person.enabled)
        resource = self._find(person.object_id, "Users", ("userName", person.upn), report)
        self._people[person.object_id] = person
        if resource is _FAILED:
            report.failed.append(person.upn)
        elif resource is None:
            # Somebody who is disabled and unknown to the server is not created.
            if person.enabled:
                self._create(person.object_id, "Users", resource_of(wanted), person.upn, report)
        else:
            self._update(person, resource, wanted, dialect, report)

    def _update(
        self,
        person: Person,
        resource: dict[str, Any],
        wanted: dict[str, Any],
        dialect: Any,
        report: Report,
    ) -> None:
        known = {path: read(resource, path) for path in wanted}
        changes = {path: value for path, value in wanted.items() if not _same(value, known[path])}
        if not changes:
            return
        done = report.disabled if changes.get("active") is False else report.updated
        path = f"Users/{quote(self.ids[person.object_id])}"
        self._patch(path, dialect.change(changes, known), person.upn, done, report)

    def _manager(self, person: Person, dialect: Any, report: Report) -> None:
        """Set a person's manager, once both are at the server."""
        own = self.ids.get(person.object_id)
        wanted = self.ids.get(person.manager.object_id) if person.manager else None
        if own is None or self._managers.get(own) == wanted:
            return
        operations = dialect.change({MANAGER: wanted}, {})
        done: list[str] = []
        self._patch(f"Users/{quote(own)}", operations, person.upn, done, report)
        if done:
            self._managers[own] = wanted

    def _gone_people(self, people: list[Person], dialect: Any, report: Report) -> None:
        """Deactivate who has left the scope; delete who is deleted for good."""
        in_scope = {person.object_id for person in people}
        for object_id, person in list(self._people.items()):
            if object_id in in_scope or object_id not in self.ids:
                continue
            path = f"Users/{quote(self.ids[object_id])}"
            if person in self.directory.people or person in self.directory.deleted_people:
                known = self.server.send("GET", path).answer or {}
                if known.get("active") is not False:
                    changed = dialect.change({"active": False}, {"active": True})
                    self._patch(path, changed, person.upn, report.disabled, report)
            elif self._delete(path, person.upn, report):
                del self.ids[object_id], self._people[object_id]

    # --- Groups -------------------------------------------------------------------------------

    def _group(self, group: Group, dialect: Any, report: Report) -> None:
        resource = self._find(group.object_id, "Groups", ("displayName", group.name), report)
        if resource is _FAILED:
            report.failed.append(group.name)
            return
        if resource is None:
            body = {
                "schemas": [GROUP, _ADSCIM],
                "externalId": group.object_id,
                "displayName": group.name,
                "members": [],
                "meta": {"resourceType": "Group"},
            }
            if not self._create(group.object_id, "Groups", body, group.name, report):
                return
            resource = body
        self._groups[group.object_id] = group
        path = f"Groups/{quote(self.ids[group.object_id])}"
        if resource.get("displayName") != group.name:
            changed = dialect.change({"displayName": group.name}, {"displayName": "known"})
            self._patch(path, changed, group.name, report.updated, report)
        self._change_members(group, path, dialect, report)

    def _change_members(self, group: Group, path: str, dialect: Any, report: Report) -> None:
        known = self._members.get(group.object_id, [])
        wanted = [
            self.ids[member.object_id] for member in group.members if member.object_id in self.ids
        ]
        added = [each for each in wanted if each not in set(known)]
        removed = [each for each in known if each not in set(wanted)]
        operations = [
            *(dialect.add_members(added) if added else []),
            *(dialect.remove_members(removed) if removed else []),
        ]
        done: list[str] = []
        if operations:
            self._patch(path, operations, group.name, done, report)
        if done:
            self._members[group.object_id] = wanted
            if group.name not in report.created:
                report.updated.append(group.name)

    def _gone_groups(self, groups: list[Group], report: Report) -> None:
        in_scope = {group.object_id for group in groups}
        for object_id, group in list(self._groups.items()):
            if object_id in in_scope:
                continue
            if self._delete(f"Groups/{quote(self.ids[object_id])}", group.name, report):
                del self.ids[object_id], self._groups[object_id]
                self._members.pop(object_id, None)

    # --- Requests -----------------------------------------------------------------------------

    def _find(self, object_id: str, kind: str, by_name: tuple[str, str], report: Report) -> Any:
        """Return the server's resource, None if there is none, or ``_FAILED``.

        By its ID if that is known; else by externalId, and then by name, among those without an
        externalId of their own.
        """
        if known := self.ids.get(object_id):
            found = self.server.send("GET", f"{kind}/{quote(known)}{_without_members(kind, '?')}")
            if found.is_good:
                return found.answer
            if found.status != 404:
                return _FAILED
            del self.ids[object_id]
        for attribute, value in (("externalId", object_id), by_name):
            asked = self.server.send("GET", _lookup(kind, attribute, value))
            if not asked.is_good:
                return _FAILED
            resources = (asked.answer or {}).get("Resources") or []
            if resources and resources[0].get("externalId") in (None, "", object_id):
                self.ids[object_id] = resources[0]["id"]
                return resources[0]
        return None

    def _create(
        self, object_id: str, kind: str, body: dict[str, Any], name: str, report: Report
    ) -> bool:
        made = self.server.send("POST", kind, body)
        if made.is_good and isinstance((made.answer or {}).get("id"), str):
            self.ids[object_id] = (made.answer or {})["id"]
            report.created.append(name)
            return True
        report.failed.append(name)
        return False

    def _patch(
        self,
        path: str,
        operations: list[dict[str, Any]],
        name: str,
        done: list[str],
        report: Report,
    ) -> None:
        is_good = self.server.send("PATCH", path, patch(operations)).is_good
        (done if is_good else report.failed).append(name)

    def _delete(self, path: str, name: str, report: Report) -> bool:
        gone = self.server.send("DELETE", path)
        is_gone = gone.is_good or gone.status == 404
        (report.deleted if is_gone else report.failed).append(name)
        return is_gone

    def _judge(self, report: Report, number: int) -> None:
        failures = len(report.failed)
        if failures >= QUARANTINE_FAILURES and 2 * failures >= number:
            self.quarantine = f"{failures} of {number} people and groups failed."


#: What ``_find`` returns if the server refused to say.
_FAILED: Any = object()


def _lookup(kind: str, attribute: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    query = quote(f'{attribute} eq "{escaped}"')
    return f"{kind}?{_without_members(kind, '', '&')}filter={query}"


def _without_members(kind: str, before: str, after: str = "") -> str:
    """Entra asks for groups without their members, of which there can be many."""
    return f"{before}excludedAttributes=members{after}" if kind == "Groups" else ""


def _same(wanted: Any, known: Any) -> bool:
    return wanted == known or (wanted is None and known in ("", None))
