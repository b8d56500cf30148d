"""Mails about a connection: to the site's ADMINS and to the connection's contact."""

from __future__ import annotations

from django.core.mail import mail_admins, send_mail

from .conf import conf
from .models import Connection

#: Stands for all of Django's ADMINS, who get one mail together.
_ADMINS = "ADMINS"


def addressees(connection: Connection) -> list[str]:
    """Return the addressees for a connection, in the form that ``write_to`` takes."""
    contact = connection.contact_email
    return [*([_ADMINS] if conf.has_admins else []), *([contact] if contact else [])]


def is_contact(addressee: str) -> bool:
    """Return whether an addressee is a connection's contact, and not the site's ADMINS."""
    return addressee != _ADMINS


def write_to(addressee: str, subject: str, body: str) -> None:
    """Send a mail to the site's ADMINS, or to one contact. Raises what the mail backend raises."""
    if addressee == _ADMINS:
        mail_admins(subject, body)
    else:
        send_mail(subject, body, None, [addressee])
