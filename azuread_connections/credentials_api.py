"""Credentials, added by the code of a site or of its tests."""

from __future__ import annotations

from .credentials.addition import add_certificate, add_federated
from .credentials.certificates import create_certificate
from .entra.managed_identity import forget_tokens

__all__ = ["add_certificate", "add_federated", "create_certificate", "forget_tokens"]
