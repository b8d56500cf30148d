"""Two administrators edit one connection: the second to save sees a warning and decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import connections, router
from django.utils.html import format_html
from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models import Connection

#: The form's hidden field: a digest of each thing that the page showed when it was opened.
FIELD = "shown_state"
_TABLES = {"credentials": _("stored credentials"), "group_mappings": _("group mappings")}


def shown_state(form: forms.ModelForm[Connection]) -> str:
    """Return the value of ``FIELD`` on a page that shows this unbound form.

    Everything is read from the database of the form's row: a replica can be behind it.
    """
    connection = form.instance
    database = connection._state.db
    shown: dict[str, Any] = {name: form.initial.get(name) for name in form.fields if name != FIELD}
    shown["credentials"] = list(
        connection.credentials.db_manager(database).values_list("pk", "expires_at")
    )
    shown["group_mappings"] = list(
        connection.group_mappings.db_manager(database).values_list(
            "pk", "directory_group_id", "label", "group_id", "admits"
        )
    )
    return json.dumps({name: _digest(value) for name, value in shown.items()})


def conflict(form: forms.ModelForm[Connection]) -> ValidationError | None:
    """Return what others have changed since the page of a bound form was opened; None if nothing.

    The row is locked until the transaction ends, so that two concurrent saves run in turn. A form
    that was posted without the field, such as by a script, is not compared.
    """
    seen = _read(form.data.get(FIELD, ""))
    if not seen:
        return None
    stored = _locked(form.instance)
    if stored is None:
        return None
    now = json.loads(shown_state(type(form)(instance=stored)))
    names = [name for name in now if name in seen and seen[name] != now[name]]
    if not names:
        return None
    # Saving again overwrites: the warning has been shown.
    posted: Any = form.data
    posted = posted.copy()
    posted[FIELD] = json.dumps(now)
    form.data = posted
    labels = [str(_TABLES.get(name) or form.fields[name].label) for name in names]
    return ValidationError(_message(stored, labels), code="changed_meanwhile")


def _digest(value: Any) -> str:
    text = repr(sorted(map(repr, value)) if isinstance(value, list) else value)
    return sha256(text.encode()).hexdigest()[:12]


def _read(text: str) -> Mapping[str, Any]:
    try:
        seen = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return seen if isinstance(seen, dict) else {}


def _locked(connection: Connection) -> Connection | None:
    """Read the stored row again. None if it was deleted: then the save itself fails.

    From the database that is written: a replica can lack the first save, and cannot lock.
    """
    alias = router.db_for_write(Connection, instance=connection)
    rows = Connection._default_manager.using(alias).filter(pk=connection.pk)
    database = connections[alias]
    if database.in_atomic_block:
        # If the database can, do not block sign-ins, whose events refer to the row.
        rows = rows.select_for_update(no_key=database.features.has_select_for_no_key_update)
    return rows.first()


def _message(connection: Connection, labels: list[str]) -> str:
    last = (
        LogEntry.objects.using(router.db_for_write(LogEntry))
        .filter(
            content_type__app_label=connection._meta.app_label,
            content_type__model=connection._meta.model_name,
            object_id=str(connection.pk),
        )
        .first()
    )
    what = get_text_list(labels, gettext("and"))
    change = (
        gettext("%(user)s has changed this connection since you opened it: %(what)s.")
        % {"user": last.user, "what": what}
        if last
        else gettext("This connection was changed since you opened it: %(what)s.") % {"what": what}
    )
    return format_html(
        '{} {} <a href="" target="_blank">{}</a>',
        change,
        gettext("Nothing is saved yet. Save again to replace their values with yours."),
        gettext("See what is stored now"),
    )
