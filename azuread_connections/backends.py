"""The public path of the backend, which must not change: sessions store it."""

from .login.backend import ConnectionBackend

__all__ = ["ConnectionBackend"]
