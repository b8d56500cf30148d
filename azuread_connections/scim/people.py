"""Users of SCIM: created, read, replaced, patched and deleted, with what follows."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ..login.log.failures import SignInFailed
from ..models import Connection
from ..models.prepared import Parameter, Select
from ..models.prepared_writes import Insert
from ..models.validators import is_guid
from . import accounts, dialect, members, reading, rights
from .errors import ScimError
from .models import GroupMember, ProvisionedPerson
from .models.person import new_id
from .people_state import resource_of, user_of, write
from .receivers import reported_first
from .storage import store
from .user_fields import require_fitting

Change = Callable[[Any], Any]
_ROW = Insert(ProvisionedPerson)

#: Columns in which no two people of a connection have the same value.
UNIQUE = ("scim_id", "external_id_key", "user_name_key")


def _people_by(column: str) -> QuerySet[ProvisionedPerson]:
    key = {column: Parameter("value")}
    people = ProvisionedPerson._default_manager.filter(**key, connection=Parameter("connection"))
    return people.filter(deleted_at=None).order_by()


_BY = {column: Select(partial(_people_by, column), models={"person": ""}) for column in UNIQUE}


@dataclass(frozen=True)
class _Traces:
    """What the site has of somebody who is reported. ``is_known``: the connection has a row,
    deleted or not, with one of their keys. ``is_known_anywhere``: a connection has one.
    ``is_awaited``: they are in a group that was reported before them."""

    is_known: bool = False
    is_known_anywhere: bool = False
    is_awaited: bool = False


def _traces() -> QuerySet[Any]:
    people = ProvisionedPerson._default_manager.order_by()
    same = Q(user_name_key=Parameter("user_name_key")) | Q(
        external_id_key=Parameter("external_key")
    )
    waiting = GroupMember._default_manager.filter(
        group__connection=OuterRef("pk"), person=None, value=Parameter("external_id")
    )
    return (
        Connection._default_manager.filter(pk=Parameter("connection"))
        .annotate(
            is_known=Exists(people.filter(same, connection=OuterRef("pk"))),
            is_known_anywhere=Exists(people.filter(external_id_key=Parameter("external_key"))),
            is_awaited=Exists(waiting.order_by()),
        )
        .order_by()
    )


_TRACES = Select(
    _traces,
    models={"connection": ""},
    columns=("is_known", "is_known_anywhere", "is_awaited"),
)


def people_of(connection: Connection) -> QuerySet[ProvisionedPerson]:
    """Return the people whom a connection's directory has reported and not deleted."""
    return _rows().filter(connection=connection, deleted_at=None)


def find_by(connection: Connection, column: str, value: str) -> list[ProvisionedPerson]:
    """Return a list of the person who has this value in one of the columns ``UNIQUE``, if any."""
    rows = _BY[column].rows(
        router.db_for_write(ProvisionedPerson), value=value, connection=connection.pk
    )
    return [row.person for row in rows]


def find(connection: Connection, key: str) -> ProvisionedPerson:
    """Return a person by the ID that this service gave. Raises ``ScimError`` (404)."""
    for person in find_by(connection, "scim_id", key):
        if person.scim_id == key:
            person.connection = connection
            return person
    raise not_found("User", key)


def not_found(kind: str, key: str) -> ScimError:
    return ScimError(404, "", f"There is no {kind} with the id {key[:100]!r}.")


def create(
    request: HttpRequest, connection: Connection, content: dict[str, Any]
) -> ProvisionedPerson:
    """Store a person who is reported for the first time, or again after a deletion.

    Raises ``ScimError`` (``uniqueness``) for one who is known.
    """
    content = dialect.user_resource(content)
    if not any(name.lower() == "active" for name in content):
        content["active"] = True
    user = reading.read_user(content)
    draft = ProvisionedPerson(connection=connection)
    write(draft, user)
    trust = accounts.trust_of(draft)
    require_fitting(draft, trust)

    def stored(is_last: bool, *, is_refused: bool = False) -> ProvisionedPerson:
        traces = _traces_of(draft)
        is_new = draft.is_active and not traces.is_known
        if is_new and connection.create_users and not is_last and not is_refused:
            return _store_new(request, draft, traces, user, trust)
        person = _deleted(draft) or ProvisionedPerson(connection=connection)
        write(person, user)
        _require_unique(person)
        why = _store_again(request, person, trust, is_last=is_last)
        _record_creation(person, why)
        if not person.is_active and person.identity_id is not None:
            # They have signed in before, or have returned: ``_follow`` has ended their sessions.
            _record_deactivation(person)
        return person

    describe_clash = partial(_describe_clash, draft)
    try:
        return store(stored, describe_clash)
    except SignInFailed:
        # Rolled back. The person is stored without a user: their sign-in decides.
        return store(partial(stored, is_refused=True), describe_clash)


