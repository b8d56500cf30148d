"""Forms with files: multipart/form-data. RFC 7578."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP

from ..server.wire import RecordedRequest


@dataclass(frozen=True)
class Form:
    """Of a repeated field the first one is used."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)


def read_form(request: RecordedRequest) -> Form:
    content_type = request.headers.get("Content-Type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        return Form(request.form)
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        if part.get_filename() is None:
            fields.setdefault(name, content.decode("utf-8", "replace"))
        else:
            files.setdefault(name, content)
    return Form(fields, files)
