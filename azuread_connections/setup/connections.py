"""The connection that a link sets up: how it begins, and what of it a link can change."""

from __future__ import annotations

from itertools import count

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from ..models import Connection, EnabledConnection, Identity, SetupLink
from ..models.connection import is_taken
from ..models.validators import RESERVED_NAMES, validate_plain_text

#: The name of a connection if nothing of what was typed can be part of an address.
_WITHOUT_NAME = "customer"
#: Room for a number after it, and for one line on a page.
_NAME_LENGTH = 60


def create_unfinished(typed: str) -> Connection:
    """Create a connection without a domain and a client ID: nobody can sign in with it yet.

    ``typed``: the customer's name; its display name, from which its name is made. Raises
    ``ValidationError``.
    """
    typed = " ".join(typed.split())
    if not typed:
        raise ValidationError(_("Enter the customer's name, such as Contoso."), code="no_name")
    validate_plain_text(typed)
    if len(typed) > 128:
        raise ValidationError(_("The name is longer than 128 characters."), code="name_long")
    connection = Connection(name=_free_name(typed), display_name=typed)
    connection.save()
    return connection


def is_in_use(connection: Connection) -> bool:
    """Return whether people can sign in with a connection, or have done so, or somebody here has
    approved what a link has set up: it can be switched off for a while."""
    approved = SetupLink._default_manager.filter(
        purpose=SetupLink.Purpose.SETUP, approved_at__isnull=False
    )
    is_used = (
        Exists(EnabledConnection._default_manager.filter(connection=OuterRef("pk")))
        | Exists(Identity._default_manager.filter(connection=OuterRef("pk")))
        | Exists(approved.filter(connection=OuterRef("pk")))
    )
    return Connection._default_manager.filter(is_used, pk=connection.pk).exists()


def can_change_directory(link: SetupLink) -> bool:
    """Return whether the link can change the domain and the client ID of its connection.

    Never those of a connection in use: the people of another directory could then sign in where it
    is enabled.
    """
    return (
        link.connection is not None
        and link.purpose == SetupLink.Purpose.SETUP
        and link.finished_at is None
        and link.approved_at is None
        and not is_in_use(link.connection)
    )


def _free_name(typed: str) -> str:
    base = slugify(typed.replace("_", "-"))[:_NAME_LENGTH].strip("-") or _WITHOUT_NAME
    if base not in RESERVED_NAMES and not is_taken(base):
        return base
    return next(name for number in count(2) if not is_taken(name := f"{base}-{number}"))
