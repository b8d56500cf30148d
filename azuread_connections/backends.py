"""The public path of the backend: sessions store it, so it stays here."""

from .login.backend import ConnectionBackend

__all__ = ["ConnectionBackend"]