def _store_new(
    request: HttpRequest,
    draft: ProvisionedPerson,
    traces: _Traces,
    user: Any,
    trust: accounts.DomainTrust,
) -> ProvisionedPerson:
    """Store an active person of whom the connection has no row, when their user is known.

    Raises ``SignInFailed`` if they are refused one.
    """
    person = ProvisionedPerson(connection=draft.connection)
    write(person, user)
    # No row can follow the identity, or note who made the user: this one is written with both.
    with reported_first("" if traces.is_known_anywhere else person.external_id or ""):
        why = accounts.admit(request, person, trust, is_last=False, is_first_write=True)
    if traces.is_awaited:
        person.save(force_insert=True)
        members.join(person)
        rights.give_all(person)
    else:
        _ROW.store(person, router.db_for_write(ProvisionedPerson))
    _record_creation(person, why)
    return person


def _store_again(
    request: HttpRequest, person: ProvisionedPerson, trust: accounts.DomainTrust, *, is_last: bool
) -> str:
    """Store a person who may have a row. Return as ``_follow``."""
    # Saved before: memberships and identities refer to the row.
    was_deleted, person.deleted_at = person.deleted_at, None
    person.save()
    person.deleted_at = was_deleted
    members.join(person)
    why = _follow(request, person, trust, is_last=is_last)
    person.deleted_at = None
    person.save()
    return why


def replace(
    request: HttpRequest, connection: Connection, key: str, content: dict[str, Any]
) -> ProvisionedPerson:
    """Replace all attributes of a person. ``active`` stays where it is left out."""
    content = dialect.user_resource(content)
    has_active = any(name.lower() == "active" for name in content)

    def replaced(user: Any) -> Any:
        given = content if has_active else {**content, "active": user.active}
        return reading.read_user(given)

    return _change(request, connection, key, replaced)


def patch(
    request: HttpRequest, connection: Connection, key: str, content: dict[str, Any]
) -> ProvisionedPerson:
    operations = dialect.operations(content)

    def patched(user: Any) -> Any:
        reading.patch_user(user, operations)
        return user

    return _change(request, connection, key, patched)


def delete(connection: Connection, key: str) -> ProvisionedPerson:
    """Untie a person from their user, who stays, and keep the row for their return."""

    def deleted(is_last: bool) -> ProvisionedPerson:
        person = _lock(connection, key)
        _let_go(person, "Deleted by the directory. The user is kept.")
        person.is_active = False
        person.deleted_at, person.user_name_key = timezone.now(), None
        person.save()
        return person

    return store(deleted)


def _change(
    request: HttpRequest, connection: Connection, key: str, change: Change
) -> ProvisionedPerson:
    draft = find(connection, key)
    resource, unchanged = resource_of(draft), copy(draft)
    changed_user = change(user_of(draft))
    write(draft, changed_user)
    trust = accounts.trust_of(draft)
    require_fitting(draft, trust, unchanged)

    def changed(is_last: bool) -> ProvisionedPerson:
        person = _lock(connection, key)
        before = copy(person)
        is_as_read = resource_of(person) == resource
        write(person, changed_user if is_as_read else change(user_of(person)))
        is_another = (before.external_id or "") != (person.external_id or "")
        had_person = is_another and _stands_for_somebody(before)
        former = _become_another(person) if had_person else None
        _require_unique(person)
        # The row was inactive for somebody else, so this person's sessions have not ended yet.
        ends_sessions = before.is_active or is_another
        why = _follow(request, person, trust, is_last=is_last, ends_if_inactive=ends_sessions)
        person.deleted_at = None
        person.save()
        if former is not None:
            former.save()
        _record_change(before, person, why, is_another=is_another, is_newcomer=had_person)
        return person

    return store(changed, partial(_describe_clash, draft))


def _stands_for_somebody(row: ProvisionedPerson) -> bool:
    """Return whether a row's person has a user to keep, or is refused at their sign-in."""
    is_refused = is_guid(row.external_id or "") and not row.is_active
    return row.user_id is not None or is_refused


def _follow(
    request: HttpRequest,
    person: ProvisionedPerson,
    trust: accounts.DomainTrust,
    *,
    is_last: bool,
    ends_if_inactive: bool = True,
) -> str:
    """Let identity and user follow the row. Return why there is no user, or ""."""
    if person.deleted_at is not None:
        accounts.tie_again(person)
    if person.is_active:
        return accounts.admit(request, person, trust, is_last=is_last)
    if ends_if_inactive:
        accounts.deactivate(person)
    return ""


