from __future__ import annotations

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from azuread_connections.testing.portal.multipart import Form, read_form
from azuread_connections.testing.server.wire import RecordedRequest


def parsed(body: bytes, content_type: str, **form: str) -> Form:
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict({"Content-Type": content_type})
    return read_form(
        RecordedRequest("POST", "/", "portal", "", {}, form, headers=headers, body=body)
    )


def sent(**parts: tuple[str | None, bytes]) -> Form:
    request = requests.Request("POST", "http://localhost/", files=parts).prepare()
    assert isinstance(request.body, bytes)
    return parsed(request.body, request.headers["Content-Type"])


def test_fields_and_files_are_told_apart() -> None:
    form = sent(name=(None, "Zoë".encode()), file=("portal.cer", b"\x00\xff\r\n--binary\n"))
    assert form.fields == {"name": "Zoë"}
    assert form.files == {"file": b"\x00\xff\r\n--binary\n"}


def test_other_forms_are_read_as_before() -> None:
    form = parsed(b"name=Adele", "application/x-www-form-urlencoded", name="Adele")
    assert form == Form({"name": "Adele"})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data"),
        (b"anything", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\nno name\r\n--x--", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="a"', "multipart/form-data; boundary=x"),
    ],
)
def test_a_malformed_body_has_no_fields(body: bytes, content_type: str) -> None:
    form = parsed(body, content_type)
    assert not any(form.fields.values())
    assert not form.files
