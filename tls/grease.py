"""GREASE: values without meaning that keep servers tolerant of what they do not know (RFC 8701).

An engine that reads them does nothing about them: they are unknown, and unknown is ignored.
"""

from __future__ import annotations

GREASE = tuple(0x0A0A + 0x1010 * number for number in range(16))
"""The sixteen values for suites, groups, extensions, versions and signature schemes (§2)."""

GREASE_PSK_MODES = tuple(0x0B + 0x1F * number for number in range(8))
"""The eight values for PskKeyExchangeModes (§2)."""

ANY_GREASE = GREASE[0]
"""What stands in a hello's form for a GREASE value that is drawn for each hello."""

ANY_GREASE_PSK_MODE = GREASE_PSK_MODES[0]
ANY_GREASE_PROTOCOL = ANY_GREASE.to_bytes(2, "big").decode("utf-8", "surrogateescape")

_VALUES = frozenset(GREASE)


def is_grease(code: int) -> bool:
    """Whether a code of 16 bits is one of those that mean nothing."""
    return code in _VALUES


def grease_protocol(number: int) -> bytes:
    """One of the sixteen ALPN names without meaning: the two bytes of a value (§2)."""
    return GREASE[number].to_bytes(2, "big")
