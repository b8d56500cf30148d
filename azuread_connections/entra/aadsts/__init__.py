"""Microsoft's error numbers (AADSTS) explained: what each means, who can fix it, and how.

One module per subject. The texts are our own. The administrator's pages use ``explain``;
``errors`` uses the ``ErrorClass`` of each number.
https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from .catalogue import CATALOGUE, explain
from .credentials import CLIENT_ASSERTION_CODES, CLIENT_SECRET_CODES
from .explanation import ErrorClass, Explanation, Owner
from .without_number import WITHOUT_NUMBER

__all__ = [
    "CATALOGUE",
    "CLIENT_ASSERTION_CODES",
    "CLIENT_SECRET_CODES",
    "WITHOUT_NUMBER",
    "ErrorClass",
    "Explanation",
    "Owner",
    "explain",
]
