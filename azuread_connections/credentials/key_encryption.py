"""Refuses key files that take minutes to open, before they are opened.

An encrypted key says itself how often its password is hashed, and a key's length decides how long
it takes to check. Neither can be interrupted: the process would answer nobody meanwhile.
"""

from __future__ import annotations

from ..entra.frames import without_frame_variables

#: Rounds of hashing; programs use 2,000 to 600,000. A million takes about a second.
MAX_ROUNDS = 1_000_000
#: Of scrypt's three numbers together, of which OpenSSL's product is 131,072.
_MAX_COST = 1 << 24
#: Bytes. An RSA key of 8192 bits, the longest that is accepted, has 4.7 kB.
MAX_KEY_BYTES = 6 * 1024
_MAX_DEPTH = 20

_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_CONSTRUCTED, _CONTEXT = 0x20, 0x80

_Element = tuple[int, bytes]


class TooCostly(Exception):
    """Opening it would take too long."""


class NotDER(Exception):
    """It has another encoding than DER, so that what it costs cannot be seen."""


@without_frame_variables
def require_affordable(content: bytes) -> None:
    """Check a PKCS #12 file or an encrypted PKCS #8 key, both in DER.

    Raises ``TooCostly`` or ``NotDER``. Sees what can be read without the password: the parameters
    inside an encrypted part that are encrypted again stay unseen.
    """
    cost = _cost(content, 0)
    if cost > _MAX_COST:
        raise TooCostly


def _cost(content: bytes, depth: int) -> int:
    """Return the sum of what the parameters in these elements cost."""
    if depth > _MAX_DEPTH:
        raise NotDER
    elements, total = _elements(content), 0
    for tag, value in elements:
        if tag == _OCTETS and len(value) > MAX_KEY_BYTES:
            raise TooCostly
        if tag & _CONSTRUCTED:
            total += _cost_within(tag, value, depth + 1)
    return total + _cost_of_parameters(elements)


def _cost_within(tag: int, value: bytes, depth: int) -> int:
    if tag & _CONTEXT:
        # PKCS #12 wraps its parts in octets within a context tag (RFC 7292 section 4).
        elements = _elements(value)
        if [each for each, _ in elements] == [_OCTETS]:
            return _cost(elements[0][1], depth)
    elif tag & 0x1F == _OCTETS:
        raise NotDER  # in pieces, which only BER allows
    return _cost(value, depth)


def _cost_of_parameters(elements: list[_Element]) -> int:
    """Return the product of the numbers that follow a salt: RFC 7292 section 4 and appendix C, RFC
    8018 appendix A.2 (PBKDF2), RFC 7914 section 7 (scrypt)."""
    after_salt, cost = False, 1
    for tag, value in elements:
        if tag == _INTEGER and after_salt:
            number = int.from_bytes(value[:64], "big")
            if number > MAX_ROUNDS:
                raise TooCostly
            cost *= max(number, 1)
        after_salt = after_salt or tag == _OCTETS
    return cost


def _elements(content: bytes) -> list[_Element]:
    """Return the elements of DER, one level: tag and content."""
    found, at = [], 0
    while at < len(content):
        tag, length, at = content[at], content[at + 1 : at + 2], at + 2
        if tag & 0x1F == 0x1F or not length:
            raise NotDER
        size = length[0]
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 4:  # 0: BER's indefinite length
                raise NotDER
            size, at = int.from_bytes(content[at : at + count], "big"), at + count
        if at + size > len(content):
            raise NotDER
        found.append((tag, content[at : at + size]))
        at += size
    return found
