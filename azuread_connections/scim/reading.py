"""Validates resources and applies operations with scim2-models; turns its errors into ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from scim2_models import Context, Error, PatchOp, SCIMException, ScimPolicy

from .errors import ScimError
from .schemas import Group, ScimUser

#: Attributes that no schema declares are not stored. See ``dialect``.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
#: Values of one attribute, such as emails. Entra sends three at most; each operation looks at all.
MAX_VALUES = 50
_LISTS = {"emails": "emails", "phone_numbers": "phoneNumbers", "addresses": "addresses"}
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#: Kept: pydantic forgets a class that nobody uses, and takes milliseconds to build it again.
_USER_PATCH = PatchOp[ScimUser]
_SNAKE = re.compile(r"(?<=[a-z0-9])_([a-z])")


def read_user(content: dict[str, Any]) -> Any:
    """Return a User. Raises ``ScimError``, which names the attribute."""
    user = _validate(ScimUser, content)
    _check_number_of_values(user)
    return user


def read_group(content: dict[str, Any]) -> Any:
    return _validate(Group, content)


def stored_user(content: dict[str, Any]) -> Any:
    """Return a User that was stored, without validation of what a request must have."""
    return ScimUser.model_validate(content, scim_ctx=Context.DEFAULT, scim_policy=POLICY)


def patch_user(user: Any, operations: Iterable[dict[str, Any]]) -> None:
    """Apply operations to a User, one after the other. Raises ``ScimError``; the User is then to
    be thrown away."""
    for number, operation in enumerate(operations, 1):
        with _errors(f"Operation {number}, path “{operation['path']}”: "):
            patch = _USER_PATCH.model_validate(
                {"schemas": [_PATCH], "Operations": [operation]},
                scim_ctx=Context.RESOURCE_PATCH_REQUEST,
                scim_policy=POLICY,
            )
            patch.patch(user, scim_policy=POLICY)
        _check_number_of_values(user)


@contextmanager
def errors_of_library(context: str = "") -> Iterator[None]:
    """Turn errors of scim2-models into ``ScimError``."""
    with _errors(context):
        yield


def _check_number_of_values(user: Any) -> None:
    """Raise ``ScimError`` for too many values: each operation takes time for each of them."""
    for field, name in _LISTS.items():
        if len(getattr(user, field) or ()) > MAX_VALUES:
            raise ScimError(
                400, "invalidValue", f"A User has more than {MAX_VALUES} values of {name}."
            )


def _validate(model: Any, content: dict[str, Any]) -> Any:
    with _errors(""):
        return model.model_validate(
            content, scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=POLICY
        )


@contextmanager
def _errors(context: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise _from_validation(error, context) from error
    except SCIMException as error:
        if isinstance(error.__cause__, ValidationError):
            raise _from_validation(error.__cause__, context) from error
        found = error.to_error()
        raise ScimError(
            int(found.status or 400), found.scim_type or "", f"{context}{found.detail}"
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ScimError(400, "invalidValue", f"{context}{error}") from error


def _from_validation(error: ValidationError, context: str) -> ScimError:
    first = Error.from_validation_errors(error.errors(include_url=False))[0]
    detail = _SNAKE.sub(lambda match: match[1].upper(), str(first.detail or "Not valid."))
    return ScimError(int(first.status or 400), first.scim_type or "", f"{context}{detail}")
