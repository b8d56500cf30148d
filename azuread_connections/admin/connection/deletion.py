"""The consequences of deleting connections, for the confirmation page."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from ...models import Application, Connection, EnabledConnection, Identity


def consequences_of_deleting(connections: QuerySet[Connection]) -> SafeString:
    """Return who could no longer sign in to what, and what is kept."""
    chosen = connections.order_by().values("pk")
    names = Application._default_manager.filter(
        pk__in=EnabledConnection._default_manager.filter(connection__in=chosen).values(
            "application"
        )
    ).values_list("name", flat=True)
    people = Identity._default_manager.filter(connection__in=chosen).count()
    stops = ngettext(
        "%(people)d person last signed in with it and no longer can.",
        "%(people)d people last signed in with it and no longer can.",
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
            "Their users, their identities and the log are kept. Stored client secrets, domain "
            "aliases, directories and group mappings are deleted, and users leave the Django "
            "groups that the mappings gave them."
        )
    )
    return format_html_join(" ", "{}", ((line,) for line in lines))
