"""“Which error code did Microsoft show?”: Microsoft shows some errors and sends nobody back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ...models import Connection
from ..explanations import DEAD_ENDS, explain_code, explain_typed

PARAMETER = "code"


def error_code_context(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    """Return the context of ``error_code.html``: the code that was asked about, explained."""
    typed = request.GET.get(PARAMETER, "")
    return {
        "typed_code": typed[:200],
        "typed_advice": explain_typed(typed, connection),
        "dead_ends": [explain_code(code, connection) for code in DEAD_ENDS],
    }
