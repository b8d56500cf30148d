"""Messages for refused connections, shared by the model, the admin's form and the import."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def no_own_directory(domain: str) -> ValidationError:
    """Return the error for a domain of personal accounts, which anybody can create."""
    return ValidationError(
        _(
            "%(domain)s belongs to the directory of personal Microsoft accounts, which anybody in "
            "the world can create. Enter a domain of your organisation's directory. To let "
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
        _("The group mappings need “Security Groups”: remove the mappings first."),
        code="groups_needed",
    )


def needs_app_roles() -> ValidationError:
    return ValidationError(
        _("The mappings of app roles need “App roles”: remove these mappings first."),
        code="roles_needed",
    )


def group_or_role() -> ValidationError:
    return ValidationError(
        _("Enter either the object ID of a group or the value of an app role."),
        code="group_or_role",
    )


def roles_differ_by_case(role: str) -> ValidationError:
    """Return the error for two mappings that some databases cannot tell apart."""
    return ValidationError(
        _(
            "Another row maps “%(role)s” to the same Django group, with other capital letters. "
            "Keep the one that is the role's “Value” in Azure."
        ),
        code="roles_differ_by_case",
        params={"role": role},
    )


def name_is_taken(name: str) -> ValidationError:
    return ValidationError(
        _("A connection called “%(name)s” already exists (names do not differ by case alone)."),
        code="name_taken",
        params={"name": name},
    )
