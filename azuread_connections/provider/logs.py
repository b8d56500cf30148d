"""Keeps tokens out of the log."""

from __future__ import annotations

import logging

#: Of these, oauthlib writes into each line of its debug log which code or tokens it handles.
_LOGGERS = [
    f"oauthlib.oauth2.rfc6749.grant_types.{name}"
    for name in ("authorization_code", "client_credentials", "refresh_token")
]


def _is_no_debug_line(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def keep_tokens_out() -> None:
    """Drop the debug lines of oauthlib's grants, whatever level the site logs."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_is_no_debug_line)
