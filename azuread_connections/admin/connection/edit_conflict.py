"""Two administrators at one connection: who saves second is told, and decides."""

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
_TABLES = {"secrets": _("stored client secrets"), "group_mappings": _("group mappings")}


def shown_state(form: forms.ModelForm[Connection]) -> str:
    """Return what ``FIELD`` holds on a page that shows this unbound form.

    All of it is read from where the form's row was read: a replica may be behind that.
    """
    connection = form.instance
    database = connection._state.db
    shown: dict[str, Any] = {name: form.initial.get(name) for name in form.fields if name != FIELD}
    shown["secrets"] = list(connection.secrets.db_manager(database).values_list("pk", "expires_at"))
    shown["group_mappings"] = list(
        connection.group_mappings.db_manager(database).values_list(
            "pk", "directory_group_id", "label", "group_id", "admits"
        )
    )
    return json.dumps({name: _digest(value) for name, value in shown.items()})


def conflict(form: forms.ModelForm[Connection]) -> ValidationError | None:
    """Say what others have changed since the page of a bound form was opened; None if nothing.

    The row is locked until the transaction ends, so of two who save at once one comes second.
    A form that was posted without the field, such as by a script, is not held against anything.
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
    # Whoever saves again has been told.
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
    """Read the stored row anew. None if it is gone: then the save fails by itself.

    From where it will be written: a replica may not know of the first save yet, and locks nothing.
    """
    alias = router.db_for_write(Connection, instance=connection)
    rows = Connection._default_manager.using(alias).filter(pk=connection.pk)
    database = connections[alias]
    if database.in_atomic_block:
        # Where the database can, without holding up sign-ins, whose events refer to the row.
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
    told = (
        gettext("%(user)s has changed this connection since you opened it: %(what)s.")
        % {"user": last.user, "what": what}
        if last
        else gettext("This connection was changed since you opened it: %(what)s.") % {"what": what}
    )
    return format_html(
        '{} {} <a href="" target="_blank">{}</a>',
        told,
        gettext("Nothing is saved yet. Save again to put your values in place of theirs."),
        gettext("See what is stored now"),
    )
