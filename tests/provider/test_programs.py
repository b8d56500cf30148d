from __future__ import annotations

import pytest

from azuread_connections.provider import programs
from azuread_connections.provider.models.device import PROGRAM_MAX_LENGTH
from azuread_connections.provider.programs import program_of

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "program"),
    [
        (CHROME, "Chrome"),
        (f"{CHROME} Edg/140.0.0.0", "Microsoft Edge"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            "Safari",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) PowerShell/7.5.0", "PowerShell"),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32.5", "Python"),
        ("Go-http-client/2.0", "Go"),
        ("okhttp/5.0.0", "Android"),
        ("", ""),
        ("Contoso-Support-approved/1.0", ""),
        ("Mozilla/5.0 <b>The help desk</b>", ""),
        ("x" * 100_000, ""),
    ],
)
def test_only_known_names_are_shown(user_agent: str, program: str) -> None:
    assert program_of(user_agent) == program


def test_each_name_fits_its_column() -> None:
    names = [*programs._BROWSERS.values(), *programs._LIBRARIES.values(), "PowerShell"]
    assert max(map(len, names)) <= PROGRAM_MAX_LENGTH
