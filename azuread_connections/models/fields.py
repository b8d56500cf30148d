from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.views.decorators.debug import sensitive_variables

from ..conf import conf

_PREFIX = "encrypted:"

KEY_COMMAND = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


class UndecryptableError(Exception):
    """None of the configured keys can decrypt a stored value."""

    def __init__(self) -> None:
        super().__init__(
            "None of the keys in AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] can decrypt this value. "
            "Put back the key that encrypted it, or add the credential again and remove the "
            "unreadable one."
        )


class Sealed:
    """An encrypted text. Only ``reveal`` returns the plain text; ``repr`` and ``str`` never do."""

    __slots__ = ("_opened", "ciphertext")

    def __init__(self, ciphertext: str) -> None:
        self.ciphertext = ciphertext
        #: The plain text between ``open`` and ``reveal``.
        self._opened: str | None = None

    def __reduce__(self) -> Any:
        # A copy, in memory or in a cache, is closed.
        return type(self), (self.ciphertext,)

    @classmethod
    @sensitive_variables("plaintext")
    def seal(cls, plaintext: str) -> Sealed:
        return cls(_PREFIX + _keys()[0].encrypt(plaintext.encode()).decode())

    def open(self) -> bool:
        """Decrypt it for the ``reveal`` that follows at once; return whether a key can do it."""
        try:
            self._opened = self.reveal()
        except UndecryptableError:
            return False
        return True

    def reveal(self) -> str:
        """Return the plain text. Raises ``UndecryptableError`` if no key can decrypt it.

        Missing and malformed keys are reported the same way: the secret cannot be used. The system
        checks report what is wrong with the setting.
        """
        opened, self._opened = self._opened, None
        if opened is not None:
            return opened
        try:
            return MultiFernet(_keys()).decrypt(self._token).decode()
        except (InvalidToken, ImproperlyConfigured):
            raise UndecryptableError from None

    @sensitive_variables("plaintext")
    def holds(self, plaintext: str) -> bool:
        """Return whether this is the plain text. False if no key can decrypt it."""
        try:
            return hmac.compare_digest(self.reveal().encode(), plaintext.encode())
        except UndecryptableError:
            return False

    @property
    def is_readable(self) -> bool:
        """Whether one of the configured keys can decrypt it."""
        try:
            self.reveal()
        except UndecryptableError:
            return False
        return True

    def reencrypted(self) -> Sealed:
        """Return the text encrypted with the first key; this object if it already is.

        Raises ``UndecryptableError`` if no key can decrypt it.
        """
        keys = _keys()
        try:
            keys[0].decrypt(self._token)
        except InvalidToken:
            pass
        else:
            return self
        try:
            return Sealed(_PREFIX + MultiFernet(keys).rotate(self._token).decode())
        except InvalidToken:
            raise UndecryptableError from None

    @property
    def _token(self) -> bytes:
        return self.ciphertext.removeprefix(_PREFIX).encode()

    def __repr__(self) -> str:
        return "<Sealed>"

    __str__ = __repr__


def _keys() -> list[Fernet]:
    try:
        keys = [Fernet(key) for key in conf.encryption_keys]
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            "AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] must be a list of valid Fernet keys. "
            f"Make a key with: {KEY_COMMAND}"
        ) from error
    if not keys:
        raise ImproperlyConfigured(
            "AZUREAD_CONNECTIONS['ENCRYPTION_KEYS'] is empty, so credentials cannot be stored. "
            f"Make a key with: {KEY_COMMAND}"
        )
    return keys


if TYPE_CHECKING:
    _TextField = models.TextField[str | Sealed | None, Any]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Text encrypted at rest. Assign a ``str``; read back a ``Sealed``."""

    def from_db_value(self, value: str | None, *args: object) -> Sealed | None:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        # A fixture carries the ciphertext, marked by its prefix.
        if isinstance(value, str) and value.startswith(_PREFIX):
            return Sealed(value)
        return value

    @sensitive_variables("value")
    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        value = getattr(model_instance, self.attname)
        if isinstance(value, str):
            value = Sealed.seal(value)
            setattr(model_instance, self.attname, value)
        return value

    @sensitive_variables("value")
    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return Sealed.seal(value).ciphertext
        return value.ciphertext if isinstance(value, Sealed) else value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))
