"""What a connection is refused for, in words: the model, the admin's form and the import say it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def no_own_directory(domain: str) -> ValidationError:
    """Say that a domain is one of personal accounts, which anybody in the world can make."""
    return ValidationError(
        _(
            "%(domain)s leads to the directory of personal Microsoft accounts, in which anybody in "
            "the world can make one. Enter a domain of your organisation's directory. To let "
            "personal accounts in, use the common endpoint, and add their directory to the list."
        ),
        code="personal_accounts",
        params={"domain": domain},
    )


def name_is_fixed(name: str) -> ValidationError:
    return ValidationError(
        _("The name is part of addresses and cannot be changed. It stays “%(name)s”."),
        code="name_fixed",
        params={"name": name},
    )


def needs_security_groups() -> ValidationError:
    return ValidationError(
        _("The group mappings need the security groups: remove the mappings first."),
        code="groups_needed",
    )


def name_is_taken(name: str) -> ValidationError:
    return ValidationError(
        _("There is a connection called “%(name)s” already (upper and lower case do not differ)."),
        code="name_taken",
        params={"name": name},
    )
