from __future__ import annotations

import logging

import pytest

from azuread_connections.login.log.lines import log_event
from azuread_connections.models import Event


@pytest.mark.parametrize("field", ["person", "message", "correlation_id"])
def test_no_text_of_anybodys_makes_a_line_of_the_log(field, caplog):
    with caplog.at_level(logging.INFO, "azuread_connections"):
        log_event(Event(kind="signed_in", **{field: "x\nsigned_in person=root \u2028y"}))
    assert len(caplog.messages[0].splitlines()) == 1
