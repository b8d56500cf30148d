"""Describes errors of Microsoft's in our words, where we have some."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ..entra.aadsts import explain
from ..entra.discovery import B2C, EXTERNAL_ID
from ..entra.errors import CredentialUnavailable, EntraError, MicrosoftError, OtherCloud
from ..models import Connection

Text = str | Promise


@dataclass(frozen=True)
class ErrorDescription:
    """``found``: what went wrong; ``remedy``: what to do, "" if that is not known."""

    found: Text
    remedy: Text = ""

    def __str__(self) -> str:
        return f"{self.found} {self.remedy}".rstrip()


def describe_error(error: EntraError) -> ErrorDescription:
    """Return what an error means. Without a number, that is Microsoft's own text."""
    if isinstance(error, OtherCloud):
        return _other_cloud(error)
    if isinstance(error, CredentialUnavailable):
        return ErrorDescription(_on_one_line(error.found), error.remedy)
    if isinstance(error, MicrosoftError) and error.aadsts_code:
        explained = explain(error.aadsts_code)
        return ErrorDescription(f"AADSTS{error.aadsts_code}: {explained.meaning}", explained.remedy)
    return ErrorDescription(_on_one_line(str(error)))


def _other_cloud(error: OtherCloud) -> ErrorDescription:
    """Say which cloud a directory is in, and whether a connection can use it."""
    if error.found in (EXTERNAL_ID, B2C):
        name = "External ID" if error.found == EXTERNAL_ID else "Azure AD B2C"
        return ErrorDescription(
            _("This is a directory for customers: %(name)s (%(host)s).")
            % {"name": name, "host": error.instance_name},
            _(
                "Such directories are not supported. Enter a domain of the directory that has the "
                "company's employees."
            ),
        )
    if error.found in Connection.Cloud.values:
        cloud = Connection.Cloud(error.found).label
        return ErrorDescription(
            _("This directory is in the cloud “%s”.") % cloud,
            _("Choose this cloud, and register the app in it: no other cloud knows the app."),
        )
    return ErrorDescription(
        _("This directory is in a cloud that is not supported: %s.")
        % _on_one_line(error.instance_name)
    )


def _on_one_line(text: str) -> str:
    """Return a text without control characters: the answer may not be Microsoft's."""
    words = " ".join(text.split())
    return "".join(each if each.isprintable() else "�" for each in words)
