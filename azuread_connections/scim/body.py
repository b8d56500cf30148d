"""Reads the body of a request, and refuses what nobody could have meant."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from .errors import ScimError
from .texts import check_texts

#: Bytes of a body.
MAX_LENGTH = 1024 * 1024
#: Levels of objects and lists. A resource has four, an operation on one five.
MAX_DEPTH = 16


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises ``ScimError``."""
    body = _read(request)
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        content = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise _invalid(f"The body is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise _invalid("The body is not a JSON object.")
    check_texts(content)
    return content


def _read(request: HttpRequest) -> bytes:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MAX_LENGTH:
        raise _too_large()
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise _too_large() from error
    except UnreadablePostError as error:
        raise ScimError(400, "invalidSyntax", "The body could not be read.") from error
    if len(body) > MAX_LENGTH:
        raise _too_large()
    return body


def _too_large() -> ScimError:
    return ScimError(
        413, "", f"The body is larger than {MAX_LENGTH} bytes. Send the members in several parts."
    )


def _invalid(detail: str) -> ScimError:
    return ScimError(400, "invalidSyntax", detail)


def _check_depth(text: str) -> None:
    """Raise ``ScimError`` for JSON that is nested too deep, before it is parsed."""
    depth, is_text, is_escaped = 0, False, False
    for letter in text:
        if is_text:
            if is_escaped:
                is_escaped = False
            elif letter == "\\":
                is_escaped = True
            elif letter == '"':
                is_text = False
        elif letter == '"':
            is_text = True
        elif letter in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _invalid(f"The body has more than {MAX_DEPTH} levels of objects and lists.")
        elif letter in "]}":
            depth -= 1


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. Attribute names do not depend on letter case (RFC 7643 section 2.1)."""
    names: set[str] = set()
    for name, _value in pairs:
        if name.lower() in names:
            raise ValueError(f"“{name[:100]}” occurs twice in one object")
        names.add(name.lower())
    return dict(pairs)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")
