"""What deleting connections would mean, said before it is done."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from ...models import Application, Connection, EnabledConnection, Identity


def consequences_of_deleting(connections: QuerySet[Connection]) -> SafeString:
    """Say who would no longer be able to sign in to what, and what stays."""
    chosen = connections.order_by().values("pk")
    names = Application._default_manager.filter(
        pk__in=EnabledConnection._default_manager.filter(connection__in=chosen).values(
            "application"
        )
    ).values_list("name", flat=True)
    people = Identity._default_manager.filter(connection__in=chosen).count()
    stops = ngettext(
        "%(people)d person last signed in this way and no longer can.",
        "%(people)d people last signed in this way and no longer can.",
        people,
    )
    lines = [stops % {"people": people}]
    if names:
        where = gettext("Applications concerned: %(applications)s.")
        lines.append(where % {"applications": ", ".join(names)})
    else:
        lines.append(gettext("No application uses it."))
    lines.append(
        gettext(
            "Their users, their identities and the log stay. Stored client secrets, domain "
            "aliases, directories and group mappings go, and users leave the Django groups that "
            "the mappings gave them."
        )
    )
    return format_html_join(" ", "{}", ((line,) for line in lines))