def _record_change(
    before: ProvisionedPerson,
    person: ProvisionedPerson,
    why: str,
    *,
    is_another: bool,
    is_newcomer: bool,
) -> None:
    """Record what became of a person. ``before``: the row as it was; ``is_another``: it has another
    object ID; ``is_newcomer``: and the person of the former one was recorded as deleted."""
    if not person.is_active:
        has_left = is_another and person.identity_id is not None
        if before.is_active or has_left:
            _record_deactivation(person)
    elif is_newcomer:
        _record_creation(person, why)
    elif not before.is_active:
        accounts.record(person, "reactivated", "Activated again by the directory.")
        if why:
            accounts.record_refusal(person, why)
    elif before.user_id is None and person.user_id is not None:
        accounts.record(person, "created", "Tied to a user.")


def _record_creation(person: ProvisionedPerson, why: str) -> None:
    accounts.record(person, "created", "Reported by the directory.")
    if why:
        accounts.record_refusal(person, why)


def _record_deactivation(person: ProvisionedPerson) -> None:
    text = "Deactivated by the directory. Sessions have ended, and sign-ins are refused."
    accounts.record(person, "deactivated", text)


def _become_another(person: ProvisionedPerson) -> ProvisionedPerson:
    """Separate a row from the person that it stood for: it now stands for another object of the
    directory, such as somebody who got a former colleague's user name.

    They do not get that colleague's user. Return a deleted row for the colleague, to be saved.
    """
    former = _rows().get(pk=person.pk)
    former.connection = person.connection
    _let_go(former, "Another object of the directory has taken their place. The user is kept.")
    former.pk, former.scim_id = None, new_id()
    former._state.adding = True
    former.is_active = False
    former.deleted_at, former.user_name_key = timezone.now(), None
    person.identity = person.user = None
    person.made_user = person.deactivated_user = False
    return former


def _let_go(person: ProvisionedPerson, message: str) -> None:
    """End what a person has here, who counts as deleted from now on. The row is not saved."""
    accounts.deactivate(person)
    # Recorded between: receivers get the identity, which does not outlive the release.
    accounts.record(person, "deleted", message)
    accounts.release(person)
    # Before a newcomer gets the row, and with it the rights of the row's groups.
    members.leave_all(person)


def _require_unique(person: ProvisionedPerson) -> None:
    """Raise ``ScimError`` (409) if the connection knows somebody else with these keys.

    A deleted person with the same object ID gives their user to this row.
    """
    for other in _same_keys(person):
        if other.deleted_at is None:
            raise ScimError(409, "uniqueness", _describe_clash(person, other))
        if person.user_id is None:
            person.user_id, person.made_user = other.user_id, other.made_user
            person.deactivated_user = other.deactivated_user
            person.deleted_at = other.deleted_at
        other.delete()


def _same_keys(person: ProvisionedPerson) -> QuerySet[ProvisionedPerson]:
    """Return the connection's other rows, deleted ones too, with one of a person's keys."""
    same = Q(user_name_key=person.user_name_key)
    if person.external_id_key:
        same |= Q(external_id_key=person.external_id_key)
    return _rows().filter(same, connection=person.connection).exclude(pk=person.pk)


def _describe_clash(person: ProvisionedPerson, other: ProvisionedPerson | None = None) -> str:
    """Say which attribute another row has, too. It is looked up if it is not given."""
    other = other or _same_keys(person).first()
    name = "userName or externalId"  # the other request was rolled back meanwhile
    if other is not None:
        is_name = other.user_name_key == person.user_name_key
        name = "userName" if is_name else "externalId"
    return f"Another User has the same {name}."


def _traces_of(draft: ProvisionedPerson) -> _Traces:
    rows = _TRACES.rows(
        router.db_for_write(ProvisionedPerson),
        user_name_key=draft.user_name_key,
        external_key=draft.external_id_key,
        external_id=draft.external_id,
        connection=draft.connection_id,
    )
    for row in rows:
        return _Traces(bool(row.is_known), bool(row.is_known_anywhere), bool(row.is_awaited))
    return _Traces()  # the connection is gone: the row cannot be stored


def _deleted(draft: ProvisionedPerson) -> ProvisionedPerson | None:
    """Return the row of a deleted person who is reported again. By object ID alone: somebody else
    can have got the user name."""
    if not draft.external_id_key:
        return None
    rows = _rows().filter(connection=draft.connection, external_id_key=draft.external_id_key)
    person = rows.exclude(deleted_at=None).select_for_update().first()
    if person is not None:
        person.connection = draft.connection
    return person


def _lock(connection: Connection, key: str) -> ProvisionedPerson:
    person = people_of(connection).select_for_update().filter(scim_id=key).first()
    if person is None or person.scim_id != key:
        raise not_found("User", key)
    person.connection = connection
    return person


def _rows() -> QuerySet[ProvisionedPerson]:
    return ProvisionedPerson._default_manager.using(router.db_for_write(ProvisionedPerson))
